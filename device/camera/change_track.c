#include "device/camera/change_track.h"

void change_track_request(struct change_track *track, uint64_t sequence, uint64_t change)
{
    if (track->count == CHANGE_TRACK_MAX) {
        track->first = (track->first + 1) % CHANGE_TRACK_MAX;
        track->count--;
    }
    unsigned last = (track->first + track->count) % CHANGE_TRACK_MAX;
    track->requests[last].sequence = sequence;
    track->requests[last].change = change;
    track->count++;
}

uint64_t change_track_shown(struct change_track *track, uint64_t sequence)
{
    uint64_t shown = 0;
    while (track->count > 0 && track->requests[track->first].sequence <= sequence) {
        shown = track->requests[track->first].change;
        track->first = (track->first + 1) % CHANGE_TRACK_MAX;
        track->count--;
    }
    return shown;
}
