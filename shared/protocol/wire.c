#include "shared/protocol/wire.h"

#include <errno.h>
#include <string.h>

#include "shared/base/bytes.h"
#include "shared/base/text.h"

const uint8_t wire_opening[WIRE_OPENING_SIZE] = {
    0x89, 'P', 'T', 'F', 'P', 0x0D, 0x0A, WIRE_VERSION
};

/* Where a value lies in struct wire_message, and how many bytes it has there and on the wire. */
struct field {
    uint16_t offset;
    uint8_t size;
};

/* An optional value. Text goes into a char array; a number sets its bit in wire_metadata.present.
 */
struct tlv_field {
    uint16_t type;
    uint16_t offset;
    uint8_t size; /* of a number; 0: text of at most WIRE_TEXT_MAX bytes */
};

struct layout {
    const char *name;
    uint8_t type, field_count, tlv_count;
    uint16_t blob_text; /* offset of a text of WIRE_BLOB_TEXT_MAX bytes, or 0 */
    const struct field *fields;
    const struct tlv_field *tlvs;
};

#define MEMBER(path) offsetof(struct wire_message, path)
#define FIELD(path)                                                                                \
    {                                                                                              \
        MEMBER(path), sizeof(((struct wire_message *)0)->path)                                     \
    }
#define NUMBER(type, path)                                                                         \
    {                                                                                              \
        type, MEMBER(path), sizeof(((struct wire_message *)0)->path)                               \
    }
#define TEXT(type, path)                                                                           \
    {                                                                                              \
        type, MEMBER(path), 0                                                                      \
    }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct field hello_fields[] = { FIELD(hello.max_message), FIELD(hello.features),
                                             FIELD(hello.epoch) };
static const struct tlv_field hello_tlvs[] = { TEXT(1, hello.name), TEXT(2, hello.software) };
static const struct field error_fields[] = { FIELD(error.code) };
static const struct field end_fields[] = { FIELD(end.reason), FIELD(end.captured),
                                           FIELD(end.delivered), FIELD(end.dropped) };
static const struct field ping_fields[] = { FIELD(ping.t1) };
static const struct field pong_fields[] = { FIELD(pong.t1), FIELD(pong.t2), FIELD(pong.t3) };
static const struct field streams_fields[] = { FIELD(streams.count) };
static const struct tlv_field streams_tlvs[] = { TEXT(0x0100, streams.name) };
static const struct field subscribe_fields[] = {
    FIELD(subscribe.stream), FIELD(subscribe.mode),      FIELD(subscribe.max_fps_mhz),
    FIELD(subscribe.every),  FIELD(subscribe.first_due), FIELD(subscribe.queue_bytes)
};
static const struct field stream_fields[] = { FIELD(stream.stream),  FIELD(stream.codec),
                                              FIELD(stream.width),   FIELD(stream.height),
                                              FIELD(stream.fps_mhz), FIELD(stream.first_frame_id) };
static const struct tlv_field stream_tlvs[] = { TEXT(1, stream.model) };
static const struct field status_fields[] = { FIELD(status.stream), FIELD(status.state) };
static const struct field frame_head_fields[] = {
    FIELD(frame_head.stream),       FIELD(frame_head.frame_id), FIELD(frame_head.sensor_time),
    FIELD(frame_head.capture_time), FIELD(frame_head.width),    FIELD(frame_head.height)
};
static const struct tlv_field frame_head_tlvs[] = {
    NUMBER(1, frame_head.metadata.exposure_us),
    NUMBER(2, frame_head.metadata.gain_milli),
    NUMBER(3, frame_head.metadata.colour_temperature_k),
    NUMBER(4, frame_head.metadata.lux_milli),
    NUMBER(5, frame_head.metadata.lens_position_milli),
    NUMBER(6, frame_head.metadata.wall_clock_ns),
    NUMBER(7, frame_head.metadata.digital_gain_milli),
};
static const struct field frame_tail_fields[] = {
    FIELD(frame_tail.frame_id),   FIELD(frame_tail.status),       FIELD(frame_tail.length),
    FIELD(frame_tail.crc32c),     FIELD(frame_tail.encode_start), FIELD(frame_tail.encode_end),
    FIELD(frame_tail.send_start), FIELD(frame_tail.send_end)
};
static const struct field drops_fields[] = { FIELD(drops.stream), FIELD(drops.reason),
                                             FIELD(drops.first_frame_id), FIELD(drops.count) };
static const struct field ack_fields[] = { FIELD(ack.frame_id), FIELD(ack.received) };

/* Without the prefix. */
#define NAME(type) (&#type[sizeof("WIRE")])
#define LAYOUT(type, name)                                                                         \
    {                                                                                              \
        NAME(type), type, COUNT(name##_fields), 0, 0, name##_fields, NULL                          \
    }
#define LAYOUT_TLV(type, name)                                                                     \
    {                                                                                              \
        NAME(type), type, COUNT(name##_fields), COUNT(name##_tlvs), 0, name##_fields, name##_tlvs  \
    }
#define LAYOUT_TEXT(type, name)                                                                    \
    {                                                                                              \
        NAME(type), type, COUNT(name##_fields), 0, MEMBER(name.text), name##_fields, NULL          \
    }

static const struct layout layouts[] = {
    LAYOUT_TLV(WIRE_HELLO, hello),
    LAYOUT_TEXT(WIRE_ERROR, error),
    LAYOUT(WIRE_END, end),
    LAYOUT(WIRE_PING, ping),
    LAYOUT(WIRE_PONG, pong),
    LAYOUT_TLV(WIRE_STREAMS, streams),
    LAYOUT(WIRE_SUBSCRIBE, subscribe),
    LAYOUT_TLV(WIRE_STREAM, stream),
    LAYOUT_TEXT(WIRE_STATUS, status),
    LAYOUT_TLV(WIRE_FRAME_HEAD, frame_head),
    LAYOUT(WIRE_FRAME_TAIL, frame_tail),
    LAYOUT(WIRE_DROPS, drops),
    LAYOUT(WIRE_ACK, ack),
};

static const struct layout *find_layout(uint8_t type)
{
    for (size_t i = 0; i < COUNT(layouts); i++)
        if (layouts[i].type == type)
            return &layouts[i];
    return NULL;
}

static uint64_t get_number(const struct wire_message *message, size_t offset, size_t size)
{
    const uint8_t *at = (const uint8_t *)message + offset;
    switch (size) {
    case 1:
        return *at;
    case 2:
        return *(const uint16_t *)(const void *)at;
    case 4:
        return *(const uint32_t *)(const void *)at;
    default:
        return *(const uint64_t *)(const void *)at;
    }
}

static void set_number(struct wire_message *message, size_t offset, size_t size, uint64_t value)
{
    uint8_t *at = (uint8_t *)message + offset;
    switch (size) {
    case 1:
        *at = (uint8_t)value;
        break;
    case 2:
        *(uint16_t *)(void *)at = (uint16_t)value;
        break;
    case 4:
        *(uint32_t *)(void *)at = (uint32_t)value;
        break;
    default:
        *(uint64_t *)(void *)at = value;
    }
}

static uint8_t *encode_tlv(const struct wire_message *message, const struct tlv_field *tlv,
                           uint8_t *at)
{
    const char *text = (const char *)message + tlv->offset;
    size_t size = tlv->size ? tlv->size : text_whole_size(text, WIRE_TEXT_MAX);
    bool present = tlv->size ? message->frame_head.metadata.present >> tlv->type & 1 : size > 0;
    if (!present)
        return at;
    bytes_store(at, tlv->type, 2);
    bytes_store(at + 2, size, 2);
    if (tlv->size)
        bytes_store(at + 4, get_number(message, tlv->offset, size), size);
    else
        memcpy(at + 4, text, size);
    return at + 4 + size;
}

static void store_header(const struct wire_header *header, uint8_t *out)
{
    out[0] = 'P';
    out[1] = 'T';
    out[2] = header->type;
    out[3] = header->flags;
    bytes_store(out + 4, header->length, 4);
    bytes_store(out + 8, header->fixed, 2);
    bytes_store(out + 10, header->tlv, 2);
}

size_t wire_encode(const struct wire_message *message, uint8_t *out)
{
    const struct layout *layout = find_layout(message->type);
    if (!layout)
        return 0;
    uint8_t *body = out + WIRE_HEADER_SIZE, *at = body;
    for (size_t i = 0; i < layout->field_count; i++) {
        const struct field *field = &layout->fields[i];
        bytes_store(at, get_number(message, field->offset, field->size), field->size);
        at += field->size;
    }
    uint8_t *tlvs = at;
    for (size_t i = 0; i < layout->tlv_count; i++)
        at = encode_tlv(message, &layout->tlvs[i], at);
    uint8_t *blob = at;
    if (layout->blob_text) {
        const char *text = (const char *)message + layout->blob_text;
        size_t size = text_whole_size(text, WIRE_BLOB_TEXT_MAX);
        memcpy(at, text, size);
        at += size;
    }
    struct wire_header header = {
        .type = message->type,
        .length = (uint32_t)(at - body),
        .fixed = (uint16_t)(tlvs - body),
        .tlv = (uint16_t)(blob - tlvs),
    };
    store_header(&header, out);
    return (size_t)(at - out);
}

void wire_encode_part(uint32_t blob_size, uint8_t *out)
{
    struct wire_header header = { .type = WIRE_FRAME_PART, .length = blob_size };
    store_header(&header, out);
}

int wire_decode_header(const uint8_t *bytes, struct wire_header *header)
{
    if (bytes[0] != 'P' || bytes[1] != 'T')
        return -EBADMSG;
    header->type = bytes[2];
    header->flags = bytes[3];
    header->length = (uint32_t)bytes_load(bytes + 4, 4);
    header->fixed = (uint16_t)bytes_load(bytes + 8, 2);
    header->tlv = (uint16_t)bytes_load(bytes + 10, 2);
    if ((uint32_t)header->fixed + header->tlv > header->length)
        return -EBADMSG;
    return 0;
}

static int decode_tlv(const struct layout *layout, struct wire_message *message, unsigned type,
                      const uint8_t *value, size_t size)
{
    for (size_t i = 0; i < layout->tlv_count; i++) {
        const struct tlv_field *tlv = &layout->tlvs[i];
        if (tlv->type != type)
            continue;
        if (!tlv->size && size > WIRE_TEXT_MAX)
            return -EBADMSG;
        if (!tlv->size) {
            text_copy((char *)message + tlv->offset, value, size, WIRE_TEXT_MAX);
            return 0;
        }
        if (size < tlv->size)
            return -EBADMSG;
        set_number(message, tlv->offset, tlv->size, bytes_load(value, tlv->size));
        message->frame_head.metadata.present |= 1u << type;
        return 0;
    }
    return 0;
}

/* Was this type seen among the TLVs that lie before `end`? There are at most WIRE_TLVS_MAX. */
static bool tlv_seen(const uint8_t *tlvs, const uint8_t *end, uint64_t type)
{
    for (const uint8_t *at = tlvs; at < end; at += 4 + bytes_load(at + 2, 2))
        if (bytes_load(at, 2) == type)
            return true;
    return false;
}

static int decode_tlvs(const struct layout *layout, struct wire_message *message,
                       const uint8_t *tlvs, size_t size)
{
    const uint8_t *end = tlvs + size;
    unsigned count = 0;
    for (const uint8_t *at = tlvs; at < end;) {
        if (end - at < 4 || ++count > WIRE_TLVS_MAX)
            return -EBADMSG;
        uint64_t type = bytes_load(at, 2), length = bytes_load(at + 2, 2);
        if (length > (uint64_t)(end - at - 4) || tlv_seen(tlvs, at, type))
            return -EBADMSG;
        int error = decode_tlv(layout, message, (unsigned)type, at + 4, (size_t)length);
        if (error)
            return error;
        at += 4 + length;
    }
    return 0;
}

int wire_decode(const struct wire_raw *raw, struct wire_message *message)
{
    const struct layout *layout = find_layout(raw->header.type);
    if (!layout)
        return raw->header.type >= WIRE_FIRST_SKIPPABLE ? -ENOMSG : -EBADMSG;
    memset(message, 0, sizeof(*message));
    message->type = raw->header.type;
    const uint8_t *at = raw->body, *fixed_end = at + raw->header.fixed;
    for (size_t i = 0; i < layout->field_count; i++) {
        const struct field *field = &layout->fields[i];
        if (fixed_end - at < field->size)
            return -EBADMSG;
        set_number(message, field->offset, field->size, bytes_load(at, field->size));
        at += field->size;
    }
    int error = decode_tlvs(layout, message, fixed_end, raw->header.tlv);
    if (error || !layout->blob_text)
        return error;
    size_t blob = raw->header.length - raw->header.fixed - raw->header.tlv;
    if (blob > WIRE_BLOB_TEXT_MAX)
        return -EBADMSG;
    text_copy((char *)message + layout->blob_text, fixed_end + raw->header.tlv, blob,
              WIRE_BLOB_TEXT_MAX);
    return 0;
}

int wire_check_part(const struct wire_raw *raw)
{
    static const struct layout no_fields = { .name = "FRAME_PART", .type = WIRE_FRAME_PART };
    return decode_tlvs(&no_fields, NULL, raw->body + raw->header.fixed, raw->header.tlv);
}

bool wire_size_is_good(unsigned width, unsigned height)
{
    return width >= WIRE_SIDE_MIN && width <= WIRE_SIDE_MAX && height >= WIRE_SIDE_MIN &&
           height <= WIRE_SIDE_MAX;
}

static bool is_name_character(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

bool wire_name_is_good(const char *text, size_t size)
{
    bool part_begins = true;
    if (size > WIRE_NAME_MAX)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (part_begins && (text[i] == '.' || text[i] == '/'))
            return false;
        if (text[i] != '/' && !is_name_character(text[i]))
            return false;
        part_begins = text[i] == '/';
    }
    return !part_begins;
}

const char *wire_type_name(unsigned type)
{
    const struct layout *layout = type < WIRE_FIRST_SKIPPABLE ? find_layout((uint8_t)type) : NULL;
    return layout ? layout->name : type == WIRE_FRAME_PART ? "FRAME_PART" : "?";
}

const char *wire_drop_name(unsigned reason)
{
    static const char *const names[] = { "?",          "SENSOR_GAP",   "CAPTURE_ERROR",
                                         "NO_BUFFER",  "ENCODER_BUSY", "ENCODE_ERROR",
                                         "SUPERSEDED", "RATE_LIMITED", "QUEUE_FULL",
                                         "TOO_BIG",    "UNSENT" };
    return reason < COUNT(names) ? names[reason] : "?";
}

const char *wire_error_name(unsigned code)
{
    static const char *const names[] = {
        "?",       "VERSION",          "TLS_REQUIRED",   "PROTOCOL",    "TOO_LARGE",
        "TIMEOUT", "TOO_MANY_CLIENTS", "NO_SUCH_STREAM", "NOT_ALLOWED", "INTERNAL"
    };
    return code < COUNT(names) ? names[code] : "?";
}
