#include "sensor_fixture.h"

#include <stdlib.h>

enum { WIDTH = 640, HEIGHT = 480 };

struct sensor *make_sensor(double fps, double min_fps, const char *faults)
{
    struct sensor *sensor = calloc(1, sizeof(*sensor));
    const struct camera_request request = { .fps = fps };
    struct error error;
    assert_non_null(sensor);
    if (faults)
        assert_int_equal(faults_parse(&sensor->faults.script, faults, &error), 0);
    const struct sensor_mode *mode = sensor_mode_choose(&request, &error);
    assert_non_null(mode);
    sensor_configure(sensor, mode, WIDTH, HEIGHT, fps, min_fps);
    return sensor;
}

void set(struct control_list *list, const char *name, struct value value)
{
    assert_true(control_list_set(list, name, &value));
}

struct control_list exposure(int32_t us, float gain)
{
    struct control_list list = { .count = 0 };
    set(&list, "ExposureTimeMode", value_of_int32(MODE_MANUAL));
    set(&list, "ExposureTime", value_of_int32(us));
    set(&list, "AnalogueGainMode", value_of_int32(MODE_MANUAL));
    set(&list, "AnalogueGain", value_of_float(gain));
    return list;
}

struct control_list contrast(float factor)
{
    struct control_list list = { .count = 0 };
    set(&list, "Contrast", value_of_float(factor));
    return list;
}

uint64_t expose_to(struct sensor *sensor, uint32_t first, uint32_t last)
{
    uint64_t shown = 0;
    for (uint32_t i = first; i <= last; i++)
        shown = sensor_expose(sensor, i);
    return shown;
}

double light(const struct sensor *sensor)
{
    const struct sensor_state *state = &sensor->state;
    return state->exposure_us * (double)state->gain * (double)state->digital_gain;
}

bool is_plain(const struct sensor *sensor)
{
    struct card_look look;
    sensor_look(sensor, &look);
    return look.tone.neutral && zoom_is_neutral(&look.zoom) && look.blur == 0;
}
