/*
 * A folder of saved frames: the files, and what the index says of them.
 */
#include "save_fixture.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/lib/from_wire.h"
#include "host/sinks/files/file_name.h"
#include "shared/base/clock.h"
#include "shared/protocol/wire.h"

static void frames_are_saved_as_they_are(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture, "frame-{id}.jpg");
    for (unsigned id = 7; id < 17; id++)
        assert_int_equal(save(fixture, id, 1 + 30000 * (id - 7)), 0);
    assert_int_equal(count_files(fixture), 10 + 1);
    fixture_stop(fixture);
    assert_int_equal(count_files(fixture), 10 + 1);
    read_index(fixture);
    assert_int_equal(fixture->rows, 10);
    for (unsigned i = 0; i < 10; i++) {
        char name[32], id[8], size[16];
        snprintf(name, sizeof(name), "frame-%08u.jpg", i + 7);
        snprintf(id, sizeof(id), "%u", i + 7);
        snprintf(size, sizeof(size), "%u", 1 + 30000 * i);
        assert_file(fixture, name, i + 7, 1 + 30000 * i);
        assert_row(fixture, i, name, id);
        assert_string_equal(fixture->fields[i][16], size);
    }
}

static struct pitether_frame *full_frame(struct fixture *fixture)
{
    struct pitether_frame *frame = frame_make(fixture->pool, 3, 100);
    frame->crc32c = 0xBEEF;
    frame->times = (struct pitether_times){ .sensor = 1000000,
                                            .captured = 1000001,
                                            .encode_start = 1000002,
                                            .encode_end = 1000003,
                                            .send_start = 1000004,
                                            .send_end = 1000005,
                                            .last_byte = 4500000,
                                            .offset = -2000000,
                                            .error = 42,
                                            .offset_known = true };
    frame->metadata = (struct pitether_metadata){ .exposure_s = 0.008333,
                                                  .analogue_gain = 1.5,
                                                  .digital_gain = 2.25,
                                                  .colour_temperature_k = 5600,
                                                  .lux = 123.456,
                                                  .lens_position_dioptres = 0.25,
                                                  .wall_clock_ns = 1795295625123456789 };
    return frame;
}

static void every_column(void **state)
{
    static const char *const full[COLUMNS] = {
        "3.jpg",   "0000000000c0ffee",
        "3",       "2026-11-21T21:13:45.123456789Z",
        "1000000", "1000001",
        "1000002", "1000003",
        "1000004", "1000005",
        "4500000", "-2000000",
        "42",      "1.500000",
        "640",     "480",
        "100",     "0000beef",
        "8333",    "1.5",
        "2.25",    "5600",
        "123.456", "0.25",
    };
    struct fixture *fixture = *state;
    fixture_start(fixture, "{wall}.{id}.jpg");
    struct pitether_frame *frame = full_frame(fixture);
    assert_int_equal(files_write(&fixture->files, frame), 0);
    frame->metadata = from_wire_metadata(&(struct wire_metadata){
        .present = WIRE_META_WALL_CLOCK, .wall_clock_ns = frame->metadata.wall_clock_ns });
    frame->times.offset_known = false;
    frame->id = 4;
    assert_int_equal(files_write(&fixture->files, frame), 0);
    pitether_frame_release(frame);
    read_index(fixture);
    assert_int_equal(fixture->rows, 2);
    assert_string_equal(fixture->fields[0][0], "20261121T211345.123Z.00000003.jpg");
    for (unsigned i = 1; i < COLUMNS; i++)
        assert_string_equal(fixture->fields[0][i], full[i]);
    for (unsigned i = 1; i < COLUMNS; i++) {
        bool known = i < 11 || (i > 13 && i < 18);
        assert_string_equal(fixture->fields[1][i], i == 2 ? "4" : known ? full[i] : "");
    }
}

/* What becomes of metadata on its way over the wire. */
static struct pitether_metadata carry(const struct wire_metadata *metadata)
{
    uint8_t bytes[WIRE_ENCODED_MAX];
    struct wire_message back,
        message = { .type = WIRE_FRAME_HEAD, .frame_head.metadata = *metadata };
    struct wire_raw raw = { .body = bytes + WIRE_HEADER_SIZE };
    wire_encode(&message, bytes);
    assert_int_equal(wire_decode_header(bytes, &raw.header), 0);
    assert_int_equal(wire_decode(&raw, &back), 0);
    return from_wire_metadata(&back.frame_head.metadata);
}

static bool is_nothing(const struct pitether_metadata *metadata)
{
    return isnan(metadata->exposure_s) && isnan(metadata->analogue_gain) &&
           isnan(metadata->digital_gain) && isnan(metadata->colour_temperature_k) &&
           isnan(metadata->lux) && isnan(metadata->lens_position_dioptres) &&
           metadata->wall_clock_ns == 0;
}

static void what_travels_has_a_column(void **state)
{
    struct fixture *fixture = *state;
    struct pitether_frame *frame = frame_make(fixture->pool, 1, 10);
    unsigned saved = 1, travelled = 0;
    fixture_start(fixture, "{id}.jpg");
    assert_int_equal(files_write(&fixture->files, frame), 0);
    for (unsigned bit = 0; bit < 32; bit++) {
        struct wire_metadata metadata;
        memset(&metadata, 0x11, sizeof(metadata));
        metadata.present = 1u << bit;
        frame->metadata = carry(&metadata);
        if (is_nothing(&frame->metadata))
            continue;
        assert_int_equal(files_write(&fixture->files, frame), 0);
        read_index(fixture);
        assert_int_equal(fixture->rows, ++saved);
        bool told = false;
        for (unsigned column = 3; column < COLUMNS; column++)
            told |= strcmp(fixture->fields[0][column], fixture->fields[saved - 1][column]) != 0;
        if (!told)
            fail_msg("what has bit %u is in no column", bit);
        travelled++;
    }
    pitether_frame_release(frame);
    assert_in_range(travelled, 7, 32);
}

/* Without the device's word on it, wall_time is when the frame was taken, as far as is known. */
static void a_wall_time_that_was_not_told(void **state)
{
    struct fixture *fixture = *state;
    enum { HOUR_S = 3600 };
    struct pitether_frame *frame = frame_make(fixture->pool, 1, 10);
    frame->times.last_byte = clock_monotonic();
    frame->times.sensor = frame->times.last_byte + 5 * HOUR_S * CLOCK_SECOND;
    frame->times.offset = 6 * HOUR_S * CLOCK_SECOND;
    fixture_start(fixture, "{id}.jpg");
    for (unsigned known = 0; known < 2; known++) {
        frame->times.offset_known = known;
        assert_int_equal(files_write(&fixture->files, frame), 0);
    }
    pitether_frame_release(frame);
    read_index(fixture);
    double took[2];
    for (unsigned known = 0; known < 2; known++) {
        struct tm utc = { 0 };
        assert_non_null(strptime(fixture->fields[known][3], "%Y-%m-%dT%H:%M:%S", &utc));
        took[known] = (double)timegm(&utc);
    }
    assert_true(took[0] - took[1] > HOUR_S - 60 && took[0] - took[1] < HOUR_S + 60);
}

static void names_with_commas_and_quotes(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture, "a,\"b\" {id},\".jpg");
    assert_int_equal(save(fixture, 1, 10), 0);
    assert_int_equal(save(fixture, 2, 10), 0);
    assert_file(fixture, "a,\"b\" 00000001,\".jpg", 1, 10);
    read_index(fixture);
    assert_int_equal(fixture->rows, 2);
    assert_row(fixture, 0, "a,\"b\" 00000001,\".jpg", "1");
    assert_row(fixture, 1, "a,\"b\" 00000002,\".jpg", "2");
}

/* The longest row there can be is whole. */
static void the_longest_row(void **state)
{
    struct fixture *fixture = *state;
    char template[FILE_NAME_MAX + 1] = "";
    struct error error;
    do
        strcat(template, "\"");
    while (strlen(template) < FILE_NAME_MAX - 40);
    strcat(template, "{id}");
    while (file_name_check(template, &error) == 0)
        strcat(template, "\"");
    template[strlen(template) - 1] = '\0';
    fixture_start(fixture, template);
    struct pitether_frame *frame = full_frame(fixture);
    memset(&frame->times, 0xFF, sizeof(frame->times) - sizeof(uint64_t));
    frame->times.offset = INT64_MIN;
    frame->times.last_byte = UINT64_MAX / 2;
    frame->id = frame->epoch = UINT64_MAX;
    frame->width = frame->height = UINT_MAX;
    struct wire_metadata metadata;
    memset(&metadata, 0xFF, sizeof(metadata));
    frame->metadata = from_wire_metadata(&metadata);
    assert_int_equal(files_write(&fixture->files, frame), 0);
    pitether_frame_release(frame);
    read_index(fixture);
    assert_int_equal(fixture->rows, 1);
    assert_int_equal(fixture->fields[0][0][strlen(fixture->fields[0][0]) - 1], '"');
    assert_non_null(strstr(fixture->fields[0][0], "18446744073709551615"));
    assert_string_equal(fixture->fields[0][18], "4294967295");
    assert_string_equal(fixture->fields[0][23], "4294967.295");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frames_are_saved_as_they_are), TEST(every_column),
        TEST(what_travels_has_a_column),    TEST(a_wall_time_that_was_not_told),
        TEST(names_with_commas_and_quotes), TEST(the_longest_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
