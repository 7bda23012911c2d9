#include "host/lib/from_wire.h"

#include <stdio.h>

_Static_assert((int)PITETHER_DROP_MODE_SWITCH == (int)WIRE_DROP_MODE_SWITCH &&
                   (int)PITETHER_DROP_SENSOR_GAP == (int)WIRE_DROP_SENSOR_GAP,
               "the public reasons are the protocol's");
_Static_assert((int)PITETHER_CAMERA_STARTING == (int)WIRE_STREAM_STARTING &&
                   (int)PITETHER_CAMERA_RUNNING == (int)WIRE_STREAM_RUNNING &&
                   (int)PITETHER_CAMERA_LOST == (int)WIRE_STREAM_LOST,
               "the public states are the protocol's");
struct pitether_drops from_wire_drops(const struct wire_drops *wire, uint64_t epoch)
{
    return (struct pitether_drops){ .epoch = epoch,
                                    .first_id = wire->first_frame_id,
                                    .count = wire->count,
                                    .reason = (enum pitether_drop_reason)wire->reason };
}

struct pitether_stream from_wire_stream(const struct wire_stream *wire, const char *name,
                                        uint64_t interval_ns)
{
    struct pitether_stream stream = { .width = wire->width,
                                      .height = wire->height,
                                      .fps = wire->fps_mhz / 1000.0,
                                      .interval_ns = interval_ns };
    snprintf(stream.name, sizeof(stream.name), "%s", name);
    snprintf(stream.model, sizeof(stream.model), "%s", wire->model);
    return stream;
}

struct pitether_status from_wire_status(const struct wire_status *wire)
{
    struct pitether_status status = { .state = (enum pitether_camera_state)wire->state };
    snprintf(status.text, sizeof(status.text), "%s", wire->text);
    return status;
}

struct pitether_stream_info from_wire_stream_entry(const struct wire_stream_entry *wire)
{
    bool known = wire->state <= WIRE_STREAM_LOST; /* a later version may add others */
    struct pitether_stream_info info = { .width = wire->width,
                                         .height = wire->height,
                                         .fps = wire->fps_mhz / 1000.0,
                                         .state = known ? (enum pitether_camera_state)wire->state
                                                        : PITETHER_CAMERA_STARTING };
    snprintf(info.name, sizeof(info.name), "%s", wire->name);
    snprintf(info.model, sizeof(info.model), "%s", wire->model);
    return info;
}
