#include "shared/protocol/wire.h"

#include <errno.h>
#include <string.h>

#include "shared/base/bytes.h"
#include "shared/base/text.h"
#include "shared/protocol/wire_layout.h"

const uint8_t wire_opening[WIRE_OPENING_SIZE] = {
    0x89, 'P', 'T', 'F', 'P', 0x0D, 0x0A, WIRE_VERSION
};

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

static bool is_present(const struct wire_message *message, const struct wire_tlv *tlv)
{
    if (tlv->kind == WIRE_TLV_NUMBER)
        return get_number(message, tlv->present, WIRE_PRESENT_SIZE) >> tlv->type & 1;
    if (tlv->kind == WIRE_TLV_BYTES)
        return get_number(message, tlv->offset, 2) > 0;
    return *((const char *)message + tlv->offset);
}

static uint8_t *encode_tlv(const struct wire_message *message, const struct wire_tlv *tlv,
                           uint8_t *at)
{
    const char *text = (const char *)message + tlv->offset;
    size_t size = tlv->size;
    if (!is_present(message, tlv))
        return at;
    if (tlv->kind == WIRE_TLV_NUMBER) {
        bytes_store(at + 4, get_number(message, tlv->offset, size), size);
    } else if (tlv->kind == WIRE_TLV_BYTES) {
        size = (size_t)get_number(message, tlv->offset, 2);
        memcpy(at + 4, text + 2, size);
    } else {
        size = text_whole_size(text, tlv->size);
        memcpy(at + 4, text, size);
    }
    bytes_store(at, tlv->type, 2);
    bytes_store(at + 2, size, 2);
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
    const struct wire_layout *layout = wire_layout_of(message->type);
    if (!layout)
        return 0;
    uint8_t *body = out + WIRE_HEADER_SIZE, *at = body;
    for (size_t i = 0; i < layout->field_count; i++) {
        const struct wire_field *field = &layout->fields[i];
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

static int decode_text(const struct wire_tlv *tlv, struct wire_message *message,
                       const uint8_t *value, size_t size)
{
    char *text = (char *)message + tlv->offset;
    if (size > tlv->size)
        return -EBADMSG;
    text_copy(text, value, size, tlv->size);
    if (tlv->kind == WIRE_TLV_NAME && size > 0 && !wire_name_is_good(text, strlen(text)))
        return -EBADMSG;
    return 0;
}

static int decode_number(const struct wire_tlv *tlv, struct wire_message *message,
                         const uint8_t *value, size_t size)
{
    if (size < tlv->size)
        return -EBADMSG;
    set_number(message, tlv->offset, tlv->size, bytes_load(value, tlv->size));
    set_number(message, tlv->present, WIRE_PRESENT_SIZE,
               get_number(message, tlv->present, WIRE_PRESENT_SIZE) | UINT64_C(1) << tlv->type);
    return 0;
}

static int decode_bytes(const struct wire_tlv *tlv, struct wire_message *message,
                        const uint8_t *value, size_t size)
{
    if (size > tlv->size)
        return -EBADMSG;
    set_number(message, tlv->offset, 2, size);
    memcpy((uint8_t *)message + tlv->offset + 2, value, size);
    return 0;
}

static int decode_tlv(const struct wire_layout *layout, struct wire_message *message, unsigned type,
                      const uint8_t *value, size_t size)
{
    for (size_t i = 0; i < layout->tlv_count; i++) {
        const struct wire_tlv *tlv = &layout->tlvs[i];
        if (tlv->type == type)
            return tlv->kind == WIRE_TLV_NUMBER  ? decode_number(tlv, message, value, size)
                   : tlv->kind == WIRE_TLV_BYTES ? decode_bytes(tlv, message, value, size)
                                                 : decode_text(tlv, message, value, size);
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

static int decode_tlvs(const struct wire_layout *layout, struct wire_message *message,
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
    const struct wire_layout *layout = wire_layout_of(raw->header.type);
    if (!layout)
        return raw->header.type >= WIRE_FIRST_SKIPPABLE ? -ENOMSG : -EBADMSG;
    memset(message, 0, sizeof(*message));
    message->type = raw->header.type;
    const uint8_t *at = raw->body, *fixed_end = at + raw->header.fixed;
    for (size_t i = 0; i < layout->field_count; i++) {
        const struct wire_field *field = &layout->fields[i];
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
    static const struct wire_layout no_fields = { .type = WIRE_FRAME_PART };
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
