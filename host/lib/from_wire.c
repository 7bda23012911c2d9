#include "host/lib/from_wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAME(one, other, field) (offsetof(struct one, field) == offsetof(struct other, field))

_Static_assert(sizeof(struct pitether_control) == sizeof(struct control_info) &&
                   SAME(pitether_control, control_info, size) &&
                   SAME(pitether_control, control_info, unit) &&
                   SAME(pitether_control, control_info, set) &&
                   SAME(pitether_control, control_info, enumerators),
               "the public controls are those of control_table.h");
_Static_assert(sizeof(struct pitether_change) == sizeof(struct wire_change) &&
                   SAME(pitether_change, wire_change, asked) &&
                   SAME(pitether_change, wire_change, now) &&
                   SAME(pitether_change, wire_change, why) &&
                   (int)PITETHER_SET_UNREPORTED == (int)WIRE_SET_UNREPORTED,
               "the public changes are the protocol's");
_Static_assert((int)PITETHER_CHANGED_LOST == (int)WIRE_CHANGED_LOST &&
                   (int)PITETHER_CHANGED_REJECTED == (int)WIRE_CHANGED_REJECTED,
               "the public statuses are the protocol's");
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
                                      .view = (double)wire->view / WIRE_VIEW_ALL,
                                      .interval_ns = interval_ns,
                                      .hflip = wire->turn & WIRE_TURN_HFLIP,
                                      .vflip = wire->turn & WIRE_TURN_VFLIP,
                                      .transpose = wire->turn & WIRE_TURN_TRANSPOSE };
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
                                         .view = (double)wire->view / WIRE_VIEW_ALL,
                                         .state = known ? (enum pitether_camera_state)wire->state
                                                        : PITETHER_CAMERA_STARTING };
    snprintf(info.name, sizeof(info.name), "%s", wire->name);
    snprintf(info.model, sizeof(info.model), "%s", wire->model);
    return info;
}

/* Limits are sent as arrays; those of a control that is not an array become single values. */
static void straighten(struct pitether_control *control)
{
    struct pitether_value *values[] = { &control->min, &control->max, &control->def };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        values[i]->array = control->array && values[i]->count > 1;
}

int from_wire_controls(const struct control_table *wire, struct pitether_controls *controls)
{
    *controls = (struct pitether_controls){ .count = 0 };
    if (wire->count == 0)
        return 0;
    struct pitether_control *copies = calloc(wire->count, sizeof(copies[0]));
    if (!copies)
        return -ENOMEM;
    memcpy(copies, wire->items, wire->count * sizeof(copies[0]));
    for (unsigned i = 0; i < wire->count; i++)
        straighten(&copies[i]);
    *controls = (struct pitether_controls){ copies, wire->count };
    return 0;
}

int from_wire_changed(const struct wire_changed *wire, uint64_t epoch,
                      struct pitether_changed *changed)
{
    const struct wire_changed_head *head = &wire->head;
    bool done = head->status == WIRE_CHANGED_DONE;
    *changed = (struct pitether_changed){ .status = (enum pitether_changed_status)head->status,
                                          .request = head->request,
                                          .epoch = epoch,
                                          .first_id = done ? head->first_frame_id : UINT64_MAX };
    snprintf(changed->by, sizeof(changed->by), "%s", head->by);
    snprintf(changed->text, sizeof(changed->text), "%s", head->text);
    if (wire->count == 0)
        return 0;
    struct pitether_change *copies = calloc(wire->count, sizeof(copies[0]));
    if (!copies)
        return -ENOMEM;
    memcpy(copies, wire->items, wire->count * sizeof(copies[0]));
    changed->changes = copies;
    changed->count = wire->count;
    return 0;
}
