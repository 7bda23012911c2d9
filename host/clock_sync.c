#include "host/clock_sync.h"

void clock_sync_add(struct clock_sync *sync, uint64_t t1, uint64_t t2, uint64_t t3, uint64_t t4)
{
    if (t4 < t1 || t3 < t2 || t3 - t2 > t4 - t1)
        return;
    unsigned at = sync->next;
    uint64_t delay = (t4 - t1) - (t3 - t2);
    /* The differences of the two clocks as two's complement, halved before they are added. */
    sync->samples[at].offset = (int64_t)(t2 - t1) / 2 + (int64_t)(t3 - t4) / 2;
    sync->samples[at].delay = delay ? delay : 1;
    sync->next = (at + 1) % CLOCK_SYNC_SAMPLES;
    if (sync->count < CLOCK_SYNC_SAMPLES)
        sync->count++;
}

bool clock_sync_offset(const struct clock_sync *sync, int64_t *offset, uint64_t *error)
{
    if (sync->count == 0)
        return false;
    unsigned best = 0;
    for (unsigned i = 1; i < sync->count; i++)
        if (sync->samples[i].delay < sync->samples[best].delay)
            best = i;
    *offset = sync->samples[best].offset;
    *error = sync->samples[best].delay / 2 + sync->samples[best].delay % 2;
    return true;
}
