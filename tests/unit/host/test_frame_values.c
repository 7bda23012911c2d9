/*
 * What the camera reported of a frame, as the library's caller reads it.
 */
#include "host_support.h"

#include <math.h>
#include <stdio.h>

#include "host/sinks/files/frame_json.h"

static struct frame_pool *make_pool(void)
{
    struct frame_pool *pool = frame_pool_create(2, SIZE_MAX);
    assert_non_null(pool);
    return pool;
}

static struct pitether_frame *take(struct frame_pool *pool)
{
    struct pitether_frame *frame = frame_pool_take(pool);
    assert_non_null(frame);
    return frame;
}

/* Connections number the names anew, and frames of all of them are there at once: each has what it
 * was told, by name, of whatever type. */
static void values_by_name(void **state)
{
    (void)state;
    struct frame_pool *pool = make_pool();
    struct pitether_frame *one = take(pool), *other = take(pool);
    struct told first = { 0 }, second = { 0 };
    told_add(&first, "ExposureTime", value_of_int32(8333));
    told_add(&first, "ColourGains", value_of_floats((float[]){ 1.5f, NAN }, 2));
    told_add(&first, "AeLocked", value_of_bool(true));
    told_add(&second, "AeLocked", value_of_bool(false));
    told_add(&second, "ScalerCrop", value_of_rectangle((struct value_rectangle){ -1, 2, 3, 4 }));
    told_add(&second, "ExposureTime", value_of_int64(INT64_C(5000000000)));
    frame_tell(one, &first);
    frame_tell(other, &second);
    struct pitether_value value;
    assert_true(pitether_frame_number(one, "ExposureTime") == 8333);
    assert_true(pitether_frame_number(other, "ExposureTime") == 5e9);
    assert_true(pitether_frame_value(one, "AeLocked", &value));
    assert_int_equal(value.type, PITETHER_VALUE_BOOL);
    assert_int_equal(value.bytes[0], 1);
    assert_true(pitether_frame_number(other, "AeLocked") == 0);
    assert_true(pitether_frame_value(other, "ScalerCrop", &value));
    assert_int_equal(value.type, PITETHER_VALUE_RECTANGLE);
    assert_int_equal(value.rectangle[0].x, -1);
    assert_int_equal(value.rectangle[0].height, 4);
    assert_true(isnan(pitether_frame_number(other, "ScalerCrop")));
    assert_false(pitether_frame_value(one, "ScalerCrop", &value));
    assert_true(isnan(pitether_frame_number(one, "exposuretime")));
    pitether_frame_release(one);
    pitether_frame_release(other);
    frame_pool_destroy(pool);
}

static void all_values_in_order(void **state)
{
    (void)state;
    static const char *const names[] = { "ExposureTime", "ColourGains", "Nothing" };
    struct frame_pool *pool = make_pool();
    struct pitether_frame *frame = take(pool);
    struct pitether_value value;
    struct told told = { 0 };
    size_t at = 0;
    told_add(&told, names[0], value_of_int32(8333));
    told_add(&told, names[1], value_of_floats((float[]){ 1.5f, NAN }, 2));
    told_add(&told, names[2], value_of_floats((float[]){ 0 }, 0));
    frame_tell(frame, &told);
    for (unsigned i = 0; i < 3; i++) {
        assert_string_equal(pitether_frame_next_value(frame, &at, &value), names[i]);
        assert_int_equal(value.count, i == 2 ? 0 : i + 1);
        assert_int_equal(value.array, i > 0);
    }
    assert_null(pitether_frame_next_value(frame, &at, &value));
    assert_true(pitether_frame_value(frame, names[1], &value));
    assert_true(value.number[0] == 1.5f && isnan(value.number[1]));
    pitether_frame_release(frame);
    frame_pool_destroy(pool);
}

static unsigned count_values(const struct pitether_frame *frame)
{
    struct pitether_value value;
    unsigned count = 0;
    for (size_t at = 0; pitether_frame_next_value(frame, &at, &value);)
        count++;
    return count;
}

/* What came before what is wrong is kept. */
static void malformed_metadata(void **state)
{
    (void)state;
    struct frame_pool *pool = make_pool();
    struct pitether_frame *frame = take(pool);
    struct told told = { 0 };
    told_add(&told, "ExposureTime", value_of_int32(8333));
    told_add(&told, "Lux", value_of_float(2));
    told_add(&told, "FocusFoM", value_of_int32(3));
    unsigned whole = told.metadata.size, second = whole / 3;
    for (unsigned size = 0; size <= whole; size++) {
        told.metadata.size = (uint16_t)size;
        frame_tell(frame, &told);
        assert_int_equal(count_values(frame), size / second);
    }
    told.metadata.bytes[second] = 77; /* a number that no name has */
    frame_tell(frame, &told);
    assert_int_equal(count_values(frame), 1);
    pitether_frame_release(frame);
    frame_pool_destroy(pool);
}

static void a_name_that_comes_again(void **state)
{
    (void)state;
    struct frame_pool *pool = make_pool();
    struct pitether_frame *frame = take(pool);
    struct told told = { 0 };
    told_add(&told, "Lux", value_of_float(2));
    told_add(&told, "Lux", value_of_float(3));
    told_add(&told, "Lux", value_of_int32(4));
    told_add(&told, "FocusFoM", value_of_int32(5));
    frame_tell(frame, &told);
    assert_int_equal(count_values(frame), 2);
    assert_true(pitether_frame_number(frame, "Lux") == 2);
    assert_true(pitether_frame_number(frame, "FocusFoM") == 5);
    pitether_frame_release(frame);
    frame_pool_destroy(pool);
}

/* Over several connections: those that came first are kept. */
static void more_names_than_there_may_be(void **state)
{
    (void)state;
    struct frame_pool *pool = make_pool();
    struct pitether_frame *frame = take(pool);
    for (unsigned i = 1; i < METADATA_NAMES_MAX + 10; i++) {
        char name[16];
        snprintf(name, sizeof(name), "Name%u", i);
        struct told told = { 0 };
        told_add(&told, name, value_of_bool(true));
        told_add(&told, "Name0", value_of_bool(true));
        frame_tell(frame, &told);
        assert_int_equal(count_values(frame), i < METADATA_NAMES_MAX ? 2 : 1);
        assert_true(pitether_frame_number(frame, "Name0") == 1);
    }
    pitether_frame_release(frame);
    frame_pool_destroy(pool);
}

static unsigned allocations;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    allocations++;
    return __real_realloc(block, size);
}

/* From the second frame on, whatever comes with it: names are few, and frames used again. */
static void nothing_is_allocated_per_frame(void **state)
{
    (void)state;
    static char line[FRAME_JSON_LINE_SIZE];
    struct frame_pool *pool = make_pool();
    struct told told = { 0 };
    allocations = 0;
    for (unsigned i = 0; i < 1000; i++) {
        char name[16];
        if (i % 10 == 0 && told.names.count < 60) {
            snprintf(name, sizeof(name), "Name%u", i);
            told_add(&told, name, value_of_int32((int)i));
        }
        struct pitether_frame *frame = frame_make(pool, i, 1000);
        frame_tell(frame, &told);
        assert_in_range(frame_json_line(frame, "1.jpg", 0, line), 1, sizeof(line));
        pitether_frame_release(frame);
        if (i > 0)
            continue;
        assert_true(allocations > 0);
        allocations = 0;
    }
    assert_int_equal(allocations, 0);
    pitether_frame_release(take(pool));
    frame_pool_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_by_name),
        cmocka_unit_test(all_values_in_order),
        cmocka_unit_test(malformed_metadata),
        cmocka_unit_test(a_name_that_comes_again),
        cmocka_unit_test(nothing_is_allocated_per_frame),
        cmocka_unit_test(more_names_than_there_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
