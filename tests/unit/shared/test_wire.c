/*
 * The messages against PROTOCOL.md: bytes written by hand from its tables, every field there and
 * back, and whatever a peer may send that is not quite a message.
 */
#include "wire_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/bytes.h"

/* The fixed part's size of each type, added up from the table in section 2. */
static const struct {
    uint8_t type;
    uint16_t fixed;
} types[] = {
    { WIRE_HELLO, 4 + 8 + 8 },
    { WIRE_ERROR, 2 },
    { WIRE_END, 2 + 8 + 8 + 8 },
    { WIRE_PING, 8 },
    { WIRE_PONG, 8 + 8 + 8 },
    { WIRE_STREAMS, 1 },
    { WIRE_SUBSCRIBE, 1 + 4 + 4 + 8 + 4 },
    { WIRE_STREAM, 1 + 1 + 2 + 2 + 4 + 8 },
    { WIRE_STATUS, 1 + 1 },
    { WIRE_FRAME_HEAD, 1 + 8 + 8 + 8 + 2 + 2 },
    { WIRE_FRAME_TAIL, 8 + 1 + 4 + 4 + 8 + 8 + 8 + 8 },
    { WIRE_DROPS, 1 + 1 + 8 + 4 },
    { WIRE_ACK, 8 + 8 },
    { WIRE_CONTROLS, 1 + 2 + 2 },
    { WIRE_SET, 4 },
    { WIRE_CHANGED, 1 + 1 + 4 + 8 },
    { WIRE_METADATA, 1 + 1 },
};

/* Encodes, compares with the bytes, and decodes into *back. */
static void check_golden(const struct wire_message *message, const uint8_t *golden, size_t size,
                         struct wire_message *back)
{
    uint8_t out[WIRE_ENCODED_MAX];
    memset(out, 0xEE, sizeof(out));
    assert_int_equal(wire_encode(message, out), size);
    assert_memory_equal(out, golden, size);
    assert_int_equal(decode_bytes(golden, size, back), 0);
    assert_int_equal(back->type, message->type);
}

static void hello_as_in_the_protocol(void **state)
{
    (void)state;
    static const uint8_t golden[] = {
        'P',  'T',  0x01, 0x00, 0,    0,    0,    0x25, 0, 0x14, 0,   0x11, /* header */
        0x01, 0x02, 0x03, 0x04,                                             /* max_message */
        0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,                     /* features */
        0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,                     /* epoch */
        0,    1,    0,    2,    'p',  'i',  0,    2,    0, 7,    'p', 't',
        'd',  ' ',  '0',  '.',  '1' /* TLVs */
    };
    struct wire_message message = { .type = WIRE_HELLO,
                                    .hello = { 0x01020304, 0x1112131415161718, 0x2122232425262728,
                                               "pi", "ptd 0.1" } };
    struct wire_message back;
    check_golden(&message, golden, sizeof(golden), &back);
    assert_int_equal(back.hello.max_message, 0x01020304);
    assert_int_equal(back.hello.features, 0x1112131415161718);
    assert_int_equal(back.hello.epoch, 0x2122232425262728);
    assert_string_equal(back.hello.name, "pi");
    assert_string_equal(back.hello.software, "ptd 0.1");
}

static const uint8_t golden_head[] = {
    'P',  'T',  0x20, 0x00, 0,    0,    0,    0x30, 0,    0x1D, 0,    0x13, /* header */
    0x05,                                                                   /* stream */
    0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,                         /* frame_id */
    0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,                         /* sensor_time */
    0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38,                         /* capture_time */
    0x07, 0x80, 0x04, 0x38,                                                 /* 1920x1080 */
    0,    1,    0,    8,    0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, /* wall clock */
    0,    2,    0,    3,    0xA1, 0xA2, 0xA3,                               /* metadata */
};

static void frame_head_as_in_the_protocol(void **state)
{
    (void)state;
    struct wire_message message = {
        .type = WIRE_FRAME_HEAD,
        .frame_head = { .stream = 5,
                        .frame_id = 0x1112131415161718,
                        .sensor_time = 0x2122232425262728,
                        .capture_time = 0x3132333435363738,
                        .width = 1920,
                        .height = 1080,
                        .metadata = { .present = WIRE_META_WALL_CLOCK,
                                      .wall_clock_ns = 0x9192939495969798,
                                      .values = { 3, { 0xA1, 0xA2, 0xA3 } } } },
    };
    struct wire_message back;
    check_golden(&message, golden_head, sizeof(golden_head), &back);
    const struct wire_frame_head *head = &back.frame_head, *was = &message.frame_head;
    assert_int_equal(head->stream, was->stream);
    assert_int_equal(head->frame_id, was->frame_id);
    assert_int_equal(head->sensor_time, was->sensor_time);
    assert_int_equal(head->capture_time, was->capture_time);
    assert_int_equal(head->width, was->width);
    assert_int_equal(head->height, was->height);
    assert_int_equal(head->metadata.present, was->metadata.present);
    assert_int_equal(head->metadata.wall_clock_ns, was->metadata.wall_clock_ns);
    assert_int_equal(head->metadata.values.size, 3);
    assert_memory_equal(head->metadata.values.bytes, was->metadata.values.bytes, 3);
}

static void drops_as_in_the_protocol(void **state)
{
    (void)state;
    static const uint8_t golden[] = {
        'P',  'T',  0x23, 0x00, 0,    0,    0,    0x0E, 0, 0x0E, 0, 0, /* header */
        0x03, 0x06,                                                    /* stream, reason */
        0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,                /* first_frame_id */
        0x21, 0x22, 0x23, 0x24                                         /* count */
    };
    struct wire_message message = {
        .type = WIRE_DROPS, .drops = { 3, WIRE_DROP_SUPERSEDED, 0x1112131415161718, 0x21222324 }
    };
    struct wire_message back;
    check_golden(&message, golden, sizeof(golden), &back);
    assert_int_equal(back.drops.stream, 3);
    assert_int_equal(back.drops.reason, 6);
    assert_int_equal(back.drops.first_frame_id, 0x1112131415161718);
    assert_int_equal(back.drops.count, 0x21222324);
}

static void texts_as_in_the_protocol(void **state)
{
    (void)state;
    static const uint8_t error[] = { 'P', 'T', 2, 0, 0,   0,   0,   7,   0,  2,
                                     0,   0,   0, 9, 's', 'l', 'o', 'w', '!' };
    static const uint8_t status[] = { 'P', 'T', 0x13, 0, 0, 0,   0,   6,   0,
                                      2,   0,   0,    0, 2, 'g', 'o', 'n', 'e' };
    struct wire_message back, message = { .type = WIRE_ERROR, .error = { 9, "slow!" } };
    check_golden(&message, error, sizeof(error), &back);
    assert_int_equal(back.error.code, 9);
    assert_string_equal(back.error.text, "slow!");
    message = (struct wire_message){ .type = WIRE_STATUS, .status = { 0, 2, "gone" } };
    check_golden(&message, status, sizeof(status), &back);
    assert_int_equal(back.status.state, 2);
    assert_string_equal(back.status.text, "gone");
}

static void subscribe_as_in_the_protocol(void **state)
{
    (void)state;
    static const uint8_t golden[] = {
        'P',  'T',  0x11, 0x00, 0,    0,    0,    0x1C, 0, 0x15, 0, 7, /* header */
        0x01, 0x11, 0x12, 0x13, 0x14,                                  /* mode, max_fps */
        0x21, 0x22, 0x23, 0x24,                                        /* every */
        0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38,                /* first_due */
        0x41, 0x42, 0x43, 0x44,                                        /* queue_bytes */
        0,    1,    0,    3,    't',  'o',  'p'                        /* name */
    };
    struct wire_message back, message = { .type = WIRE_SUBSCRIBE,
                                          .subscribe = { .mode = 1,
                                                         .max_fps_mhz = 0x11121314,
                                                         .every = 0x21222324,
                                                         .first_due = 0x3132333435363738,
                                                         .queue_bytes = 0x41424344,
                                                         .name = "top" } };
    check_golden(&message, golden, sizeof(golden), &back);
    assert_memory_equal(&back.subscribe, &message.subscribe, sizeof(message.subscribe));
}

/* A still has its size, quality and patience in TLVs. */
static void stills_are_asked_for(void **state)
{
    (void)state;
    static const uint8_t golden[] = {
        'P',  'T', 0x11, 0x00, 0,    0,    0,    0x2E, 0, 0x15, 0,    0x19, /* header */
        0x02, 0,   0,    0,    0,    0,    0,    0,    0, 0,    0,    0,
        0,    0,   0,    0,    0,    0,    0,    0,    0,                   /* mode, and zeroes */
        0,    2,   0,    2,    0x0F, 0xD8, 0,    3,    0, 2,    0x0B, 0xE0, /* 4056x3040 */
        0,    4,   0,    1,    95,                                          /* quality */
        0,    5,   0,    4,    0,    0,    0x0B, 0xB8                       /* 3 s */
    };
    struct wire_message back,
        message = { .type = WIRE_SUBSCRIBE,
                    .subscribe = { .mode = WIRE_STILL,
                                   .present = WIRE_STILL_WIDTH | WIRE_STILL_HEIGHT |
                                              WIRE_STILL_QUALITY | WIRE_STILL_SETTLE,
                                   .still_width = 4056,
                                   .still_height = 3040,
                                   .still_quality = 95,
                                   .still_settle_ms = 3000 } };
    check_golden(&message, golden, sizeof(golden), &back);
    assert_memory_equal(&back.subscribe, &message.subscribe, sizeof(message.subscribe));
}

/* A message whose fixed part is 1, 2, 3 ... : decoded and encoded again it is the same bytes, so
 * no two fields share a byte and none is left out. */
static void every_byte_of_every_fixed_part_comes_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(types); i++) {
        struct wire_message message;
        uint8_t bytes[128] = { 'P', 'T', types[i].type }, out[WIRE_ENCODED_MAX];
        bytes_store(bytes + 4, types[i].fixed, 4);
        bytes_store(bytes + 8, types[i].fixed, 2);
        for (uint8_t k = 0; k < types[i].fixed; k++)
            bytes[WIRE_HEADER_SIZE + k] = (uint8_t)(0x81 + k);
        size_t size = WIRE_HEADER_SIZE + (size_t)types[i].fixed;
        assert_int_equal(decode_bytes(bytes, size, &message), 0);
        assert_int_equal(message.type, types[i].type);
        assert_int_equal(wire_encode(&message, out), size);
        assert_memory_equal(out, bytes, size);
    }
}

/* The fields that the golden bytes leave out: each under its own name. */
static void fields_have_their_names(void **state)
{
    (void)state;
    struct wire_message back, message = { .type = WIRE_END, .end = { 0x0102, 10, 20, 30 } };
    uint8_t out[WIRE_ENCODED_MAX];
    assert_int_equal(decode_bytes(out, wire_encode(&message, out), &back), 0);
    assert_int_equal(bytes_load(out + 12, 2), 0x0102);
    assert_int_equal(bytes_load(out + 14, 8), 10);
    assert_int_equal(bytes_load(out + 22, 8), 20);
    assert_int_equal(bytes_load(out + 30, 8), 30);
    assert_memory_equal(&back.end, &message.end, sizeof(message.end));

    message = (struct wire_message){ .type = WIRE_PONG, .pong = { 10, 20, 30 } };
    assert_int_equal(decode_bytes(out, wire_encode(&message, out), &back), 0);
    assert_int_equal(bytes_load(out + 12, 8), 10);
    assert_int_equal(bytes_load(out + 20, 8), 20);
    assert_int_equal(bytes_load(out + 28, 8), 30);
    assert_int_equal(back.pong.t3, 30);

    message = (struct wire_message){ .type = WIRE_FRAME_TAIL,
                                     .frame_tail = { 10, 2, 30, 40, 50, 60, 70, 80 } };
    assert_int_equal(decode_bytes(out, wire_encode(&message, out), &back), 0);
    static const struct {
        size_t offset, size;
        uint64_t value;
    } tail[] = { { 12, 8, 10 }, { 20, 1, 2 },  { 21, 4, 30 }, { 25, 4, 40 },
                 { 29, 8, 50 }, { 37, 8, 60 }, { 45, 8, 70 }, { 53, 8, 80 } };
    for (size_t i = 0; i < COUNT(tail); i++)
        assert_int_equal(bytes_load(out + tail[i].offset, tail[i].size), tail[i].value);
    assert_int_equal(back.frame_tail.send_end, 80);

    message = (struct wire_message){ .type = WIRE_ACK, .ack = { 10, 20 } };
    assert_int_equal(decode_bytes(out, wire_encode(&message, out), &back), 0);
    assert_int_equal(bytes_load(out + 12, 8), 10);
    assert_int_equal(bytes_load(out + 20, 8), 20);
    assert_int_equal(back.ack.received, 20);
}

/* The same for what says how a stream is, and how it is wanted. */
static void streams_fields_have_their_names(void **state)
{
    (void)state;
    struct wire_message back;
    struct wire_message message;
    uint8_t out[WIRE_ENCODED_MAX];
    message = (struct wire_message){ .type = WIRE_STREAM,
                                     .stream = { .stream = 1,
                                                 .codec = 2,
                                                 .width = 30,
                                                 .height = 40,
                                                 .fps_mhz = 50,
                                                 .first_frame_id = 60,
                                                 .model = "imx708",
                                                 .present = WIRE_STREAM_VIEW | WIRE_STREAM_TURN,
                                                 .view = 7500,
                                                 .turn = WIRE_TURN_TRANSPOSE } };
    assert_int_equal(decode_bytes(out, wire_encode(&message, out), &back), 0);
    assert_int_equal(bytes_load(out + 14, 2), 30);
    assert_int_equal(bytes_load(out + 16, 2), 40);
    assert_int_equal(bytes_load(out + 18, 4), 50);
    assert_int_equal(bytes_load(out + 22, 8), 60);
    assert_string_equal(back.stream.model, "imx708");
    assert_int_equal(back.stream.present, WIRE_STREAM_VIEW | WIRE_STREAM_TURN);
    assert_int_equal(back.stream.view, 7500);
    assert_int_equal(back.stream.turn, WIRE_TURN_TRANSPOSE);
}

static void fixed_parts_may_be_longer_but_not_shorter(void **state)
{
    (void)state;
    static const uint8_t more[] = { 0xFF, 0xFF, 0xFF };
    struct wire_message message;
    for (size_t i = 0; i < COUNT(types); i++) {
        for (uint16_t fixed = 0; fixed < types[i].fixed; fixed++) {
            assert_int_equal(decode_parts(types[i].type, fixed, NULL, 0, NULL, 0, &message),
                             -EBADMSG);
            /* Bytes of a later part do not make up for it. */
            assert_int_equal(decode_parts(types[i].type, fixed, NULL, 0, more, 3, &message),
                             -EBADMSG);
        }
        for (uint16_t fixed = types[i].fixed; fixed < types[i].fixed + 300; fixed++)
            assert_int_equal(decode_parts(types[i].type, fixed, NULL, 0, NULL, 0, &message), 0);
        /* A blob where none is known is left alone. */
        assert_int_equal(decode_parts(types[i].type, types[i].fixed, NULL, 0, more, 3, &message),
                         0);
    }
}

static void names_of_types(void **state)
{
    (void)state;
    assert_string_equal(wire_type_name(WIRE_HELLO), "HELLO");
    assert_string_equal(wire_type_name(WIRE_FRAME_HEAD), "FRAME_HEAD");
    assert_string_equal(wire_type_name(WIRE_FRAME_PART), "FRAME_PART");
    assert_string_equal(wire_type_name(0), "?");
    assert_string_equal(wire_type_name(WIRE_HELLO + 0x100), "?");
}

static void sizes(void **state)
{
    (void)state;
    static const unsigned good[][2] = { { 16, 16 }, { 16383, 16383 }, { 16, 16383 } };
    static const unsigned bad[][2] = { { 15, 16 },    { 16, 15 }, { 16384, 16 },
                                       { 16, 16384 }, { 0, 480 }, { 640, 65535 } };
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(wire_size_is_good(good[i][0], good[i][1]));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(wire_size_is_good(bad[i][0], bad[i][1]));
}

static void unknown_types(void **state)
{
    (void)state;
    struct wire_message message;
    for (unsigned type = 0; type < 256; type++) {
        bool known = false;
        for (size_t i = 0; i < COUNT(types); i++)
            known |= types[i].type == type;
        if (!known)
            assert_int_equal(decode_parts((uint8_t)type, 60, NULL, 0, NULL, 0, &message),
                             type >= 0x80 ? -ENOMSG : -EBADMSG);
    }
}

static void headers_are_judged(void **state)
{
    (void)state;
    uint8_t bytes[WIRE_HEADER_SIZE] = { 'P',  'T',  0x22, 0x80, 0x01, 0x02,
                                        0x03, 0x04, 0x05, 0x06, 0x07, 0x08 };
    struct wire_header header;
    assert_int_equal(wire_decode_header(bytes, &header), 0);
    assert_int_equal(header.type, 0x22);
    assert_int_equal(header.flags, 0x80);
    assert_int_equal(header.length, 0x01020304);
    assert_int_equal(header.fixed, 0x0506);
    assert_int_equal(header.tlv, 0x0708);
    bytes[0] = 'p';
    assert_int_equal(wire_decode_header(bytes, &header), -EBADMSG);
    bytes[0] = 'P';
    bytes[1] = 'P';
    assert_int_equal(wire_decode_header(bytes, &header), -EBADMSG);
    bytes[1] = 'T';
    bytes_store(bytes + 4, 0x0506 + 0x0708, 4);
    assert_int_equal(wire_decode_header(bytes, &header), 0);
    bytes_store(bytes + 4, 0x0506 + 0x0708 - 1, 4);
    assert_int_equal(wire_decode_header(bytes, &header), -EBADMSG);
    bytes_store(bytes + 4, 65535, 4);
    bytes_store(bytes + 8, 65535, 2);
    bytes_store(bytes + 10, 1, 2);
    assert_int_equal(wire_decode_header(bytes, &header), -EBADMSG);
}

static void parts_have_a_header_alone(void **state)
{
    (void)state;
    static const uint8_t golden[] = { 'P', 'T', 0x21, 0, 0x00, 0x12, 0x34, 0x56, 0, 0, 0, 0 };
    uint8_t out[WIRE_HEADER_SIZE];
    wire_encode_part(0x123456, out);
    assert_memory_equal(out, golden, sizeof(golden));
}

static void the_longest_messages_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(types); i++) {
        struct wire_message message;
        /* On the heap, so that the sanitizer sees a byte too many. */
        uint8_t *out = malloc(WIRE_ENCODED_MAX);
        assert_non_null(out);
        memset(&message, 'x', sizeof(message));
        message.type = types[i].type;
        if (message.type == WIRE_FRAME_HEAD)
            message.frame_head.metadata.values.size = METADATA_BYTES_MAX;
        if (message.type == WIRE_FRAME_HEAD)
            message.frame_head.metadata.present = UINT32_MAX;
        size_t size = wire_encode(&message, out);
        assert_in_range(size, WIRE_HEADER_SIZE + types[i].fixed, WIRE_ENCODED_MAX);
        assert_int_equal(bytes_load(out + 4, 4), size - WIRE_HEADER_SIZE);
        assert_int_equal(decode_bytes(out, size, &message), 0);
        /* All of it fits in what is allowed before HELLO, so in every limit. */
        assert_true(size <= WIRE_BEFORE_HELLO_MAX);
        free(out);
    }
    struct wire_message unknown = { .type = 0x77 };
    uint8_t out[WIRE_ENCODED_MAX];
    assert_int_equal(wire_encode(&unknown, out), 0);
}

static void opening_and_names(void **state)
{
    (void)state;
    static const uint8_t opening[] = { 0x89, 0x50, 0x54, 0x46, 0x50, 0x0D, 0x0A, 0x01 };
    assert_memory_equal(wire_opening, opening, sizeof(opening));
    assert_string_equal(wire_drop_name(0), "?");
    assert_string_equal(wire_drop_name(WIRE_DROP_SENSOR_GAP), "SENSOR_GAP");
    assert_string_equal(wire_drop_name(WIRE_DROP_CAPTURE_ERROR), "CAPTURE_ERROR");
    assert_string_equal(wire_drop_name(WIRE_DROP_NO_BUFFER), "NO_BUFFER");
    assert_string_equal(wire_drop_name(WIRE_DROP_ENCODER_BUSY), "ENCODER_BUSY");
    assert_string_equal(wire_drop_name(WIRE_DROP_ENCODE_ERROR), "ENCODE_ERROR");
    assert_string_equal(wire_drop_name(WIRE_DROP_SUPERSEDED), "SUPERSEDED");
    assert_string_equal(wire_drop_name(WIRE_DROP_RATE_LIMITED), "RATE_LIMITED");
    assert_string_equal(wire_drop_name(WIRE_DROP_QUEUE_FULL), "QUEUE_FULL");
    assert_string_equal(wire_drop_name(WIRE_DROP_TOO_BIG), "TOO_BIG");
    assert_string_equal(wire_drop_name(WIRE_DROP_UNSENT), "UNSENT");
    assert_string_equal(wire_drop_name(WIRE_DROP_MODE_SWITCH), "MODE_SWITCH");
    assert_string_equal(wire_drop_name(WIRE_DROP_REASONS), "?");
    assert_string_equal(wire_drop_name(UINT32_MAX), "?");
    assert_string_equal(wire_error_name(WIRE_ERROR_VERSION), "VERSION");
    assert_string_equal(wire_error_name(WIRE_ERROR_TIMEOUT), "TIMEOUT");
    assert_string_equal(wire_error_name(WIRE_ERROR_NOT_ALLOWED), "NOT_ALLOWED");
    assert_string_equal(wire_error_name(WIRE_ERROR_INTERNAL), "INTERNAL");
    assert_string_equal(wire_error_name(11), "?");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_as_in_the_protocol),
        cmocka_unit_test(frame_head_as_in_the_protocol),
        cmocka_unit_test(drops_as_in_the_protocol),
        cmocka_unit_test(texts_as_in_the_protocol),
        cmocka_unit_test(every_byte_of_every_fixed_part_comes_back),
        cmocka_unit_test(fields_have_their_names),
        cmocka_unit_test(streams_fields_have_their_names),
        cmocka_unit_test(fixed_parts_may_be_longer_but_not_shorter),
        cmocka_unit_test(subscribe_as_in_the_protocol),
        cmocka_unit_test(stills_are_asked_for),
        cmocka_unit_test(names_of_types),
        cmocka_unit_test(sizes),
        cmocka_unit_test(unknown_types),
        cmocka_unit_test(headers_are_judged),
        cmocka_unit_test(parts_have_a_header_alone),
        cmocka_unit_test(the_longest_messages_fit),
        cmocka_unit_test(opening_and_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
