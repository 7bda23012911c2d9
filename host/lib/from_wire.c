#include "host/lib/from_wire.h"

struct pitether_metadata from_wire_metadata(const struct wire_metadata *wire)
{
    return (struct pitether_metadata){
        .present = wire->present,
        .exposure_us = wire->exposure_us,
        .gain_milli = wire->gain_milli,
        .colour_temperature_k = wire->colour_temperature_k,
        .lux_milli = wire->lux_milli,
        .lens_position_milli = wire->lens_position_milli,
        .digital_gain_milli = wire->digital_gain_milli,
        .wall_clock_ns = wire->wall_clock_ns,
    };
}
