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

#include "host/sinks/files/file_name.h"
#include "shared/base/clock.h"

static void frames_are_saved_as_they_are(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture, "frame-{id}.jpg");
    for (unsigned id = 7; id < 17; id++)
        assert_int_equal(save(fixture, id, 1 + 30000 * (id - 7)), 0);
    assert_int_equal(count_files(fixture), 10 + 2);
    fixture_stop(fixture);
    assert_int_equal(count_files(fixture), 10 + 2);
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
                                            .offset_known = true,
                                            .mid_exposure = 5166500,
                                            .sensor_wall = 1795295625123456789 };
    struct told told = { 0 };
    told_add(&told, "ExposureTime", value_of_int32(8333));
    told_add(&told, "AnalogueGain", value_of_float(1.5f));
    told_add(&told, "DigitalGain", value_of_float(2.25f));
    told_add(&told, "ColourTemperature", value_of_int32(5600));
    told_add(&told, "Lux", value_of_float(123.4375f));
    told_add(&told, "LensPosition", value_of_float(0.25f));
    frame_tell(frame, &told);
    return frame;
}

static void every_column(void **state)
{
    static const char *const full[COLUMNS] = {
        "3.jpg",    "0000000000c0ffee",
        "3",        "2026-11-21T21:13:45.123456789Z",
        "1000000",  "1000001",
        "1000002",  "1000003",
        "1000004",  "1000005",
        "4500000",  "-2000000",
        "42",       "1.500000",
        "640",      "480",
        "100",      "0000beef",
        "8333",     "1.5",
        "2.25",     "5600",
        "123.4375", "0.25",
        "5166500",
    };
    struct fixture *fixture = *state;
    fixture_start(fixture, "{wall}.{id}.jpg");
    struct pitether_frame *frame = full_frame(fixture);
    assert_int_equal(files_write(&fixture->files, frame), 0);
    frame_tell(frame, &(struct told){ 0 });
    frame->times.offset_known = false;
    frame->times.mid_exposure = 0;
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

/* Of a type that libcamera does not give it, or without a number: what there is of it. */
static void values_of_other_types(void **state)
{
    struct fixture *fixture = *state;
    struct pitether_frame *frame = frame_make(fixture->pool, 1, 10);
    struct told told = { 0 };
    told_add(&told, "ExposureTime", value_of_int64(INT64_C(240000000)));
    told_add(&told, "AnalogueGain", value_of_floats((float[]){ 2, 3 }, 2));
    told_add(&told, "DigitalGain", value_of_floats((float[]){ 0 }, 0));
    told_add(&told, "ColourTemperature", value_of_text("5600"));
    told_add(&told, "Lux", value_of_float(NAN));
    told_add(&told, "LensPosition", value_of_rectangle((struct value_rectangle){ 1, 2, 3, 4 }));
    frame_tell(frame, &told);
    fixture_start(fixture, "{id}.jpg");
    assert_int_equal(files_write(&fixture->files, frame), 0);
    pitether_frame_release(frame);
    read_index(fixture);
    static const char *const expected[] = { "240000000", "2", "", "", "", "" };
    for (unsigned i = 0; i < 6; i++)
        assert_string_equal(fixture->fields[0][18 + i], expected[i]);
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
    memset(&frame->times, 0xFF, offsetof(struct pitether_times, offset));
    frame->times.error = UINT64_MAX;
    frame->times.offset = INT64_MIN;
    frame->times.last_byte = UINT64_MAX / 2;
    frame->times.mid_exposure = UINT64_MAX;
    frame->id = frame->epoch = UINT64_MAX;
    frame->width = frame->height = UINT_MAX;
    struct told told = { 0 };
    static const char *const names[] = { "ExposureTime",      "AnalogueGain", "DigitalGain",
                                         "ColourTemperature", "Lux",          "LensPosition" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        told_add(&told, names[i], value_of_float(-1.2345678e-38f));
    frame_tell(frame, &told);
    assert_int_equal(files_write(&fixture->files, frame), 0);
    pitether_frame_release(frame);
    read_index(fixture);
    assert_int_equal(fixture->rows, 1);
    assert_int_equal(fixture->fields[0][0][strlen(fixture->fields[0][0]) - 1], '"');
    assert_non_null(strstr(fixture->fields[0][0], "18446744073709551615"));
    assert_string_equal(fixture->fields[0][18], "-1.2345678e-38");
    assert_string_equal(fixture->fields[0][23], "-1.2345678e-38");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frames_are_saved_as_they_are), TEST(every_column),
        TEST(values_of_other_types),        TEST(a_wall_time_that_was_not_told),
        TEST(names_with_commas_and_quotes), TEST(the_longest_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
