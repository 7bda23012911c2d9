#include "shared/protocol/message_reader.h"

#include <errno.h>
#include <string.h>

void message_reader_init(struct message_reader *reader, uint32_t max_message)
{
    reader->state = READING_OPENING;
    reader->max_message = max_message;
    reader->hello_seen = false;
    reader->blob = NULL;
    reader->blob_left = reader->start = reader->end = 0;
}

int message_reader_space(struct message_reader *reader, struct iovec space[2])
{
    if (reader->start > 0) {
        reader->end -= reader->start;
        memmove(reader->stage, reader->stage + reader->start, reader->end);
        reader->start = 0;
    }
    int count = 0;
    if (reader->state == READING_BLOB && reader->blob)
        space[count++] = (struct iovec){ reader->blob, reader->blob_left };
    space[count++] =
        (struct iovec){ reader->stage + reader->end, sizeof(reader->stage) - reader->end };
    return count;
}

void message_reader_filled(struct message_reader *reader, size_t size)
{
    if (reader->state == READING_BLOB && reader->blob) {
        uint32_t direct = size < reader->blob_left ? (uint32_t)size : reader->blob_left;
        reader->blob += direct;
        reader->blob_left -= direct;
        size -= direct;
    }
    reader->end += (uint32_t)size;
}

static uint32_t staged(const struct message_reader *reader)
{
    return reader->end - reader->start;
}

/* Checks as many bytes of the opening as are here, so that a peer with another protocol
 * is found out even if it sends less than an opening and waits. */
static int read_opening(struct message_reader *reader)
{
    uint32_t have = staged(reader);
    const uint8_t *bytes = reader->stage + reader->start;
    enum { MAGIC_SIZE = WIRE_OPENING_SIZE - 1 };
    if (memcmp(bytes, wire_opening, have < MAGIC_SIZE ? have : MAGIC_SIZE) != 0)
        return -EPROTO;
    if (have < WIRE_OPENING_SIZE)
        return MESSAGE_NONE;
    if (bytes[MAGIC_SIZE] != WIRE_VERSION)
        return -EPROTONOSUPPORT;
    reader->start += WIRE_OPENING_SIZE;
    reader->state = READING_HEADER;
    return MESSAGE_OPENED;
}

/* Bytes of the message that must be in the stage before it is reported. */
static uint32_t body_size(const struct wire_header *header)
{
    bool part = header->type == WIRE_FRAME_PART;
    return part ? (uint32_t)header->fixed + header->tlv : header->length;
}

static bool is_skipped(const struct wire_header *header)
{
    return header->type >= WIRE_FIRST_SKIPPABLE;
}

static int check_length(const struct message_reader *reader)
{
    const struct wire_header *header = &reader->header;
    if (!reader->hello_seen && header->length > WIRE_BEFORE_HELLO_MAX)
        return -EMSGSIZE;
    if (header->length > reader->max_message)
        return -EMSGSIZE;
    if (!is_skipped(header) && body_size(header) > WIRE_CONTROL_MAX)
        return -EMSGSIZE;
    /* HELLO comes first, and only ERROR may take its place. */
    bool too_early = !reader->hello_seen && is_skipped(header);
    bool empty_part = header->type == WIRE_FRAME_PART && header->length == body_size(header);
    return too_early || empty_part ? -EBADMSG : 0;
}

static int read_header(struct message_reader *reader)
{
    if (staged(reader) < WIRE_HEADER_SIZE)
        return MESSAGE_NONE;
    int error = wire_decode_header(reader->stage + reader->start, &reader->header);
    if (!error)
        error = check_length(reader);
    if (error)
        return error;
    reader->start += WIRE_HEADER_SIZE;
    reader->blob = NULL;
    reader->blob_left = 0;
    if (is_skipped(&reader->header)) {
        reader->blob_left = reader->header.length;
        reader->state = READING_BLOB;
    } else {
        reader->state = READING_BODY;
    }
    return MESSAGE_NONE;
}

static int read_body(struct message_reader *reader, struct wire_raw *raw)
{
    uint32_t size = body_size(&reader->header);
    if (staged(reader) < size)
        return MESSAGE_NONE;
    *raw = (struct wire_raw){ reader->header, reader->stage + reader->start };
    reader->start += size;
    if (reader->header.type != WIRE_FRAME_PART) {
        reader->state = READING_HEADER;
        return MESSAGE_CONTROL;
    }
    reader->blob_left = reader->header.length - size;
    reader->state = READING_BLOB;
    return MESSAGE_PART;
}

static int read_blob(struct message_reader *reader)
{
    uint32_t have = staged(reader) < reader->blob_left ? staged(reader) : reader->blob_left;
    if (reader->blob) {
        memcpy(reader->blob, reader->stage + reader->start, have);
        reader->blob += have;
    }
    reader->start += have;
    reader->blob_left -= have;
    if (reader->blob_left > 0)
        return MESSAGE_NONE;
    reader->state = READING_HEADER;
    return is_skipped(&reader->header) ? MESSAGE_NONE : MESSAGE_PART_DONE;
}

void message_reader_part_into(struct message_reader *reader, uint8_t *to)
{
    reader->blob = to;
}

int message_reader_next(struct message_reader *reader, struct wire_raw *raw)
{
    for (;;) {
        int before = (int)reader->state, event = MESSAGE_NONE;
        switch (reader->state) {
        case READING_OPENING:
            event = read_opening(reader);
            break;
        case READING_HEADER:
            event = read_header(reader);
            break;
        case READING_BODY:
            event = read_body(reader, raw);
            break;
        case READING_BLOB:
            event = read_blob(reader);
            break;
        }
        /* No event although the state moved on: look again, the next one may be here already. */
        if (event != MESSAGE_NONE || before == (int)reader->state)
            return event;
    }
}
