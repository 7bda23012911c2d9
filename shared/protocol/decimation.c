#include "shared/protocol/decimation.h"

/* Frames of a camera that keeps its rate arrive with jitter: a frame that is this much too early is
 * in time, but never by more than a quarter of the interval. */
#define EARLY_MAX_NS UINT64_C(15000000)

void decimation_init(struct decimation *decimation, uint32_t max_fps_mhz, uint32_t every,
                     uint64_t next)
{
    *decimation = (struct decimation){ .by_time = max_fps_mhz > 0, .next = next };
    if (max_fps_mhz > 0)
        decimation->step = UINT64_C(1000000000000) / max_fps_mhz;
    else if (every > 1)
        decimation->step = every;
    if (decimation->by_time)
        decimation->early =
            decimation->step / 4 < EARLY_MAX_NS ? decimation->step / 4 : EARLY_MAX_NS;
    decimation->anchored = next > 0;
}

static uint64_t point_of(const struct decimation *decimation, uint64_t id, uint64_t sensor_ns)
{
    return decimation->by_time ? sensor_ns + decimation->early : id;
}

bool decimation_wants(const struct decimation *decimation, uint64_t id, uint64_t sensor_ns)
{
    return decimation->step == 0 || !decimation->anchored ||
           point_of(decimation, id, sensor_ns) >= decimation->next;
}

uint64_t decimation_take(struct decimation *decimation, uint64_t id, uint64_t sensor_ns)
{
    uint64_t point = point_of(decimation, id, sensor_ns);
    if (decimation->step == 0)
        return 0;
    if (!decimation->anchored)
        decimation->next = decimation->by_time ? sensor_ns : id;
    decimation->anchored = true;
    if (point < decimation->next)
        return 0;
    uint64_t without = (point - decimation->next) / decimation->step;
    decimation->next += (without + 1) * decimation->step;
    return without;
}

void decimation_bound(struct decimation *decimation, uint64_t now)
{
    if (decimation->step > 0 && decimation->next > now)
        decimation->next = now + (decimation->next - now) % decimation->step;
}
