#include "window_fixture.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pitether_value value_to_public(struct value value)
{
    struct pitether_value copy;
    assert_int_equal(sizeof(copy), sizeof(value));
    memcpy(&copy, &value, sizeof(copy));
    return copy;
}

static int on_set(void *user, const char *assignments, uint32_t *request)
{
    struct window_fixture *fixture = user;
    if (fixture->answer)
        return fixture->answer;
    assert_true(fixture->set_count < WINDOW_SETS_MAX);
    snprintf(fixture->sets[fixture->set_count], sizeof(fixture->sets[0]), "%s", assignments);
    *request = ++fixture->set_count;
    return 0;
}

int window_fixture_setup(void **state)
{
    struct window_fixture *fixture = *state = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    fixture->camera.set = on_set;
    fixture->camera.user = fixture;
    fixture->pool = frame_pool_create(4, 1 << 20);
    assert_non_null(fixture->pool);
    return 0;
}

int window_fixture_teardown(void **state)
{
    struct window_fixture *fixture = *state;
    camera_clear(&fixture->camera);
    frame_pool_destroy(fixture->pool);
    free(fixture);
    return 0;
}

static struct pitether_value number_of(enum pitether_value_type type, double number)
{
    if (isnan(number))
        return (struct pitether_value){ 0 };
    if (type == PITETHER_VALUE_BOOL)
        return value_to_public(value_of_bool(number > 0));
    if (type == PITETHER_VALUE_FLOAT)
        return value_to_public(value_of_float((float)number));
    return value_to_public(type == PITETHER_VALUE_INT64 ? value_of_int64((int64_t)number)
                                                        : value_of_int32((int32_t)number));
}

struct pitether_control *window_add(struct window_fixture *fixture, const char *name,
                                    enum pitether_value_type type, double min, double max,
                                    double def)
{
    assert_true(fixture->count < sizeof(fixture->controls) / sizeof(*fixture->controls));
    struct pitether_control *control = &fixture->controls[fixture->count++];
    *control = (struct pitether_control){ .type = (uint8_t)type,
                                          .settable = true,
                                          .min = number_of(type, min),
                                          .max = number_of(type, max),
                                          .def = number_of(type, def) };
    snprintf(control->name, sizeof(control->name), "%s", name);
    return control;
}

void window_add_words(struct pitether_control *control, const char *const *words)
{
    for (; *words; words++) {
        struct pitether_enumerator *one = &control->enumerators[control->enumerator_count];
        one->value = control->enumerator_count++;
        snprintf(one->name, sizeof(one->name), "%s", *words);
    }
}

void window_add_crop(struct window_fixture *fixture)
{
    struct pitether_control *crop =
        window_add(fixture, "ScalerCrop", PITETHER_VALUE_RECTANGLE, NAN, NAN, NAN);
    crop->min = value_to_public(value_of_rectangle((struct value_rectangle){ 0, 0, 64, 48 }));
    crop->max = value_to_public(value_of_rectangle((struct value_rectangle){ 8, 16, 4000, 3000 }));
    crop->def = crop->max;
}

void window_add_usual(struct window_fixture *fixture)
{
    static const char *const awb[] = { "AwbAuto", "AwbIndoor", "AwbDaylight", NULL };
    struct pitether_control *gains;
    window_add(fixture, "Contrast", PITETHER_VALUE_FLOAT, 0, 32, 1);
    window_add_words(window_add(fixture, "AwbMode", PITETHER_VALUE_INT32, NAN, NAN, 0), awb);
    strcpy(window_add(fixture, "ExposureTime", PITETHER_VALUE_INT32, 30, 66666, 20000)->unit, "µs");
    gains = window_add(fixture, "ColourGains", PITETHER_VALUE_FLOAT, 0, 32, NAN);
    gains->array = true;
    gains->size = 2;
    window_add(fixture, "AnalogueGain", PITETHER_VALUE_FLOAT, 1, 16, 1);
    window_add(fixture, "ExposureValue", PITETHER_VALUE_FLOAT, -8, 8, 0);
    window_add(fixture, "AwbLocked", PITETHER_VALUE_BOOL, NAN, NAN, 0)->settable = false;
}

void window_list(struct window_fixture *fixture)
{
    struct pitether_controls controls = { fixture->controls, fixture->count };
    assert_int_equal(camera_take_controls(&fixture->camera, &controls), 0);
}

void window_answer(struct window_fixture *fixture, uint32_t request, const char *name,
                   unsigned result, struct value now)
{
    struct pitether_change change = { .result = (uint8_t)result,
                                      .asked = value_to_public(now),
                                      .now = value_to_public(now),
                                      .why = "because of a test" };
    snprintf(change.name, sizeof(change.name), "%s", name);
    struct pitether_changed changed = { .status = PITETHER_CHANGED_DONE,
                                        .request = request,
                                        .first_id = 47,
                                        .by = "lab",
                                        .changes = &change,
                                        .count = 1 };
    camera_take_changed(&fixture->camera, &changed);
}

void window_refuse(struct window_fixture *fixture, uint32_t request, const char *text)
{
    struct pitether_changed changed = { .status = PITETHER_CHANGED_NOT_ALLOWED,
                                        .request = request };
    snprintf(changed.text, sizeof(changed.text), "%s", text);
    camera_take_changed(&fixture->camera, &changed);
}
