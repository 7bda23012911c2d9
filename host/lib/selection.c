#include "host/lib/selection.h"

#include <string.h>

#include "shared/base/clock.h"

/* What was taken this shortly before the end may still be on its way. */
#define ON_THE_WAY_NS (CLOCK_SECOND / 4)
/* A device's clock that is further from where it was has restarted with its machine. */
#define NEW_CLOCK_NS CLOCK_SECOND
#define INTERVAL_MAX_NS (24 * 3600 * CLOCK_SECOND)

void selection_init(struct selection *selection, uint32_t max_fps_mhz, uint32_t every,
                    double duration_s)
{
    memset(selection, 0, sizeof(*selection));
    selection->duration_ns = duration_s * 1e9;
    selection->max_fps_mhz = max_fps_mhz;
    selection->every = every > 0 ? every : 1;
    decimation_init(&selection->grid, max_fps_mhz, every, 0);
}

void selection_set_rate(struct selection *selection, uint32_t fps_mhz)
{
    selection->fps_mhz = fps_mhz;
}

uint64_t selection_interval(const struct selection *selection)
{
    uint32_t rate = selection->fps_mhz, most = selection->max_fps_mhz;
    if (most > 0 && (rate == 0 || rate > most))
        rate = most;
    if (rate == 0)
        return 0;
    double interval = 1e12 / rate * selection->every;
    return interval < (double)INTERVAL_MAX_NS ? (uint64_t)interval : INTERVAL_MAX_NS;
}

uint64_t selection_add(struct selection *selection, const struct pitether_frame *frame,
                       uint64_t suspended_ns)
{
    uint64_t host_ns = pitether_frame_host_time(frame, frame->times.sensor);
    selection->last = (struct selection_mark){ frame->epoch, frame->id, frame->times.sensor,
                                               host_ns ? host_ns : frame->times.last_byte };
    if (!selection->begun)
        selection->first = selection->last;
    selection->begun = true;
    if (frame->times.offset_known) {
        selection->offset = (uint64_t)frame->times.offset - suspended_ns;
        selection->offset_known = true;
    }
    return decimation_take(&selection->grid, frame->id, frame->times.sensor);
}

void selection_begin_later(struct selection *selection)
{
    selection->begun = false;
}

/* From the first frame to the last one: exact within one run of the daemon. */
static double elapsed(const struct selection *selection)
{
    const struct selection_mark *first = &selection->first, *last = &selection->last;
    return first->epoch == last->epoch ? (double)last->device_ns - (double)first->device_ns
                                       : (double)last->host_ns - (double)first->host_ns;
}

bool selection_in_time(const struct selection *selection)
{
    return selection->duration_ns == 0 || elapsed(selection) < selection->duration_ns;
}

uint64_t selection_overdue(const struct selection *selection, const struct wire_drops *unsent)
{
    double left = selection->duration_ns - (double)ON_THE_WAY_NS - elapsed(selection);
    /* As many intervals after the last frame as their ids tell. */
    double frames = left * selection->fps_mhz / 1e12 -
                    (double)(unsent->first_frame_id - selection->last.id) + 1;
    if (!selection->begun || left <= 0 || frames <= 0)
        return 0;
    return frames < unsent->count ? (uint64_t)frames : unsent->count;
}

uint64_t selection_resume(struct selection *selection, uint64_t epoch, const int64_t *offset,
                          uint64_t suspended_ns)
{
    struct decimation *grid = &selection->grid;
    if (epoch == selection->last.epoch)
        return grid->next;
    if (!grid->by_time) { /* ids begin again with each run of the daemon, and so does the grid */
        decimation_init(grid, 0, selection->every, 0);
    } else if (offset && selection->offset_known) {
        uint64_t change = (uint64_t)*offset - suspended_ns - selection->offset;
        if (change + NEW_CLOCK_NS > 2 * NEW_CLOCK_NS)
            grid->next += change;
        selection->offset += change;
    }
    return grid->next;
}
