#include "view_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pitether_value int_value(int32_t number)
{
    return (struct pitether_value){ PITETHER_VALUE_INT32, false, 1, .int32 = { number } };
}

struct pitether_value float_value(float number)
{
    return (struct pitether_value){ PITETHER_VALUE_FLOAT, false, 1, .number = { number } };
}

struct pitether_control *view_add(struct control_view *view, const char *name, unsigned type)
{
    size_t size = (view->count + 1) * sizeof(view->controls[0]);
    struct pitether_control *controls = realloc(view->controls, size);
    assert_non_null(controls);
    view->controls = controls;
    view->known = true;
    struct pitether_control *control = &controls[view->count++];
    *control = (struct pitether_control){ .type = (uint8_t)type, .settable = true };
    snprintf(control->name, sizeof(control->name), "%s", name);
    return control;
}

void view_fill(struct control_view *view)
{
    strcpy(view->stream.model, "imx708");
    strcpy(view->stream.name, "front");
    struct pitether_control *control = view_add(view, "ExposureTime", PITETHER_VALUE_INT32);
    strcpy(control->unit, "µs");
    control->min = int_value(1);
    control->max = int_value(66666);
    control->set = int_value(9000);
    control = view_add(view, "AfMode", PITETHER_VALUE_INT32);
    control->def = int_value(0);
    control->enumerator_count = 3;
    control->enumerators[0] = (struct pitether_enumerator){ 0, "AfModeManual" };
    control->enumerators[1] = (struct pitether_enumerator){ 1, "AfModeAuto" };
    control->enumerators[2] = (struct pitether_enumerator){ 2, "AfModeContinuous" };
    control = view_add(view, "ColourGains", PITETHER_VALUE_FLOAT);
    control->array = true;
    control->size = 2;
    control->min = float_value(0);
    control->max = float_value(32);
    control = view_add(view, "vendor::Words", PITETHER_VALUE_INT32);
    control->settable = false;
}

void view_add_frame(struct control_view *view, struct frame_pool *pool, uint64_t id, bool exposure)
{
    static struct told told;
    memset(&told, 0, sizeof(told));
    if (exposure)
        told_add(&told, "ExposureTime", value_of_int32(9987));
    told_add(&told, "SensorTemperature", value_of_float(41.25f));
    struct pitether_frame *frame = frame_make(pool, id, 100);
    frame_tell(frame, &told);
    pitether_frame_release(view->frame);
    view->frame = frame;
}

FILE *text_begin(void)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    return file;
}

char *text_of(FILE *file)
{
    long size = ftell(file);
    assert_true(size >= 0);
    char *text = calloc(1, (size_t)size + 1);
    assert_non_null(text);
    rewind(file);
    assert_int_equal(fread(text, 1, (size_t)size, file), size);
    fclose(file);
    return text;
}
