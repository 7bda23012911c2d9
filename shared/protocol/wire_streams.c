#include "shared/protocol/wire_streams.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/bytes.h"
#include "shared/base/text.h"

static uint8_t *encode_text(uint8_t *at, const char *text, size_t max)
{
    size_t size = text_whole_size(text, max);
    *at++ = (uint8_t)size;
    memcpy(at, text, size);
    return at + size;
}

static uint8_t *encode_entry(uint8_t *at, const struct wire_stream_entry *entry)
{
    at[0] = entry->number;
    at[1] = entry->state;
    bytes_store(at + 2, entry->width, 2);
    bytes_store(at + 4, entry->height, 2);
    bytes_store(at + 6, entry->fps_mhz, 4);
    bytes_store(at + 10, entry->view, 2);
    at = encode_text(at + WIRE_STREAM_FIXED, entry->name, WIRE_NAME_MAX);
    return encode_text(at, entry->model, WIRE_TEXT_MAX);
}

size_t wire_encode_streams(const struct wire_streams *streams, uint8_t *out)
{
    struct wire_message head = { .type = WIRE_STREAMS, .streams.count = (uint8_t)streams->count };
    uint8_t *at = out + wire_encode(&head, out);
    for (unsigned i = 0; i < streams->count; i++)
        at = encode_entry(at, &streams->entries[i]);
    bytes_store(out + 4, (uint64_t)(at - out) - WIRE_HEADER_SIZE, 4);
    return (size_t)(at - out);
}

/* A length and so many bytes of text. NULL: it runs over the end, or is longer than max. */
static const uint8_t *decode_text(const uint8_t *at, const uint8_t *end, char *text, size_t max)
{
    if (at == end || *at > max || *at > end - at - 1)
        return NULL;
    text_copy(text, at + 1, *at, max);
    return at + 1 + *at;
}

static bool size_is_good(const struct wire_stream_entry *entry)
{
    return (entry->width == 0 && entry->height == 0) ||
           wire_size_is_good(entry->width, entry->height);
}

/* The entry at `at`; returns where the next one begins. NULL: it is malformed. */
static const uint8_t *decode_entry(const uint8_t *at, const uint8_t *end,
                                   struct wire_stream_entry *entry)
{
    if (end - at < WIRE_STREAM_FIXED)
        return NULL;
    entry->number = at[0];
    entry->state = at[1];
    entry->width = (uint16_t)bytes_load(at + 2, 2);
    entry->height = (uint16_t)bytes_load(at + 4, 2);
    entry->fps_mhz = (uint32_t)bytes_load(at + 6, 4);
    entry->view = (uint16_t)bytes_load(at + 10, 2);
    at = decode_text(at + WIRE_STREAM_FIXED, end, entry->name, WIRE_NAME_MAX);
    if (!at || !wire_name_is_good(entry->name, strlen(entry->name)) || !size_is_good(entry))
        return NULL;
    return decode_text(at, end, entry->model, WIRE_TEXT_MAX);
}

static bool is_unique(const struct wire_streams *streams, const struct wire_stream_entry *entry)
{
    for (const struct wire_stream_entry *other = streams->entries; other < entry; other++)
        if (other->number == entry->number || strcmp(other->name, entry->name) == 0)
            return false;
    return true;
}

int wire_decode_streams(const struct wire_raw *raw, struct wire_streams *streams)
{
    const struct wire_header *header = &raw->header;
    const uint8_t *at = raw->body + header->fixed + header->tlv, *end = raw->body + header->length;
    memset(streams, 0, sizeof(*streams));
    if (header->fixed < 1 || raw->body[0] < 1 || raw->body[0] > WIRE_STREAMS_MAX)
        return -EBADMSG;
    for (; streams->count < raw->body[0]; streams->count++) {
        struct wire_stream_entry *entry = &streams->entries[streams->count];
        at = decode_entry(at, end, entry);
        if (!at || !is_unique(streams, entry))
            return -EBADMSG;
    }
    return 0;
}

/* By the first `size` bytes of the name. */
static const struct wire_stream_entry *find(const struct wire_streams *streams, const char *name,
                                            size_t size)
{
    for (unsigned i = 0; i < streams->count; i++) {
        const struct wire_stream_entry *entry = &streams->entries[i];
        if (strncmp(entry->name, name, size) == 0 && !entry->name[size])
            return entry;
    }
    return NULL;
}

static bool is_preview(const struct wire_streams *streams, const struct wire_stream_entry *entry)
{
    size_t size = strlen(entry->name), suffix = strlen(WIRE_PREVIEW_SUFFIX);
    return size > suffix && strcmp(entry->name + size - suffix, WIRE_PREVIEW_SUFFIX) == 0 &&
           find(streams, entry->name, size - suffix);
}

const struct wire_stream_entry *wire_find_stream(const struct wire_streams *streams,
                                                 const char *name)
{
    const struct wire_stream_entry *only = NULL;
    if (*name)
        return find(streams, name, strlen(name));
    for (unsigned i = 0; i < streams->count; i++) {
        const struct wire_stream_entry *entry = &streams->entries[i];
        if (only && !is_preview(streams, entry))
            return NULL;
        if (!is_preview(streams, entry))
            only = entry;
    }
    return only;
}

void wire_list_names(const struct wire_streams *streams, char *text, size_t size)
{
    static const char more[] = "...";
    size_t used = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < streams->count; i++) {
        const char *name = streams->entries[i].name, *comma = i + 1 < streams->count ? ", " : "";
        /* What follows another name needs space for itself or for the dots. */
        size_t needed = strlen(name) + strlen(comma) + (*comma ? sizeof(more) - 1 : 0);
        if (used + needed >= size) {
            memcpy(text + used, more, sizeof(more));
            return;
        }
        used += (size_t)sprintf(text + used, "%s%s", name, comma);
    }
}
