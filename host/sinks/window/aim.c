#include "host/sinks/window/aim.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/sinks/window/control_step.h"
#include "shared/base/clock.h"

#define EXPOSURE_VALUE_STEP (1.0 / 3)
#define WANTED_FOR CLOCK_SECOND /* after that the camera's own report counts */

static bool is_rectangle(const struct pitether_value *value)
{
    return value->type == PITETHER_VALUE_RECTANGLE && value->count > 0 &&
           value->rectangle[0].width > 0 && value->rectangle[0].height > 0;
}

/* Whether the part of the sensor that is shown is known. */
static bool has_view(const struct camera *camera)
{
    const struct pitether_control *control = camera_find(camera, "ScalerCrop");
    return control && is_rectangle(&control->max);
}

enum aim aim_kind(const struct camera *camera)
{
    if (camera_find(camera, "AfWindows") && camera_has_word(camera, "AfMetering", "Windows") &&
        camera_find(camera, "AfTrigger") && has_view(camera))
        return AIM_FOCUS;
    return camera_has_word(camera, AIM_METER_CONTROL, "Spot") ? AIM_METER : AIM_NONE;
}

static struct zoom_rect rect_of(const struct pitether_value *value)
{
    return (struct zoom_rect){ value->rectangle[0].x, value->rectangle[0].y,
                               value->rectangle[0].width, value->rectangle[0].height };
}

bool aim_can_crop(const struct camera *camera)
{
    return has_view(camera) && !camera->refused;
}

struct aim_crop aim_crop(const struct camera *camera, const struct pitether_frame *frame)
{
    const struct pitether_control *control = camera_find(camera, "ScalerCrop");
    struct pitether_value value = camera_value(control, frame);
    struct aim_crop crop = { .whole = rect_of(&control->max) };
    crop.shown = is_rectangle(&value) ? rect_of(&value) : crop.whole;
    crop.usual = is_rectangle(&control->def) ? rect_of(&control->def) : crop.whole;
    crop.min = is_rectangle(&control->min) ? rect_of(&control->min) : (struct zoom_rect){ 0 };
    return crop;
}

enum aim aim_at(const struct camera *camera, const struct pitether_frame *frame,
                struct zoom_point point, char *text)
{
    enum aim kind = aim_kind(camera);
    if (kind == AIM_FOCUS) {
        struct zoom_rect shown = aim_crop(camera, frame).shown;
        struct zoom_rect window = zoom_window(shown, point, AIM_WINDOW_SHARE);
        snprintf(text, AIM_TEXT_MAX,
                 "AfMode=Auto,AfMetering=Windows,AfWindows=%.0f,%.0f,%.0f,%.0f,AfTrigger=Start",
                 window.x, window.y, window.width, window.height);
    } else if (kind == AIM_METER) {
        snprintf(text, AIM_TEXT_MAX, "Spot");
    }
    return kind;
}

static double even(double number)
{
    return 2 * floor(number / 2);
}

void aim_write_crop(struct aim_crop crop, char *text)
{
    struct zoom_rect *shown = &crop.shown;
    double width = fmax(even(shown->width + 0.5), fmin(crop.min.width, crop.whole.width));
    double height = fmax(even(shown->height + 0.5), fmin(crop.min.height, crop.whole.height));
    snprintf(text, AIM_TEXT_MAX, "%.0f,%.0f,%.0f,%.0f", fmax(even(shown->x + 0.5), crop.whole.x),
             fmax(even(shown->y + 0.5), crop.whole.y), width, height);
}

bool aim_focus(const struct camera *camera, char *text)
{
    if (!camera_find(camera, "AfTrigger"))
        return false;
    snprintf(text, AIM_TEXT_MAX, "%sAfTrigger=Start",
             camera_find(camera, "AfMode") ? "AfMode=Auto," : "");
    return true;
}

/* The control that is stepped: the time if it was set by hand, else the camera's aim. */
static const struct pitether_control *exposure_control(const struct camera *camera)
{
    const struct pitether_control *time = camera_find(camera, "ExposureTime");
    const struct pitether_control *aim = camera_find(camera, "ExposureValue");
    bool by_hand = time && time->set.type != PITETHER_VALUE_NONE;
    return aim && !by_hand ? aim : time;
}

static double stepped(const struct pitether_control *control, double from, int steps)
{
    if (strcmp(control->name, "ExposureValue") != 0)
        return control_stepped(control, 0, from, steps);
    double thirds = (isnan(from) ? 0 : round(from / EXPOSURE_VALUE_STEP)) + steps;
    double low = control_number(&control->min, 0), high = control_number(&control->max, 0);
    return fmax(low, fmin(high, thirds * EXPOSURE_VALUE_STEP));
}

const struct pitether_control *aim_expose(const struct camera *camera,
                                          const struct pitether_frame *frame, int steps,
                                          struct aim_exposure *last, uint64_t now)
{
    const struct pitether_control *control = exposure_control(camera);
    if (!control)
        return NULL;
    struct pitether_value value = camera_value(control, frame);
    bool goes_on = now < last->until && strcmp(last->name, control->name) == 0;
    last->number = stepped(control, goes_on ? last->number : control_number(&value, 0), steps);
    last->until = now + WANTED_FOR;
    strcpy(last->name, control->name);
    return control;
}
