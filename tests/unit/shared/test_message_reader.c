/*
 * The same bytes give the same events however they were split, and what is not allowed is refused
 * as soon as it can be known.
 */
#include "shared/protocol/message_reader.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/base/bytes.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct buffer {
    uint8_t *data;
    size_t size, capacity;
};

static void append(struct buffer *buffer, const void *data, size_t size)
{
    if (buffer->size + size > buffer->capacity) {
        buffer->capacity = 2 * (buffer->size + size);
        buffer->data = realloc(buffer->data, buffer->capacity);
        assert_non_null(buffer->data);
    }
    if (size > 0)
        memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
}

static void clear(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){ 0 };
}

static uint32_t random_next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void append_header(struct buffer *buffer, int type, uint32_t length, uint16_t fixed,
                          uint16_t tlv)
{
    uint8_t header[WIRE_HEADER_SIZE] = { 'P', 'T', (uint8_t)type, 0 };
    bytes_store(header + 4, length, 4);
    bytes_store(header + 8, fixed, 2);
    bytes_store(header + 10, tlv, 2);
    append(buffer, header, sizeof(header));
}

/* A message with a body of bytes that tell where they lie. */
static void append_message(struct buffer *buffer, int type, uint32_t length, uint16_t fixed,
                           uint16_t tlv)
{
    append_header(buffer, type, length, fixed, tlv);
    for (uint32_t i = 0; i < length; i++) {
        uint8_t byte = (uint8_t)(i * 7 + i / 251 + length + (unsigned)type);
        append(buffer, &byte, 1);
    }
}

static void append_opening(struct buffer *buffer)
{
    append(buffer, wire_opening, WIRE_OPENING_SIZE);
}

/* What the reader said of a stream, in a form that can be compared. */
struct run {
    struct message_reader reader;
    struct buffer events;
    uint8_t *blob; /* of the part under way */
    uint32_t blob_size;
    bool skip_parts; /* never says where a blob goes */
    size_t direct;   /* bytes that were read straight to their place */
    int error;
};

static void record(struct run *run, int event, const struct wire_raw *raw)
{
    uint8_t kind = (uint8_t)event;
    append(&run->events, &kind, 1);
    if (event == MESSAGE_PART_DONE) {
        append(&run->events, run->blob, run->skip_parts ? 0 : run->blob_size);
        free(run->blob);
        run->blob = NULL;
        return;
    }
    if (event != MESSAGE_CONTROL && event != MESSAGE_PART)
        return;
    bool part = event == MESSAGE_PART;
    size_t body = part ? (size_t)raw->header.fixed + raw->header.tlv : raw->header.length;
    uint8_t fields[10] = { raw->header.type, raw->header.flags };
    bytes_store(fields + 2, raw->header.length, 4);
    bytes_store(fields + 6, raw->header.fixed, 2);
    bytes_store(fields + 8, raw->header.tlv, 2);
    append(&run->events, fields, sizeof(fields));
    append(&run->events, raw->body, body);
    if (part) {
        /* Of the exact size, so that the sanitizer sees a byte too many. */
        run->blob_size = raw->header.length - (uint32_t)body;
        run->blob = malloc(run->blob_size);
        assert_non_null(run->blob);
        if (!run->skip_parts)
            message_reader_part_into(&run->reader, run->blob);
    }
}

static void drain(struct run *run)
{
    struct wire_raw raw;
    int event;
    while ((event = message_reader_next(&run->reader, &raw)) > 0) {
        if (event == MESSAGE_CONTROL && raw.header.type == WIRE_HELLO)
            run->reader.hello_seen = true;
        record(run, event, &raw);
    }
    run->error = event;
}

/* Puts up to size bytes where the reader wants them, as readv() would; returns how many. */
static size_t fill(struct run *run, const uint8_t *data, size_t size)
{
    struct iovec room[2];
    int count = message_reader_space(&run->reader, room);
    size_t put = 0;
    assert_in_range(count, 1, 2);
    for (int i = 0; i < count; i++) {
        size_t here = size - put < room[i].iov_len ? size - put : room[i].iov_len;
        memcpy(room[i].iov_base, data + put, here);
        put += here;
        if (count == 2 && i == 0)
            run->direct += here;
    }
    assert_true(put > 0);
    message_reader_filled(&run->reader, put);
    return put;
}

static void feed(struct run *run, const uint8_t *data, size_t size)
{
    while (size > 0 && run->error == 0) {
        size_t put = fill(run, data, size);
        data += put;
        size -= put;
        drain(run);
    }
}

static void begin(struct run *run, uint32_t max_message)
{
    memset(run, 0, sizeof(*run));
    memset(&run->reader, 0xA5, sizeof(run->reader));
    message_reader_init(&run->reader, max_message);
}

static void end(struct run *run)
{
    clear(&run->events);
    free(run->blob);
}

static void make_short_stream(struct buffer *stream)
{
    append_opening(stream);
    append_message(stream, WIRE_HELLO, 40, 20, 20);
    append_message(stream, WIRE_PING, 8, 8, 0);
    append_message(stream, 0x80, 30, 10, 20); /* skipped */
    append_message(stream, WIRE_FRAME_HEAD, 60, 29, 31);
    append_message(stream, WIRE_FRAME_PART, 2, 0, 0);
    append_message(stream, WIRE_FRAME_PART, 1, 0, 0);
    append_message(stream, WIRE_FRAME_PART, 300, 0, 0);
    append_message(stream, WIRE_FRAME_PART, 90, 20, 30); /* of a later minor version */
    append_message(stream, 0xFF, 0, 0, 0);               /* skipped */
    append_message(stream, WIRE_STATUS, 70, 2, 0);
    append_message(stream, WIRE_FRAME_TAIL, 49, 49, 0);
}

static void make_long_stream(struct buffer *stream)
{
    static const uint32_t sizes[] = { 2, 1, 4095, 4096, 100000, 13, 8216, 8217 };
    uint32_t seed = 4711;
    make_short_stream(stream);
    for (int i = 0; i < 60; i++) {
        append_message(stream, WIRE_FRAME_PART, sizes[random_next(&seed) % COUNT(sizes)], 0, 0);
        if (i % 3 == 0)
            append_message(stream, WIRE_DROPS, random_next(&seed) % 4097, 0, 0);
        if (i % 5 == 0)
            append_message(stream, 0x80 + i, random_next(&seed) % 20000, 0, 0);
    }
}

/* The events of a stream that comes in one piece. */
static void run_whole(struct run *run, const struct buffer *stream, bool skip_parts)
{
    begin(run, WIRE_MAX_MESSAGE_DEFAULT);
    run->skip_parts = skip_parts;
    feed(run, stream->data, stream->size);
    assert_int_equal(run->error, 0);
}

static void assert_same_events(const struct run *one, const struct run *other)
{
    assert_int_equal(one->error, other->error);
    assert_int_equal(one->events.size, other->events.size);
    assert_memory_equal(one->events.data, other->events.data, one->events.size);
}

/* What is expected of the short stream, counted by hand: the other tests compare with it. */
static void events_of_a_known_stream(void **state)
{
    (void)state;
    static const uint8_t kinds[] = { MESSAGE_OPENED,    MESSAGE_CONTROL,   MESSAGE_CONTROL,
                                     MESSAGE_CONTROL,   MESSAGE_PART,      MESSAGE_PART_DONE,
                                     MESSAGE_PART,      MESSAGE_PART_DONE, MESSAGE_PART,
                                     MESSAGE_PART_DONE, MESSAGE_PART,      MESSAGE_PART_DONE,
                                     MESSAGE_CONTROL,   MESSAGE_CONTROL };
    static const uint8_t types[] = { 0,
                                     WIRE_HELLO,
                                     WIRE_PING,
                                     WIRE_FRAME_HEAD,
                                     WIRE_FRAME_PART,
                                     0,
                                     WIRE_FRAME_PART,
                                     0,
                                     WIRE_FRAME_PART,
                                     0,
                                     WIRE_FRAME_PART,
                                     0,
                                     WIRE_STATUS,
                                     WIRE_FRAME_TAIL };
    struct buffer stream = { 0 };
    struct message_reader reader;
    struct wire_raw raw;
    struct iovec room[2];
    make_short_stream(&stream);
    message_reader_init(&reader, WIRE_MAX_MESSAGE_DEFAULT);
    assert_int_equal(message_reader_space(&reader, room), 1);
    assert_true(room[0].iov_len >= stream.size);
    memcpy(room[0].iov_base, stream.data, stream.size);
    message_reader_filled(&reader, stream.size);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        assert_int_equal(message_reader_next(&reader, &raw), kinds[i]);
        if (types[i])
            assert_int_equal(raw.header.type, types[i]);
        if (types[i] == WIRE_HELLO)
            reader.hello_seen = true;
    }
    assert_int_equal(message_reader_next(&reader, &raw), MESSAGE_NONE);
    clear(&stream);
}

static void every_split_gives_the_same_events(void **state)
{
    (void)state;
    struct buffer stream = { 0 };
    make_short_stream(&stream);
    for (int skip = 0; skip < 2; skip++) {
        struct run whole;
        run_whole(&whole, &stream, skip);
        for (size_t split = 1; split < stream.size; split++) {
            struct run run;
            begin(&run, WIRE_MAX_MESSAGE_DEFAULT);
            run.skip_parts = skip;
            feed(&run, stream.data, split);
            feed(&run, stream.data + split, stream.size - split);
            assert_same_events(&run, &whole);
            end(&run);
        }
        end(&whole);
    }
    clear(&stream);
}

static void single_bytes_give_the_same_events(void **state)
{
    (void)state;
    struct buffer stream = { 0 };
    make_long_stream(&stream);
    for (int skip = 0; skip < 2; skip++) {
        struct run whole, run;
        run_whole(&whole, &stream, skip);
        begin(&run, WIRE_MAX_MESSAGE_DEFAULT);
        run.skip_parts = skip;
        for (size_t i = 0; i < stream.size; i++)
            feed(&run, stream.data + i, 1);
        assert_same_events(&run, &whole);
        end(&run);
        end(&whole);
    }
    clear(&stream);
}

static void random_chunks_give_the_same_events(void **state)
{
    (void)state;
    struct buffer stream = { 0 };
    struct run whole;
    uint32_t seed = 20;
    make_long_stream(&stream);
    run_whole(&whole, &stream, false);
    for (int round = 0; round < 100; round++) {
        struct run run;
        uint32_t most = 1u << (1 + random_next(&seed) % 17);
        begin(&run, WIRE_MAX_MESSAGE_DEFAULT);
        for (size_t at = 0; at < stream.size;) {
            size_t size = 1 + random_next(&seed) % most;
            size = size < stream.size - at ? size : stream.size - at;
            feed(&run, stream.data + at, size);
            at += size;
        }
        assert_same_events(&run, &whole);
        end(&run);
    }
    end(&whole);
    clear(&stream);
}

/* Of a large part nearly all bytes are read straight to where they are wanted. */
static void parts_are_read_into_their_place(void **state)
{
    (void)state;
    struct buffer stream = { 0 };
    struct run run;
    struct iovec room[2];
    begin(&run, WIRE_MAX_MESSAGE_DEFAULT);
    append_opening(&stream);
    append_message(&stream, WIRE_HELLO, 20, 20, 0);
    append_message(&stream, WIRE_FRAME_PART, 100000, 0, 0);
    size_t head = stream.size - 100000;
    feed(&run, stream.data, head + 10);
    assert_int_equal(message_reader_space(&run.reader, room), 2);
    assert_ptr_equal(room[0].iov_base, run.blob + 10);
    assert_int_equal(room[0].iov_len, 100000 - 10);
    feed(&run, stream.data + head + 10, 100000 - 10);
    assert_int_equal(run.direct, 100000 - 10);
    assert_int_equal(message_reader_space(&run.reader, room), 1);
    assert_memory_equal(run.events.data + run.events.size - 100000, stream.data + head, 100000);
    end(&run);
    clear(&stream);
}

/* Feeds a header after what came before it, and returns what the reader says. */
static int judge_header(bool after_hello, uint32_t max_message, int type, uint32_t length,
                        uint16_t fixed, uint16_t tlv)
{
    struct buffer stream = { 0 };
    struct run run;
    begin(&run, max_message);
    append_opening(&stream);
    if (after_hello)
        append_message(&stream, WIRE_HELLO, 20, 20, 0);
    append_header(&stream, type, length, fixed, tlv);
    feed(&run, stream.data, stream.size);
    int error = run.error;
    end(&run);
    clear(&stream);
    return error;
}

static void lengths_are_bounded(void **state)
{
    (void)state;
    static const struct {
        bool after_hello;
        uint32_t max_message;
        int type;
        uint32_t length;
        uint16_t fixed, tlv;
        int result;
    } cases[] = {
        { false, 16 << 20, WIRE_HELLO, 1024, 20, 0, 0 },
        { false, 16 << 20, WIRE_HELLO, 1025, 20, 0, -EMSGSIZE },
        { false, 16 << 20, WIRE_FRAME_PART, 1025, 0, 0, -EMSGSIZE },
        { false, 16 << 20, WIRE_ERROR, 1024, 2, 0, 0 },
        { false, 16 << 20, 0x80, 1025, 0, 0, -EMSGSIZE },
        /* Not even what is to be skipped comes before HELLO. */
        { false, 16 << 20, 0x80, 0, 0, 0, -EBADMSG },
        { true, 16 << 20, 0x80, 0, 0, 0, 0 },
        { false, 16 << 20, WIRE_HELLO, UINT32_MAX, 20, 0, -EMSGSIZE },
        { true, 16 << 20, WIRE_STATUS, 4096, 2, 0, 0 },
        { true, 16 << 20, WIRE_STATUS, 4097, 2, 0, -EMSGSIZE },
        { true, 16 << 20, WIRE_STATUS, UINT32_MAX, 2, 0, -EMSGSIZE },
        { true, 16 << 20, 0x7F, 4097, 2, 0, -EMSGSIZE },
        { true, 16 << 20, WIRE_FRAME_PART, 16 << 20, 0, 0, 0 },
        { true, 16 << 20, WIRE_FRAME_PART, (16 << 20) + 1, 0, 0, -EMSGSIZE },
        { true, 16 << 20, WIRE_FRAME_PART, UINT32_MAX, 0, 0, -EMSGSIZE },
        { true, 16 << 20, WIRE_FRAME_PART, 8192, 4000, 96, 0 },
        { true, 16 << 20, WIRE_FRAME_PART, 8192, 4000, 97, -EMSGSIZE },
        { true, 16 << 20, WIRE_FRAME_PART, UINT16_MAX * 2, UINT16_MAX, UINT16_MAX, -EMSGSIZE },
        { true, 16 << 20, 0xF0, 16 << 20, 65535, 65535, 0 },
        { true, 16 << 20, 0xF0, (16 << 20) + 1, 0, 0, -EMSGSIZE },
        { true, 4096, WIRE_FRAME_PART, 4096, 0, 0, 0 },
        { true, 4096, WIRE_FRAME_PART, 4097, 0, 0, -EMSGSIZE },
        { true, 16 << 20, WIRE_PING, 7, 8, 0, -EBADMSG },
        { true, 16 << 20, WIRE_PING, 8, 8, 1, -EBADMSG },
        { true, 16 << 20, 0x90, 8, 0, 9, -EBADMSG },
        { true, 16 << 20, WIRE_FRAME_PART, 0, UINT16_MAX, 1, -EBADMSG },
        /* A part has at least one byte of the picture. */
        { true, 16 << 20, WIRE_FRAME_PART, 0, 0, 0, -EBADMSG },
        { true, 16 << 20, WIRE_FRAME_PART, 50, 20, 30, -EBADMSG },
        { true, 16 << 20, WIRE_FRAME_PART, 51, 20, 30, 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(judge_header(cases[i].after_hello, cases[i].max_message, cases[i].type,
                                      cases[i].length, cases[i].fixed, cases[i].tlv),
                         cases[i].result);
}

static void the_largest_control_message_is_read(void **state)
{
    (void)state;
    struct buffer stream = { 0 };
    struct run whole;
    append_opening(&stream);
    append_message(&stream, WIRE_HELLO, 1024, 20, 1004);
    for (int i = 0; i < 5; i++)
        append_message(&stream, WIRE_STATUS, 4096, 100, 3000);
    run_whole(&whole, &stream, false);
    assert_int_equal(whole.events.size, 1 + 1 + 10 + 1024 + 5 * (1 + 10 + 4096));
    end(&whole);
    clear(&stream);
}

static int judge_opening(const uint8_t *bytes, size_t size)
{
    struct run run;
    begin(&run, WIRE_MAX_MESSAGE_DEFAULT);
    for (size_t i = 0; i < size && run.error == 0; i++)
        feed(&run, bytes + i, 1);
    int one_by_one = run.error;
    end(&run);
    begin(&run, WIRE_MAX_MESSAGE_DEFAULT);
    feed(&run, bytes, size);
    assert_int_equal(run.error, one_by_one);
    end(&run);
    return one_by_one;
}

/* Each wrong byte is found out at once, not only when 8 bytes are here. */
static void openings_are_judged_byte_by_byte(void **state)
{
    (void)state;
    assert_int_equal(judge_opening(wire_opening, WIRE_OPENING_SIZE), 0);
    for (size_t i = 0; i < WIRE_OPENING_SIZE; i++)
        for (int flip = 1; flip < 256; flip++) {
            uint8_t bytes[WIRE_OPENING_SIZE];
            memcpy(bytes, wire_opening, sizeof(bytes));
            bytes[i] ^= (uint8_t)flip;
            bool version = i == WIRE_OPENING_SIZE - 1;
            assert_int_equal(judge_opening(bytes, i + 1), version ? -EPROTONOSUPPORT : -EPROTO);
            assert_int_equal(judge_opening(bytes, i), 0);
        }
    static const char http[] = "GET / HTTP/1.1\r\n\r\n";
    assert_int_equal(judge_opening((const uint8_t *)http, sizeof(http) - 1), -EPROTO);
    /* A wrong magic number is no other version, whatever its last byte says. */
    uint8_t both[WIRE_OPENING_SIZE];
    memcpy(both, wire_opening, sizeof(both));
    both[3] = both[7] = 0;
    assert_int_equal(judge_opening(both, sizeof(both)), -EPROTO);
}

static void garbage_after_the_opening_is_malformed(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        for (int flip = 1; flip < 256; flip++) {
            struct buffer stream = { 0 };
            struct run run;
            begin(&run, WIRE_MAX_MESSAGE_DEFAULT);
            append_opening(&stream);
            append_message(&stream, WIRE_HELLO, 20, 20, 0);
            size_t at = stream.size;
            append_message(&stream, WIRE_PING, 8, 8, 0);
            stream.data[at + (size_t)i] ^= (uint8_t)flip;
            feed(&run, stream.data, stream.size);
            assert_int_equal(run.error, -EBADMSG);
            end(&run);
            clear(&stream);
        }
}

/* Any bytes at all: an error or an event, but no read or write out of place. */
static void noise_does_no_harm(void **state)
{
    (void)state;
    struct buffer stream = { 0 };
    uint32_t seed = 31;
    make_short_stream(&stream);
    for (int round = 0; round < 5000; round++) {
        struct run run;
        uint8_t copy[2048];
        memcpy(copy, stream.data, stream.size);
        for (int i = 0; i < 3; i++)
            copy[WIRE_OPENING_SIZE + random_next(&seed) % (stream.size - WIRE_OPENING_SIZE)] =
                (uint8_t)random_next(&seed);
        begin(&run, 65536);
        for (size_t at = 0; at < stream.size && run.error == 0;) {
            size_t size = 1 + random_next(&seed) % 200;
            size = size < stream.size - at ? size : stream.size - at;
            feed(&run, copy + at, size);
            at += size;
        }
        end(&run);
    }
    clear(&stream);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_of_a_known_stream),
        cmocka_unit_test(every_split_gives_the_same_events),
        cmocka_unit_test(single_bytes_give_the_same_events),
        cmocka_unit_test(random_chunks_give_the_same_events),
        cmocka_unit_test(parts_are_read_into_their_place),
        cmocka_unit_test(lengths_are_bounded),
        cmocka_unit_test(the_largest_control_message_is_read),
        cmocka_unit_test(openings_are_judged_byte_by_byte),
        cmocka_unit_test(garbage_after_the_opening_is_malformed),
        cmocka_unit_test(noise_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
