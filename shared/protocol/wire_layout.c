#include "shared/protocol/wire_layout.h"

#include <stddef.h>

#include "shared/protocol/wire.h"

#define MEMBER(path) offsetof(struct wire_message, path)
#define SIZE(path) sizeof(((struct wire_message *)0)->path)
#define FIELD(path)                                                                                \
    {                                                                                              \
        MEMBER(path), SIZE(path)                                                                   \
    }
#define NUMBER(type, path, present)                                                                \
    {                                                                                              \
        type, WIRE_TLV_NUMBER, SIZE(path), MEMBER(path), MEMBER(present)                           \
    }
#define TEXT(type, path)                                                                           \
    {                                                                                              \
        type, WIRE_TLV_TEXT, SIZE(path) - 1, MEMBER(path), 0                                       \
    }
#define NAME(type, path)                                                                           \
    {                                                                                              \
        type, WIRE_TLV_NAME, SIZE(path) - 1, MEMBER(path), 0                                       \
    }
#define BYTES(type, path)                                                                          \
    {                                                                                              \
        type, WIRE_TLV_BYTES, SIZE(path.bytes), MEMBER(path), 0                                    \
    }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct wire_field hello_fields[] = { FIELD(hello.max_message), FIELD(hello.features),
                                                  FIELD(hello.epoch) };
static const struct wire_tlv hello_tlvs[] = { TEXT(1, hello.name), TEXT(2, hello.software) };
static const struct wire_field error_fields[] = { FIELD(error.code) };
static const struct wire_field end_fields[] = { FIELD(end.reason), FIELD(end.captured),
                                                FIELD(end.delivered), FIELD(end.dropped) };
static const struct wire_field ping_fields[] = { FIELD(ping.t1) };
static const struct wire_field pong_fields[] = { FIELD(pong.t1), FIELD(pong.t2), FIELD(pong.t3) };
static const struct wire_field streams_fields[] = { FIELD(streams.count) };
static const struct wire_field subscribe_fields[] = {
    FIELD(subscribe.mode), FIELD(subscribe.max_fps_mhz), FIELD(subscribe.every),
    FIELD(subscribe.first_due), FIELD(subscribe.queue_bytes)
};
static const struct wire_tlv subscribe_tlvs[] = {
    NAME(1, subscribe.name), NUMBER(2, subscribe.still_width, subscribe.present),
    NUMBER(3, subscribe.still_height, subscribe.present),
    NUMBER(4, subscribe.still_quality, subscribe.present),
    NUMBER(5, subscribe.still_settle_ms, subscribe.present)
};
static const struct wire_field stream_fields[] = {
    FIELD(stream.stream), FIELD(stream.codec),   FIELD(stream.width),
    FIELD(stream.height), FIELD(stream.fps_mhz), FIELD(stream.first_frame_id)
};
static const struct wire_tlv stream_tlvs[] = { TEXT(1, stream.model),
                                               NUMBER(2, stream.view, stream.present),
                                               NUMBER(3, stream.turn, stream.present) };
static const struct wire_field status_fields[] = { FIELD(status.stream), FIELD(status.state) };
static const struct wire_field frame_head_fields[] = {
    FIELD(frame_head.stream),       FIELD(frame_head.frame_id), FIELD(frame_head.sensor_time),
    FIELD(frame_head.capture_time), FIELD(frame_head.width),    FIELD(frame_head.height)
};
static const struct wire_tlv frame_head_tlvs[] = { NUMBER(1, frame_head.metadata.wall_clock_ns,
                                                          frame_head.metadata.present),
                                                   BYTES(2, frame_head.metadata.values) };
static const struct wire_field frame_tail_fields[] = {
    FIELD(frame_tail.frame_id),   FIELD(frame_tail.status),       FIELD(frame_tail.length),
    FIELD(frame_tail.crc32c),     FIELD(frame_tail.encode_start), FIELD(frame_tail.encode_end),
    FIELD(frame_tail.send_start), FIELD(frame_tail.send_end)
};
static const struct wire_field drops_fields[] = { FIELD(drops.stream), FIELD(drops.reason),
                                                  FIELD(drops.first_frame_id), FIELD(drops.count) };
static const struct wire_field ack_fields[] = { FIELD(ack.frame_id), FIELD(ack.received) };
static const struct wire_field controls_fields[] = { FIELD(controls.stream), FIELD(controls.first),
                                                     FIELD(controls.total) };
static const struct wire_field set_fields[] = { FIELD(set.request) };
static const struct wire_field changed_fields[] = { FIELD(changed.stream), FIELD(changed.status),
                                                    FIELD(changed.request),
                                                    FIELD(changed.first_frame_id) };
static const struct wire_tlv changed_tlvs[] = { TEXT(1, changed.by), TEXT(2, changed.text) };
static const struct wire_field metadata_fields[] = { FIELD(metadata.stream),
                                                     FIELD(metadata.first) };

/* A type's name, without the prefix. */
#define WORD(type) (&#type[sizeof("WIRE")])
#define LAYOUT(type, name)                                                                         \
    {                                                                                              \
        WORD(type), type, COUNT(name##_fields), 0, 0, name##_fields, NULL                          \
    }
#define LAYOUT_TLV(type, name)                                                                     \
    {                                                                                              \
        WORD(type), type, COUNT(name##_fields), COUNT(name##_tlvs), 0, name##_fields, name##_tlvs  \
    }
#define LAYOUT_TEXT(type, name)                                                                    \
    {                                                                                              \
        WORD(type), type, COUNT(name##_fields), 0, MEMBER(name.text), name##_fields, NULL          \
    }

static const struct wire_layout layouts[] = {
    LAYOUT_TLV(WIRE_HELLO, hello),
    LAYOUT_TEXT(WIRE_ERROR, error),
    LAYOUT(WIRE_END, end),
    LAYOUT(WIRE_PING, ping),
    LAYOUT(WIRE_PONG, pong),
    LAYOUT(WIRE_STREAMS, streams),
    LAYOUT_TLV(WIRE_SUBSCRIBE, subscribe),
    LAYOUT_TLV(WIRE_STREAM, stream),
    LAYOUT_TEXT(WIRE_STATUS, status),
    LAYOUT_TLV(WIRE_FRAME_HEAD, frame_head),
    LAYOUT(WIRE_FRAME_TAIL, frame_tail),
    LAYOUT(WIRE_DROPS, drops),
    LAYOUT(WIRE_ACK, ack),
    LAYOUT(WIRE_CONTROLS, controls),
    LAYOUT(WIRE_SET, set),
    LAYOUT_TLV(WIRE_CHANGED, changed),
    LAYOUT(WIRE_METADATA, metadata),
};

const struct wire_layout *wire_layout_of(unsigned type)
{
    for (size_t i = 0; i < COUNT(layouts); i++)
        if (layouts[i].type == type)
            return &layouts[i];
    return NULL;
}

const char *wire_type_name(unsigned type)
{
    const struct wire_layout *layout = wire_layout_of(type);
    return layout ? layout->name : type == WIRE_FRAME_PART ? "FRAME_PART" : "?";
}

const char *wire_drop_name(unsigned reason)
{
    static const char *const names[] = { "?",          "SENSOR_GAP",   "CAPTURE_ERROR",
                                         "NO_BUFFER",  "ENCODER_BUSY", "ENCODE_ERROR",
                                         "SUPERSEDED", "RATE_LIMITED", "QUEUE_FULL",
                                         "TOO_BIG",    "UNSENT",       "MODE_SWITCH" };
    return reason < COUNT(names) ? names[reason] : "?";
}

const char *wire_error_name(unsigned code)
{
    static const char *const names[] = {
        "?",           "VERSION",  "TLS_REQUIRED",     "PROTOCOL",
        "TOO_LARGE",   "TIMEOUT",  "TOO_MANY_CLIENTS", "NO_SUCH_STREAM",
        "NOT_ALLOWED", "INTERNAL", "NO_STILL"
    };
    return code < COUNT(names) ? names[code] : "?";
}
