/*
 * Where each message's values lie, in struct wire_message and on the wire: the table in
 * PROTOCOL.md, section 2. Private to wire.c, which codes by it. Pure; any thread.
 */
#ifndef PITETHER_SHARED_PROTOCOL_WIRE_LAYOUT_H
#define PITETHER_SHARED_PROTOCOL_WIRE_LAYOUT_H

#include <stdint.h>

/* A number of the fixed part. */
struct wire_field {
    uint16_t offset; /* in struct wire_message */
    uint8_t size;    /* bytes, there and on the wire: 1, 2, 4 or 8 */
};

enum wire_tlv_kind {
    WIRE_TLV_NUMBER,
    WIRE_TLV_TEXT,  /* in a char array; absent: empty */
    WIRE_TLV_NAME,  /* the same, and empty or a stream's name */
    WIRE_TLV_BYTES, /* in a uint16_t for the size, and an array of bytes; absent: size 0 */
};

enum { WIRE_PRESENT_SIZE = 4 };

struct wire_tlv {
    uint16_t type;
    uint8_t kind;
    uint16_t size;    /* bytes: of a number; of a text, without its zero, or of bytes, at most */
    uint16_t offset;  /* in struct wire_message */
    uint16_t present; /* of a number: offset of the uint32_t that has its bit */
};

struct wire_layout {
    const char *name;
    uint8_t type, field_count, tlv_count;
    uint16_t blob_text; /* offset of a text of WIRE_BLOB_TEXT_MAX bytes, or 0 */
    const struct wire_field *fields;
    const struct wire_tlv *tlvs;
};

/* NULL: an unknown type, or FRAME_PART, which has no fields. */
const struct wire_layout *wire_layout_of(unsigned type);

#endif
