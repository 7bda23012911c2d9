/*
 * However a stream is cut into reads, the events that the message reader makes of it are the same.
 *
 * The input: how many splits, their sizes, the stream.
 */
#include "shared/protocol/message_reader.h"

#include "fuzz.h"
#include "shared/base/bytes.h"

enum { MAX_MESSAGE = 20000 };

/* All that a reader said, in memory for more than any stream can make it say. */
struct transcript {
    uint8_t *bytes;
    size_t size, capacity;
};

static void note(struct transcript *transcript, const void *bytes, size_t size)
{
    CHECK(size <= transcript->capacity - transcript->size);
    if (size > 0)
        memcpy(transcript->bytes + transcript->size, bytes, size);
    transcript->size += size;
}

static void note_number(struct transcript *transcript, uint64_t number)
{
    uint8_t bytes[8];
    bytes_store(bytes, number, sizeof(bytes));
    note(transcript, bytes, sizeof(bytes));
}

static void note_raw(struct transcript *transcript, const struct wire_raw *raw, size_t body)
{
    note_number(transcript, raw->header.type);
    note_number(transcript, raw->header.flags);
    note_number(transcript, raw->header.length);
    note_number(transcript, raw->header.fixed);
    note_number(transcript, raw->header.tlv);
    note(transcript, raw->body, body);
}

struct listener {
    struct message_reader reader;
    uint8_t *blob;
    uint32_t blob_size;
};

/* False: there was an error. */
static bool take_events(struct listener *listener, struct transcript *transcript)
{
    struct message_reader *reader = &listener->reader;
    struct wire_raw raw;
    int event;
    while ((event = message_reader_next(reader, &raw)) > 0) {
        note_number(transcript, (uint64_t)event);
        if (event == MESSAGE_CONTROL) {
            CHECK(raw.header.type != WIRE_FRAME_PART);
            note_raw(transcript, &raw, raw.header.length);
            reader->hello_seen |= raw.header.type == WIRE_HELLO;
        } else if (event == MESSAGE_PART) {
            uint32_t body = (uint32_t)raw.header.fixed + raw.header.tlv;
            CHECK(body < raw.header.length && raw.header.length <= MAX_MESSAGE);
            note_raw(transcript, &raw, body);
            listener->blob_size = raw.header.flags & 1 ? 0 : raw.header.length - body;
            listener->blob = listener->blob_size ? malloc(listener->blob_size) : NULL;
            if (listener->blob)
                message_reader_part_into(reader, listener->blob);
        } else if (event == MESSAGE_PART_DONE) {
            note(transcript, listener->blob, listener->blob ? listener->blob_size : 0);
            free(listener->blob);
            listener->blob = NULL;
        }
    }
    if (event < 0)
        note_number(transcript, (uint64_t)-event);
    return event == MESSAGE_NONE;
}

/* As much of the bytes as a read of `most` takes; returns how much that was. */
static size_t read_into(struct message_reader *reader, const uint8_t *bytes, size_t most)
{
    struct iovec room[2];
    size_t total = 0;
    int count = message_reader_space(reader, room);
    for (int i = 0; i < count; i++) {
        size_t size = room[i].iov_len < most - total ? room[i].iov_len : most - total;
        memcpy(room[i].iov_base, bytes + total, size);
        total += size;
    }
    CHECK(total > 0);
    message_reader_filled(reader, total);
    return total;
}

static void play(const uint8_t *stream, size_t size, const uint8_t *splits, size_t split_count,
                 struct transcript *transcript)
{
    struct listener *listener = calloc(1, sizeof(*listener));
    CHECK(listener);
    message_reader_init(&listener->reader, MAX_MESSAGE);
    bool good = true;
    for (size_t at = 0, split = 0; at < size && good; split++) {
        size_t most = split_count ? 1u + splits[split % split_count] : size;
        most = most < size - at ? most : size - at;
        at += read_into(&listener->reader, stream + at, most);
        good = take_events(listener, transcript);
    }
    if (good) {
        note_number(transcript, listener->reader.state);
        note_number(transcript, listener->reader.blob_left);
        note_number(transcript, listener->reader.end - listener->reader.start);
    }
    free(listener->blob);
    free(listener);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { data, size };
    size_t split_count;
    const uint8_t *splits = input_bytes(&input, (size_t)input_number(&input, 1), &split_count);
    struct transcript whole = { .capacity = 16 * input.left + 64 }, split = whole;
    whole.bytes = malloc(whole.capacity);
    split.bytes = malloc(split.capacity);
    CHECK(whole.bytes && split.bytes);
    play(input.at, input.left, NULL, 0, &whole);
    play(input.at, input.left, splits, split_count, &split);
    CHECK(whole.size == split.size && memcmp(whole.bytes, split.bytes, whole.size) == 0);
    free(whole.bytes);
    free(split.bytes);
    return 0;
}
