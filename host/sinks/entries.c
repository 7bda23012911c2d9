#include "host/sinks/entries.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* The slot of the frame that has `before` frames in front of it. */
static unsigned index_of(const struct entries *entries, unsigned before)
{
    return (entries->first + before) % entries->size;
}

int entries_create(struct entries *entries, unsigned frames, bool with_gaps)
{
    *entries = (struct entries){ .size = frames + 1 };
    entries->slots = calloc(entries->size, sizeof(*entries->slots));
    if (with_gaps)
        entries->gaps = calloc(entries->size, sizeof(*entries->gaps));
    if (entries->slots && (entries->gaps || !with_gaps))
        return 0;
    entries_free(entries);
    return -ENOMEM;
}

void entries_free(struct entries *entries)
{
    free(entries->slots);
    free(entries->gaps);
    entries->slots = NULL;
    entries->gaps = NULL;
}

void entries_add(struct entries *entries, const struct pitether_frame *frame, bool keep)
{
    assert(entries->count + 1 < entries->size);
    struct entry *entry = &entries->slots[index_of(entries, entries->count++)];
    *entry = (struct entry){ 0 };
    if (keep) {
        entry->frame = pitether_frame_hold(frame);
    } else {
        entry->header = *frame;
        entry->header.data = NULL;
        entry->details.exposure_us = pitether_frame_number(frame, "ExposureTime");
        entry->details.gain = pitether_frame_number(frame, "AnalogueGain");
        entry->details.digital_gain = pitether_frame_number(frame, "DigitalGain");
    }
}

struct gap *entries_last_gap(struct entries *entries)
{
    return &entries->gaps[index_of(entries, entries->count)];
}

bool entries_only_gap(const struct entries *entries)
{
    return entries->count == 0 && entries->gaps && !gap_is_empty(&entries->gaps[entries->first]);
}

void entries_take_gap(struct entries *entries, struct gap *gap)
{
    if (!entries->gaps)
        return;
    *gap = entries->gaps[entries->first];
    gap_clear(&entries->gaps[entries->first]);
}

/* What lies before the first frame goes before the next one. */
static void pass_gap_on(struct entries *entries)
{
    struct gap *gap = &entries->gaps[entries->first];
    struct gap *next = &entries->gaps[index_of(entries, 1)];
    if (gap_is_empty(gap))
        return;
    gap_append(gap, next);
    *next = *gap;
    gap_clear(gap);
}

struct entry entries_take(struct entries *entries)
{
    assert(entries->count > 0);
    struct entry entry = entries->slots[entries->first];
    if (entries->gaps)
        pass_gap_on(entries);
    entries->first = index_of(entries, 1);
    entries->count--;
    return entry;
}

void entries_present(struct entries *entries, const struct pitether_frame *frame,
                     const struct sink_presentation *presentation)
{
    for (unsigned i = 0; i < entries->count; i++) {
        struct entry *entry = &entries->slots[index_of(entries, i)];
        if (entry->header.epoch == frame->epoch && entry->header.id == frame->id)
            entry->details.presentation = *presentation;
    }
}
