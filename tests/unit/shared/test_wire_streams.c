/*
 * STREAMS, the list of a daemon's streams, against PROTOCOL.md: its example, every field there and
 * back, what is malformed; and which texts are names of streams.
 */
#include "shared/protocol/wire_streams.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/base/bytes.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* As PROTOCOL.md, 2, writes it. */
static const uint8_t example[] = {
    0x50, 0x54, 0x10, 0x00, 0x00, 0x00, 0x00, 0x2B, 0x00, 0x01, 0x00, 0x00, 0x02, /* count */
    0x00, 0x01, 0x07, 0x80, 0x04, 0x38, 0x00, 0x00, 0x75, 0x30, 0x1D, 0x4C,       /* front */
    0x05, 0x66, 0x72, 0x6F, 0x6E, 0x74, 0x06, 0x69, 0x6D, 0x78, 0x37, 0x30, 0x38, /* its texts */
    0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,       /* top */
    0x03, 0x74, 0x6F, 0x70, 0x00
};
static const struct wire_streams two = {
    .count = 2,
    .entries = { { 0, WIRE_STREAM_RUNNING, 1920, 1080, 30000, 7500, "front", "imx708" },
                 { 1, WIRE_STREAM_STARTING, 0, 0, 0, 0, "top", "" } },
};

/* Decodes a message from memory of that very size. */
static int decode(const uint8_t *bytes, size_t size, struct wire_streams *streams)
{
    struct wire_raw raw;
    assert_int_equal(wire_decode_header(bytes, &raw.header), 0);
    assert_int_equal(raw.header.length, size - WIRE_HEADER_SIZE);
    uint8_t *body = malloc(raw.header.length + (raw.header.length == 0));
    assert_non_null(body);
    memcpy(body, bytes + WIRE_HEADER_SIZE, raw.header.length);
    raw.body = body;
    memset(streams, 0xA5, sizeof(*streams));
    int error = wire_decode_streams(&raw, streams);
    free(body);
    return error;
}

/* The list, coded and decoded. */
static int pass(const struct wire_streams *streams, struct wire_streams *back)
{
    uint8_t bytes[WIRE_STREAMS_ENCODED_MAX];
    return decode(bytes, wire_encode_streams(streams, bytes), back);
}

static void assert_same(const struct wire_streams *one, const struct wire_streams *other)
{
    assert_int_equal(one->count, other->count);
    for (unsigned i = 0; i < one->count; i++) {
        const struct wire_stream_entry *left = &one->entries[i], *right = &other->entries[i];
        assert_int_equal(left->number, right->number);
        assert_int_equal(left->state, right->state);
        assert_int_equal(left->width, right->width);
        assert_int_equal(left->height, right->height);
        assert_int_equal(left->fps_mhz, right->fps_mhz);
        assert_int_equal(left->view, right->view);
        assert_string_equal(left->name, right->name);
        assert_string_equal(left->model, right->model);
    }
}

static void the_documents_example(void **state)
{
    (void)state;
    uint8_t out[WIRE_STREAMS_ENCODED_MAX];
    struct wire_streams back;
    assert_int_equal(wire_encode_streams(&two, out), sizeof(example));
    assert_memory_equal(out, example, sizeof(example));
    assert_int_equal(decode(example, sizeof(example), &back), 0);
    assert_same(&back, &two);
}

/* The longest list there is: it fits a message, and comes back. */
static void the_longest_list(void **state)
{
    (void)state;
    struct wire_streams streams = { .count = WIRE_STREAMS_MAX }, back;
    uint8_t out[WIRE_STREAMS_ENCODED_MAX];
    for (unsigned i = 0; i < WIRE_STREAMS_MAX; i++) {
        struct wire_stream_entry *entry = &streams.entries[i];
        *entry = (struct wire_stream_entry){ .number = (uint8_t)(255 - i),
                                             .state = 7,
                                             .width = 16383,
                                             .height = 16,
                                             .fps_mhz = i,
                                             .view = (uint16_t)(WIRE_VIEW_ALL - i) };
        memset(entry->name, 'n', WIRE_NAME_MAX - 2);
        sprintf(entry->name + WIRE_NAME_MAX - 2, "%02u", i);
        memset(entry->model, 'm', WIRE_TEXT_MAX);
    }
    assert_int_equal(wire_encode_streams(&streams, out), WIRE_STREAMS_ENCODED_MAX);
    assert_true(WIRE_STREAMS_ENCODED_MAX - WIRE_HEADER_SIZE <= WIRE_CONTROL_MAX);
    assert_int_equal(pass(&streams, &back), 0);
    assert_same(&back, &streams);
}

/* Bytes are missing, wherever it ends; some more are for a later revision. */
static void shorter_and_longer_blobs(void **state)
{
    (void)state;
    uint8_t bytes[sizeof(example) + 3];
    struct wire_streams back;
    memcpy(bytes, example, sizeof(example));
    memset(bytes + sizeof(example), 0xFF, 3);
    for (size_t size = WIRE_HEADER_SIZE + 1; size < sizeof(bytes); size++) {
        bytes_store(bytes + 4, size - WIRE_HEADER_SIZE, 4);
        assert_int_equal(decode(bytes, size, &back), size < sizeof(example) ? -EBADMSG : 0);
    }
    assert_same(&back, &two);
    bytes_store(bytes + 4, 0, 4); /* not even the count */
    bytes_store(bytes + 8, 0, 2);
    assert_int_equal(decode(bytes, WIRE_HEADER_SIZE, &back), -EBADMSG);
}

/* The entries lie behind a fixed part and TLVs that a later revision may add to. */
static void the_blob_is_found(void **state)
{
    (void)state;
    enum { MORE = 2, TLV = 5, HEAD = WIRE_HEADER_SIZE + 1 };
    uint8_t bytes[sizeof(example) + MORE + TLV];
    static const uint8_t added[MORE + TLV] = { 0xEE, 0xEE, 9, 9, 0, 1, 1 };
    struct wire_streams back;
    memcpy(bytes, example, HEAD);
    memcpy(bytes + HEAD, added, sizeof(added));
    memcpy(bytes + HEAD + sizeof(added), example + HEAD, sizeof(example) - HEAD);
    bytes_store(bytes + 4, sizeof(bytes) - WIRE_HEADER_SIZE, 4);
    bytes_store(bytes + 8, 1 + MORE, 2);
    bytes_store(bytes + 10, TLV, 2);
    assert_int_equal(decode(bytes, sizeof(bytes), &back), 0);
    assert_same(&back, &two);
}

static void counts(void **state)
{
    (void)state;
    uint8_t bytes[WIRE_STREAMS_ENCODED_MAX + WIRE_STREAM_ENTRY_MAX];
    struct wire_streams streams = { .count = 1, .entries = { { .name = "x" } } }, back;
    for (unsigned count = 0; count < 256; count++) {
        size_t size = wire_encode_streams(&streams, bytes);
        bytes[WIRE_HEADER_SIZE] = (uint8_t)count;
        assert_int_equal(decode(bytes, size, &back), count == 1 ? 0 : -EBADMSG);
    }
    /* One too many, each of them good. */
    size_t size = WIRE_HEADER_SIZE + 1;
    for (unsigned i = 0; i <= WIRE_STREAMS_MAX; i++) {
        const uint8_t entry[] = { (uint8_t)i,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  2,
                                  (uint8_t)('0' + i / 10),
                                  (uint8_t)('0' + i % 10),
                                  0 };
        memcpy(bytes + size, entry, sizeof(entry));
        size += sizeof(entry);
        bytes[WIRE_HEADER_SIZE] = (uint8_t)(i + 1);
        bytes_store(bytes + 4, size - WIRE_HEADER_SIZE, 4);
        assert_int_equal(decode(bytes, size, &back), i < WIRE_STREAMS_MAX ? 0 : -EBADMSG);
    }
}

static void entries_are_judged(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct wire_stream_entry second; /* behind 0, "a" */
        int result;
    } cases[] = {
        { "another one", { 1, 0, 0, 0, 0, 0, "b", "" }, 0 },
        { "any number", { 255, 0, 0, 0, 0, 0, "b", "" }, 0 },
        { "a state that is not known", { 1, 99, 0, 0, 0, 0, "b", "" }, 0 },
        { "the number again", { 0, 0, 0, 0, 0, 0, "b", "" }, -EBADMSG },
        { "the name again", { 1, 0, 0, 0, 0, 0, "a", "" }, -EBADMSG },
        { "upper case is another name", { 1, 0, 0, 0, 0, 0, "A", "" }, 0 },
        { "the smallest size", { 1, 0, 16, 16, 0, 0, "b", "" }, 0 },
        { "no width", { 1, 0, 0, 480, 0, 0, "b", "" }, -EBADMSG },
        { "no height", { 1, 0, 640, 0, 0, 0, "b", "" }, -EBADMSG },
        { "too small", { 1, 0, 15, 16, 0, 0, "b", "" }, -EBADMSG },
        { "too large", { 1, 0, 16, 16384, 0, 0, "b", "" }, -EBADMSG },
        { "no name", { 1, 0, 0, 0, 0, 0, "", "" }, -EBADMSG },
        { "a bad name", { 1, 0, 0, 0, 0, 0, "../b", "" }, -EBADMSG },
        { "a name with a control", { 1, 0, 0, 0, 0, 0, "b\n", "" }, -EBADMSG },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire_streams back, streams = { .count = 2, .entries = { { .name = "a" } } };
        streams.entries[1] = cases[i].second;
        int result = pass(&streams, &back);
        if (result != cases[i].result)
            fail_msg("%s: %d", cases[i].what, result);
        if (result == 0)
            assert_same(&back, &streams);
    }
}

/* Texts whose length lies, or is above the limit, with all their bytes there. */
static void texts_are_bounded(void **state)
{
    (void)state;
    uint8_t bytes[512] = { 'P', 'T', WIRE_STREAMS };
    struct wire_streams back;
    bytes_store(bytes + 8, 1, 2);
    bytes[WIRE_HEADER_SIZE] = 1;
    uint8_t *texts = bytes + WIRE_HEADER_SIZE + 1 + WIRE_STREAM_FIXED;
    for (unsigned name = 1; name < 80; name++)
        for (unsigned model = 0; model < 80; model++) {
            texts[0] = (uint8_t)name;
            memset(texts + 1, 'x', name);
            texts[1 + name] = (uint8_t)model;
            memset(texts + 2 + name, 0x80, model); /* no UTF-8: shown as question marks */
            size_t size = (size_t)(texts + 2 + name + model - bytes);
            bytes_store(bytes + 4, size - WIRE_HEADER_SIZE, 4);
            bool good = name <= WIRE_NAME_MAX && model <= WIRE_TEXT_MAX;
            assert_int_equal(decode(bytes, size, &back), good ? 0 : -EBADMSG);
            if (!good)
                continue;
            assert_int_equal(strlen(back.entries[0].name), name);
            assert_int_equal(strspn(back.entries[0].model, "?"), model);
            assert_int_equal(strlen(back.entries[0].model), model);
        }
}

/* What is longer than it may be is cut between characters before it is sent. */
static void long_models_are_cut(void **state)
{
    (void)state;
    struct wire_streams back, streams = { .count = 1, .entries = { { .name = "a" } } };
    memset(streams.entries[0].model, 'x', sizeof(streams.entries[0].model));
    memcpy(streams.entries[0].model + WIRE_TEXT_MAX - 1, "\xC3\xBC", 2); /* no terminating zero */
    assert_int_equal(pass(&streams, &back), 0);
    assert_int_equal(strlen(back.entries[0].model), WIRE_TEXT_MAX - 1);
}

static void names(void **state)
{
    (void)state;
    static const char *const good[] = { "a",
                                        "camera",
                                        "front/preview",
                                        "A-Z_a.z09",
                                        "x.",
                                        "a..b",
                                        "-",
                                        "_",
                                        "1/2/3",
                                        "01234567890123456789012345678901" };
    static const char *const bad[] = {
        "",     "/",   "/a",       "a/",    "a//b",
        ".",    "..",  ".a",       "a/.b",  "a/..",
        "../a", "a b", "a\n",      "a\x1B", "a\\b",
        "a:b",  "a?",  "\xC3\xBC", "a\x7F", "012345678901234567890123456789012"
    };
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(wire_name_is_good(good[i], strlen(good[i])));
    for (size_t i = 0; i < COUNT(bad); i++)
        if (wire_name_is_good(bad[i], strlen(bad[i])))
            fail_msg("\"%s\" is no name", bad[i]);
    assert_false(wire_name_is_good("a\0b", 3));
    /* Each byte by itself. */
    for (unsigned c = 0; c < 256; c++) {
        char text[2] = { 'a', (char)c };
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        assert_int_equal(wire_name_is_good(text, 2), letter || c == '.' || c == '_' || c == '-');
    }
}

static void streams_are_found_by_name(void **state)
{
    (void)state;
    struct wire_streams one = two;
    one.count = 1;
    assert_ptr_equal(wire_find_stream(&two, "front"), &two.entries[0]);
    assert_ptr_equal(wire_find_stream(&two, "top"), &two.entries[1]);
    assert_null(wire_find_stream(&two, "fron"));
    assert_null(wire_find_stream(&two, "Front"));
    assert_null(wire_find_stream(&two, "")); /* which one? */
    assert_ptr_equal(wire_find_stream(&one, ""), &one.entries[0]);
    assert_ptr_equal(wire_find_stream(&one, "front"), &one.entries[0]);
    assert_null(wire_find_stream(&one, "top"));
}

/* Without a name it is the only one that is no preview: beside a stream whose it is. */
static void a_preview_needs_its_name(void **state)
{
    (void)state;
    struct wire_streams streams = { .count = 2,
                                    .entries = { { .name = "a" }, { .name = "a/preview" } } };
    assert_ptr_equal(wire_find_stream(&streams, ""), &streams.entries[0]);
    assert_ptr_equal(wire_find_stream(&streams, "a/preview"), &streams.entries[1]);
    strcpy(streams.entries[0].name, "b"); /* two streams, one of them with an odd name */
    assert_null(wire_find_stream(&streams, ""));
    strcpy(streams.entries[0].name, "a/prev");
    assert_null(wire_find_stream(&streams, ""));
    strcpy(streams.entries[0].name, "a/preview/preview"); /* the preview of a preview */
    assert_ptr_equal(wire_find_stream(&streams, ""), &streams.entries[1]);
    strcpy(streams.entries[0].name, "/preview");
    assert_null(wire_find_stream(&streams, ""));
}

/* Whatever the space, whole names, and dots for those that are left out. */
static void names_are_listed(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        const char *text;
    } cases[] = {
        { 100, "front, rear, top/two" },
        { 21, "front, rear, top/two" },
        { 20, "front, rear, ..." },
        { 17, "front, rear, ..." },
        { 16, "front, ..." },
        { 15, "front, ..." },
        { 11, "front, ..." },
        { 10, "..." },
        { 8, "..." },
    };
    struct wire_streams streams = {
        .count = 3, .entries = { { .name = "front" }, { .name = "rear" }, { .name = "top/two" } }
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text = malloc(cases[i].size);
        assert_non_null(text);
        wire_list_names(&streams, text, cases[i].size);
        assert_string_equal(text, cases[i].text);
        free(text);
    }
    char text[100];
    streams.count = 1;
    wire_list_names(&streams, text, sizeof(text));
    assert_string_equal(text, "front");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documents_example),
        cmocka_unit_test(the_longest_list),
        cmocka_unit_test(shorter_and_longer_blobs),
        cmocka_unit_test(the_blob_is_found),
        cmocka_unit_test(counts),
        cmocka_unit_test(entries_are_judged),
        cmocka_unit_test(texts_are_bounded),
        cmocka_unit_test(long_models_are_cut),
        cmocka_unit_test(names),
        cmocka_unit_test(streams_are_found_by_name),
        cmocka_unit_test(a_preview_needs_its_name),
        cmocka_unit_test(names_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
