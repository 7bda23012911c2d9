#include "device/camera/watchdog.h"

#include <assert.h>
#include <errno.h>

void watchdog_init(struct watchdog *watchdog, uint64_t stall_ns, uint64_t grace_ns)
{
    *watchdog = (struct watchdog){ .stall_ns = stall_ns, .grace_ns = grace_ns };
}

void watchdog_queue(struct watchdog *watchdog, uint64_t now_ns)
{
    if (watchdog->queued == 0)
        watchdog->progress_ns = now_ns;
    watchdog->queued++;
}

void watchdog_refuse(struct watchdog *watchdog)
{
    assert(watchdog->queued > 0);
    watchdog->queued--;
    watchdog->broken = true;
}

void watchdog_progress(struct watchdog *watchdog, uint64_t now_ns)
{
    assert(watchdog->queued > 0);
    watchdog->queued--;
    watchdog->progress_ns = now_ns;
}

void watchdog_break(struct watchdog *watchdog)
{
    watchdog->broken = true;
}

void watchdog_unplug(struct watchdog *watchdog)
{
    watchdog->gone = true;
}

uint64_t watchdog_due(const struct watchdog *watchdog, uint64_t now_ns)
{
    if (watchdog->gone)
        return now_ns;
    if (watchdog->broken)
        return watchdog->progress_ns + watchdog->grace_ns;
    return (watchdog->queued > 0 ? watchdog->progress_ns : now_ns) + watchdog->stall_ns;
}

int watchdog_check(const struct watchdog *watchdog, uint64_t now_ns)
{
    if (watchdog->gone)
        return -ENODEV;
    if (now_ns <= watchdog_due(watchdog, now_ns))
        return 0;
    return watchdog->broken ? -EIO : -ETIMEDOUT;
}
