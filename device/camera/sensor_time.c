#include "device/camera/sensor_time.h"

#include "shared/base/clock.h"

uint64_t sensor_time(uint64_t stamp_ns, uint64_t now_boot_ns, uint64_t now_monotonic_ns)
{
    if (stamp_ns == 0)
        return now_boot_ns;
    /* A difference of less is that of the moments at which the clocks were read. */
    uint64_t suspended = now_boot_ns > now_monotonic_ns ? now_boot_ns - now_monotonic_ns : 0;
    if (suspended > CLOCK_SECOND && stamp_ns <= now_monotonic_ns)
        stamp_ns += suspended;
    return stamp_ns < now_boot_ns ? stamp_ns : now_boot_ns;
}
