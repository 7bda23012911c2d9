/*
 * The lines of frames.jsonl.
 */
#include "host_support.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/sinks/files/file_name.h"
#include "host/sinks/files/frame_json.h"

#define WALL_NS UINT64_C(1795295625123456789)

static char line[FRAME_JSON_LINE_SIZE + 1];

static int set_up(void **state)
{
    *state = frame_pool_create(2, SIZE_MAX);
    assert_non_null(*state);
    return 0;
}

static int tear_down(void **state)
{
    frame_pool_destroy(*state);
    return 0;
}

/* Takes the frame, and writes its line into `line`. */
static void write_line(struct pitether_frame *frame, const char *name)
{
    memset(line, 'x', sizeof(line));
    size_t size = frame_json_line(frame, name, WALL_NS, line);
    assert_in_range(size, 1, FRAME_JSON_LINE_SIZE);
    assert_int_equal(line[FRAME_JSON_LINE_SIZE], 'x');
    line[size] = '\0';
    assert_ptr_equal(strchr(line, '\n'), line + size - 1);
    pitether_frame_release(frame);
}

static struct told all_types(void)
{
    struct told told = { 0 };
    struct value size = { .type = VALUE_SIZE, .count = 1, .size = { { 640, 480 } } };
    struct value points = {
        .type = VALUE_POINT, .array = true, .count = 2, .point = { { -1, 2 }, { 3, -4 } }
    };
    told_add(&told, "ExposureTime", value_of_int32(8333));
    told_add(&told, "AnalogueGain", value_of_float(1.1f));
    told_add(&told, "FrameDuration", value_of_int64(INT64_C(-5000000000)));
    told_add(&told, "AeLocked", value_of_bool(true));
    told_add(&told, "Lux", value_of_float(NAN));
    told_add(&told, "Far", value_of_float(-INFINITY));
    told_add(&told, "ColourGains", value_of_floats((float[]){ 1.5f, NAN }, 2));
    told_add(&told, "ScalerCrop", value_of_rectangle((struct value_rectangle){ -8, 16, 3, 4 }));
    told_add(&told, "rpi::Size", size);
    told_add(&told, "Points", points);
    told_add(&told, "None", value_of_floats((float[]){ 0 }, 0));
    told_add(&told, "Word", value_of_text("a \"b\""));
    return told;
}

static void all_that_is_known(void **state)
{
    struct pitether_frame *frame = frame_make(*state, 3, 100);
    struct told told = all_types();
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
                                            .mid_exposure = 5166500 };
    frame_tell(frame, &told);
    write_line(frame, "a, \"b\".jpg");
    assert_string_equal(
        line, "{\"file\":\"a, \\\"b\\\".jpg\",\"epoch\":\"0000000000c0ffee\",\"id\":3,"
              "\"wall_time\":\"2026-11-21T21:13:45.123456789Z\",\"sensor_ns\":1000000,"
              "\"mid_exposure_ns\":5166500,\"captured_ns\":1000001,\"encode_start_ns\":1000002,"
              "\"encode_end_ns\":1000003,\"send_start_ns\":1000004,\"send_end_ns\":1000005,"
              "\"received_host_ns\":4500000,\"clock_offset_ns\":-2000000,\"clock_error_ns\":42,"
              "\"latency_ms\":1.5,\"width\":640,\"height\":480,\"bytes\":100,"
              "\"crc32c\":\"0000beef\",\"metadata\":{\"ExposureTime\":8333,\"AnalogueGain\":1.1,"
              "\"FrameDuration\":-5000000000,\"AeLocked\":true,\"Lux\":null,\"Far\":null,"
              "\"ColourGains\":[1.5,null],\"ScalerCrop\":[-8,16,3,4],\"rpi::Size\":[640,480],"
              "\"Points\":[[-1,2],[3,-4]],\"None\":[],\"Word\":\"a \\\"b\\\"\"}}\n");
}

static void what_is_not_known(void **state)
{
    struct pitether_frame *frame = frame_make(*state, 3, 100);
    frame->times.sensor = 7;
    frame->times.last_byte = 8;
    frame->crc32c = 1;
    write_line(frame, "3.jpg");
    assert_string_equal(line,
                        "{\"file\":\"3.jpg\",\"epoch\":\"0000000000c0ffee\",\"id\":3,"
                        "\"wall_time\":\"2026-11-21T21:13:45.123456789Z\",\"sensor_ns\":7,"
                        "\"mid_exposure_ns\":null,\"captured_ns\":null,\"encode_start_ns\":null,"
                        "\"encode_end_ns\":null,\"send_start_ns\":null,\"send_end_ns\":null,"
                        "\"received_host_ns\":8,\"clock_offset_ns\":null,\"clock_error_ns\":null,"
                        "\"latency_ms\":null,\"width\":640,\"height\":480,\"bytes\":100,"
                        "\"crc32c\":\"00000001\",\"metadata\":{}}\n");
}

static struct pitether_frame *longest_frame(struct frame_pool *pool)
{
    struct pitether_frame *frame = frame_make(pool, 3, 100);
    memset(&frame->times, 0xFF, offsetof(struct pitether_times, offset));
    frame->times.offset = INT64_MIN;
    frame->times.offset_known = true;
    frame->times.mid_exposure = UINT64_MAX;
    frame->times.last_byte = UINT64_MAX / 2;
    frame->id = frame->epoch = UINT64_MAX;
    frame->width = frame->height = UINT_MAX;
    return frame;
}

/* The most names that there may be, and values that are as long as can be in the bytes that are
 * left. */
static void the_longest_line(void **state)
{
    char file[FILE_NAME_MAX + 1] = "", name[CONTROL_NAME_MAX + 1] = "";
    struct pitether_frame *frame = longest_frame(*state);
    struct told told = { 0 };
    memset(file, '"', FILE_NAME_MAX);
    for (unsigned i = 0; i < METADATA_NAMES_MAX; i++) {
        snprintf(name, sizeof(name), "%0*u", CONTROL_NAME_MAX, i);
        struct value value = value_of_bool(false);
        value.array = i == METADATA_NAMES_MAX - 1;
        value.count = value.array ? 128 : 1;
        told_add(&told, name, value);
    }
    frame_tell(frame, &told);
    write_line(frame, file);
    assert_non_null(strstr(line, name));
    assert_string_equal(line + strlen(line) - strlen("false,false]}}\n"), "false,false]}}\n");
}

/* Control characters take six times as much. What does not fit is left out, and the rest is whole.
 */
static void names_that_do_not_fit(void **state)
{
    char name[CONTROL_NAME_MAX + 1] = "";
    struct pitether_frame *frame = longest_frame(*state);
    struct told told = { 0 };
    for (unsigned i = 0; i < METADATA_NAMES_MAX - 1; i++) {
        memset(name, 1, CONTROL_NAME_MAX);
        name[0] = (char)(i + 1);
        told_add(&told, name, value_of_bool(true));
    }
    told_add(&told, "z", value_of_bool(true));
    frame_tell(frame, &told);
    write_line(frame, "3.jpg");
    assert_true(strlen(line) > FRAME_JSON_LINE_SIZE - 400);
    assert_string_equal(line + strlen(line) - strlen("\"z\":true}}\n"), "\"z\":true}}\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_that_is_known),
        TEST(what_is_not_known),
        TEST(the_longest_line),
        TEST(names_that_do_not_fit),
    };
    return cmocka_run_group_tests_name("frame_json", tests, NULL, NULL);
}
