/*
 * The test pattern's sensor: its table, what changes do and from which frame on, what it reports,
 * and what goes wrong on cue.
 */
#include "sensor_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "device/camera/sensor/report.h"
#include "device/camera/sensor/table.h"

static void the_table_has_what_can_be_set(void **state)
{
    (void)state;
    struct sensor *sensor = make_sensor(30, 0, NULL);
    struct control_table table;
    assert_int_equal(sensor_table_make(&table, sensor->mode, &sensor->asked), 0);
    for (unsigned i = 0; i < table.count; i++) {
        struct control_info *info = &table.items[i];
        assert_true(value_element_size(info->type) > 0);
        assert_ptr_equal(control_table_find(&table, info->name, strlen(info->name)), info);
        assert_true(info->def.type == VALUE_NONE || info->def.type == info->type);
        assert_true(info->max.type == info->type);
        for (unsigned k = 0; k < info->enumerator_count; k++)
            assert_int_equal(info->enumerators[k].value, k);
    }
    const struct control_info *info = control_table_find(&table, "ExposureTime", 12);
    assert_string_equal(info->unit, "µs");
    assert_true(info->settable);
    info = control_table_find(&table, "ScalerCropMaximum", 17);
    assert_false(info->settable);
    assert_int_equal(info->def.rectangle[0].width, SENSOR_WIDTH);
    info = control_table_find(&table, "FrameDurationLimits", 19);
    assert_int_equal(info->def.int64[0], 33333);
    assert_int_equal(info->def.int64[1], 33333);
    assert_string_equal(control_word(control_table_find(&table, "AeMeteringMode", 14), 1),
                        "MeteringSpot");
    control_table_clear(&table);
    free(sensor);
}

/* Exposure and gain after two frames, contrast at once, and both together when the last one is. */
static void changes_act_when_they_should(void **state)
{
    (void)state;
    struct sensor *sensor = make_sensor(30, 0, NULL);
    struct control_list list = exposure(5000, 2);
    expose_to(sensor, 0, 9);
    int32_t before = sensor->state.exposure_us;
    assert_true(sensor_send(sensor, 10, 1, &list));
    assert_int_equal(sensor->applied, 1);
    assert_int_equal(expose_to(sensor, 10, 10), 0);
    assert_int_equal(expose_to(sensor, 11, 11), 0);
    assert_int_equal(sensor->state.exposure_us, before);
    assert_int_equal(expose_to(sensor, 12, 12), 1);
    assert_int_equal(sensor->state.exposure_us, 4995); /* 185 lines */
    assert_true(sensor->state.gain == 2);
    assert_true(sensor->state.digital_gain == 1);
    assert_int_equal(sensor->state.ae_state, AE_IDLE);
    assert_int_equal(expose_to(sensor, 13, 13), 0);

    list = contrast(2);
    assert_true(sensor_send(sensor, 14, 2, &list));
    assert_int_equal(expose_to(sensor, 14, 14), 2);
    assert_true(sensor->state.now.contrast == 2);

    list = exposure(10000, 1);
    set(&list, "Contrast", value_of_float(1));
    assert_true(sensor_send(sensor, 20, 7, &list));
    assert_int_equal(expose_to(sensor, 20, 20), 0);
    assert_true(sensor->state.now.contrast == 1);
    assert_int_equal(sensor->state.exposure_us, 4995);
    assert_int_equal(expose_to(sensor, 21, 21), 0);
    assert_int_equal(expose_to(sensor, 22, 22), 7);
    assert_int_equal(sensor->state.exposure_us, 9990);
    free(sensor);
}

/* Each of many changes, close to one another, is shown by exactly one frame, in order, and not
 * before an earlier one. */
static void changes_keep_their_order(void **state)
{
    (void)state;
    struct sensor *sensor = make_sensor(30, 0, NULL);
    struct control_list list = exposure(5000, 2);
    assert_true(sensor_send(sensor, 0, 1, &list));
    assert_int_equal(sensor_expose(sensor, 0), 0);
    list = contrast(2);
    assert_true(sensor_send(sensor, 1, 2, &list));
    assert_int_equal(sensor_expose(sensor, 1), 0);
    assert_true(sensor->state.now.contrast == 1);
    assert_int_equal(sensor_expose(sensor, 2), 2); /* shows both, and contrast with it */
    assert_true(sensor->state.now.contrast == 2);
    assert_int_equal(sensor->state.exposure_us, 4995);
    uint64_t sent = 2, shown = 2;
    for (uint32_t frame = 3; frame < 1000; frame++) {
        list = frame % 3 ? exposure((int32_t)(frame * 27), 1) : contrast((float)frame);
        if (frame < 900 && frame % 4)
            assert_true(sensor_send(sensor, frame, ++sent, &list));
        uint64_t now = sensor_expose(sensor, frame);
        assert_true(now == 0 || now > shown);
        shown = now ? now : shown;
    }
    assert_int_equal(shown, sent);
    free(sensor);
}

/* What the list of the start has is in force at once; another run begins with the defaults. */
static void runs_begin_with_what_is_set(void **state)
{
    (void)state;
    struct sensor *sensor = make_sensor(30, 0, NULL);
    struct control_list list = exposure(1000, 4), empty = { .count = 0 };
    sensor_begin(sensor, &list);
    assert_int_equal(sensor_expose(sensor, 0), 0);
    assert_int_equal(sensor->state.exposure_us, 999);
    assert_true(sensor->state.gain == 4);
    list = contrast(3);
    assert_true(sensor_send(sensor, 1, 1, &list));
    sensor_begin(sensor, &empty);
    assert_int_equal(expose_to(sensor, 1, 20), 0);
    assert_true(is_plain(sensor));
    free(sensor);
}

static void values_are_ignored_while_the_camera_decides(void **state)
{
    (void)state;
    struct sensor *sensor = make_sensor(30, 0, NULL);
    struct control_list list = { .count = 0 };
    set(&list, "ExposureTime", value_of_int32(1000));
    set(&list, "LensPosition", value_of_float(9));
    set(&list, "AfMode", value_of_int32(AF_CONTINUOUS));
    set(&list, "NoSuchControl", value_of_int32(1));
    set(&list, "Contrast", value_of_int32(9)); /* not of its type */
    assert_true(sensor_send(sensor, 0, 1, &list));
    expose_to(sensor, 0, 20);
    assert_true(is_plain(sensor));
    assert_int_equal(sensor->state.af_state, AF_FOCUSED);
    free(sensor);
}

/* All that a camera reports, in less than 300 bytes; without what can be set if that is wanted. */
static void metadata_say_what_is_in_force(void **state)
{
    (void)state;
    struct sensor *sensor = make_sensor(30, 0, NULL);
    struct metadata_names *names = calloc(1, sizeof(*names));
    assert_non_null(names);
    struct sensor_report report;
    struct metadata metadata;
    struct value value;
    struct control_list list = exposure(5000, 2);
    set(&list, "AfWindows", value_of_rectangle((struct value_rectangle){ 1, 2, 3, 4 }));
    list.items[list.count - 1].value.array = true;
    sensor_begin(sensor, &list);
    expose_to(sensor, 0, 3);
    sensor_report_init(&report, names);
    unsigned count = metadata_names_count(names);
    sensor_report_init(&report, names); /* the same names again */
    assert_int_equal(metadata_names_count(names), count);
    sensor_report_pack(&report, &sensor->state, false, &metadata);
    assert_in_range(metadata.size, 200, 299);
    assert_true(metadata_number(&metadata, names, "ExposureTime") == 4995);
    assert_true(metadata_number(&metadata, names, "AnalogueGain") == 2);
    assert_true(metadata_number(&metadata, names, "FrameDuration") == 33333);
    assert_true(metadata_number(&metadata, names, "AeEnable") == 0);
    assert_true(metadata_number(&metadata, names, "Lux") == 400);
    assert_true(metadata_find(&metadata, names, "ColourGains", &value));
    assert_int_equal(value.count, 2);
    assert_true(value.number[1] == 1.5F);
    assert_true(metadata_find(&metadata, names, "AfWindows", &value));
    assert_int_equal(value.rectangle[0].height, 4);
    unsigned packed = 0, number;
    int result;
    for (size_t at = 0; (result = metadata_next(&metadata, names, &at, &number, &value)) > 0;)
        packed++;
    assert_int_equal(result, 0);
    assert_int_equal(packed, count);
    sensor_report_pack(&report, &sensor->state, true, &metadata);
    assert_false(metadata_find(&metadata, names, "ExposureTime", &value));
    assert_true(metadata_find(&metadata, names, "DigitalGain", &value));
    sensor_report_init(&report, NULL);
    sensor_report_pack(&report, &sensor->state, false, &metadata);
    assert_int_equal(metadata.size, 0);
    free(names);
    free(sensor);
}

static void changes_go_wrong_on_cue(void **state)
{
    (void)state;
    struct control_list list = exposure(8000, 1);
    struct sensor *sensor = make_sensor(30, 0, "ignore@5:1,clamp@10:1,reject@20:1,slow@30:3");
    assert_true(sensor_send(sensor, 0, 1, &list));
    assert_int_equal(expose_to(sensor, 0, 2), 1);
    list = exposure(4000, 1);
    assert_true(sensor_send(sensor, 5, 2, &list)); /* is ignored */
    assert_int_equal(sensor->applied, 2);
    assert_int_equal(expose_to(sensor, 5, 9), 0);
    assert_int_equal(sensor->state.exposure_us, 7992);
    assert_true(sensor_send(sensor, 10, 3, &list)); /* is clamped */
    assert_int_equal(expose_to(sensor, 10, 12), 3);
    assert_int_equal(sensor->state.exposure_us, 1998);
    list = exposure(6000, 1);
    assert_false(sensor_send(sensor, 20, 4, &list)); /* is refused */
    assert_int_equal(sensor->applied, 4);
    assert_int_equal(expose_to(sensor, 20, 29), 0);
    assert_int_equal(sensor->state.exposure_us, 1998);
    assert_true(sensor_send(sensor, 30, 5, &list)); /* is late, ... */
    assert_int_equal(expose_to(sensor, 30, 34), 0);
    assert_int_equal(expose_to(sensor, 35, 35), 5);
    assert_true(sensor_send(sensor, 40, 6, &list)); /* ... and so are all others */
    assert_int_equal(expose_to(sensor, 40, 44), 0);
    assert_int_equal(expose_to(sensor, 45, 45), 6);
    free(sensor);

    sensor = make_sensor(30, 0, "ignore@5,unshown@0");
    assert_true(sensor_send(sensor, 0, 1, &list));
    assert_int_equal(expose_to(sensor, 0, 4), 0);
    assert_int_equal(sensor->state.exposure_us, 5994);
    list = contrast(2);
    for (uint32_t frame = 5; frame < 50; frame++) { /* no count: all of them */
        assert_true(sensor_send(sensor, frame, frame, &list));
        expose_to(sensor, frame, frame);
        assert_true(sensor->state.now.contrast == 1);
    }
    free(sensor);
}

/* However late they are, and however many wait: the last one wins in the end. */
static void there_is_a_bound(void **state)
{
    (void)state;
    struct sensor *sensor = make_sensor(30, 0, "slow@0:1000");
    enum { CHANGES = 3 * SENSOR_QUEUE_MAX };
    for (uint32_t frame = 0; frame < CHANGES; frame++) {
        struct control_list list = contrast((float)(frame + 2));
        assert_true(sensor_send(sensor, frame, frame + 1, &list));
        assert_int_equal(sensor_expose(sensor, frame), 0);
        assert_true(sensor->count <= SENSOR_QUEUE_MAX);
    }
    assert_int_equal(expose_to(sensor, CHANGES, 999 + CHANGES), CHANGES);
    assert_true(sensor->state.now.contrast == CHANGES + 1);
    free(sensor);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_has_what_can_be_set),
        cmocka_unit_test(changes_act_when_they_should),
        cmocka_unit_test(changes_keep_their_order),
        cmocka_unit_test(runs_begin_with_what_is_set),
        cmocka_unit_test(values_are_ignored_while_the_camera_decides),
        cmocka_unit_test(metadata_say_what_is_in_force),
        cmocka_unit_test(changes_go_wrong_on_cue),
        cmocka_unit_test(there_is_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
