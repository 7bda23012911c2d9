#include "device/camera/sensor/settings.h"

#include <math.h>
#include <string.h>

void sensor_settings_init(struct sensor_settings *settings, const struct sensor_mode *mode,
                          unsigned width, unsigned height, const int64_t frame_us[2])
{
    *settings = (struct sensor_settings){
        .delayed = { .frame_us = { frame_us[0], frame_us[1] } },
        .contrast = 1,
        .saturation = 1,
        .awb = true,
        .colour_gains = { 1, 1 },
        .crop = sensor_mode_crop(mode, width, height),
        .af_trigger = AF_TRIGGER_NONE,
        .lens = NAN,
    };
}

struct target {
    struct sensor_settings *settings;
    const struct sensor_mode *mode;
    bool given_back; /* the value is what the camera would choose */
};

static void hold_exposure(struct sensor_delayed *delayed, int32_t mode)
{
    if (delayed->exposure_mode != mode)
        delayed->exposure_us = 0;
    delayed->exposure_mode = mode;
}

static void hold_gain(struct sensor_delayed *delayed, int32_t mode)
{
    if (delayed->gain_mode != mode)
        delayed->gain = 0;
    delayed->gain_mode = mode;
}

static void set_ae(struct target *target, const struct value *value)
{
    int32_t mode = value->bytes[0] ? MODE_AUTO : MODE_MANUAL;
    hold_exposure(&target->settings->delayed, mode);
    hold_gain(&target->settings->delayed, mode);
}

static void set_exposure_mode(struct target *target, const struct value *value)
{
    hold_exposure(&target->settings->delayed, value->int32[0] == MODE_MANUAL);
}

static void set_gain_mode(struct target *target, const struct value *value)
{
    hold_gain(&target->settings->delayed, value->int32[0] == MODE_MANUAL);
}

static void set_exposure(struct target *target, const struct value *value)
{
    if (target->settings->delayed.exposure_mode == MODE_MANUAL)
        target->settings->delayed.exposure_us = value->int32[0];
}

static void set_gain(struct target *target, const struct value *value)
{
    if (target->settings->delayed.gain_mode == MODE_MANUAL)
        target->settings->delayed.gain = value->number[0];
}

static void set_frame(struct target *target, const struct value *value)
{
    int64_t least = value->int64[0], most = value->int64[value->count > 1];
    if (least <= 0 || most < least)
        return;
    memcpy(target->settings->delayed.frame_us, (int64_t[]){ least, most }, 2 * sizeof(least));
    target->settings->delayed.frame_set = !target->given_back;
}

static void set_metering(struct target *target, const struct value *value)
{
    target->settings->metering = value->int32[0];
}

static void set_exposure_value(struct target *target, const struct value *value)
{
    target->settings->exposure_value = value->number[0];
}

static void set_brightness(struct target *target, const struct value *value)
{
    target->settings->brightness = value->number[0];
}

static void set_contrast(struct target *target, const struct value *value)
{
    target->settings->contrast = value->number[0];
}

static void set_saturation(struct target *target, const struct value *value)
{
    target->settings->saturation = value->number[0];
}

static void set_awb(struct target *target, const struct value *value)
{
    target->settings->awb = value->bytes[0];
}

static void set_awb_mode(struct target *target, const struct value *value)
{
    target->settings->awb_mode = value->int32[0];
}

/* As libcamera says: any gains turn the automatic off; both 0 turn it on. */
static void set_colour_gains(struct target *target, const struct value *value)
{
    struct sensor_settings *settings = target->settings;
    if (value->count != 2)
        return;
    settings->awb = value->number[0] == 0 && value->number[1] == 0;
    settings->temperature = 0;
    memcpy(settings->colour_gains, value->number, sizeof(settings->colour_gains));
}

static void set_temperature(struct target *target, const struct value *value)
{
    if (!target->settings->awb)
        target->settings->temperature = value->int32[0];
}

/* [*at, *at + *size) as a part of [low, low + length), on even pixels and not too small. */
static void fit(int32_t *at, uint32_t *size, int32_t low, uint32_t length)
{
    int64_t begin = *at, end = begin + *size;
    begin = begin < low ? low : begin;
    end = end > low + (int64_t)length ? low + (int64_t)length : end;
    if (end - begin < SENSOR_CROP_MIN) {
        int64_t last = low + (int64_t)length - SENSOR_CROP_MIN;
        begin = begin > last ? last : begin;
        end = begin + SENSOR_CROP_MIN;
    }
    *at = (int32_t)(begin & ~INT64_C(1));
    *size = (uint32_t)((end - *at) & ~INT64_C(1));
}

static void set_crop(struct target *target, const struct value *value)
{
    const struct value_rectangle *area = &target->mode->area;
    struct value_rectangle crop = value->rectangle[0];
    fit(&crop.x, &crop.width, area->x, area->width);
    fit(&crop.y, &crop.height, area->y, area->height);
    target->settings->crop = crop;
}

static void set_af_mode(struct target *target, const struct value *value)
{
    target->settings->af_mode = value->int32[0];
}

static void set_af_metering(struct target *target, const struct value *value)
{
    target->settings->af_metering = value->int32[0];
}

static void set_af_windows(struct target *target, const struct value *value)
{
    unsigned count = value->count < AF_WINDOWS_MAX ? value->count : AF_WINDOWS_MAX;
    target->settings->af_window_count = count;
    memcpy(target->settings->af_windows, value->rectangle, count * sizeof(value->rectangle[0]));
}

static void set_af_trigger(struct target *target, const struct value *value)
{
    if (target->settings->af_mode == AF_AUTO)
        target->settings->af_trigger = value->int32[0];
}

static void set_lens(struct target *target, const struct value *value)
{
    if (target->settings->af_mode == AF_MANUAL)
        target->settings->lens = value->number[0];
}

static const struct {
    const char *name;
    uint8_t type;
    bool mode, delayed;
    void (*set)(struct target *target, const struct value *value);
} setters[] = {
    { "AeEnable", VALUE_BOOL, true, true, set_ae },
    { "ExposureTimeMode", VALUE_INT32, true, true, set_exposure_mode },
    { "AnalogueGainMode", VALUE_INT32, true, true, set_gain_mode },
    { "ExposureTime", VALUE_INT32, false, true, set_exposure },
    { "AnalogueGain", VALUE_FLOAT, false, true, set_gain },
    { "FrameDurationLimits", VALUE_INT64, false, true, set_frame },
    { "AeMeteringMode", VALUE_INT32, false, false, set_metering },
    { "ExposureValue", VALUE_FLOAT, false, false, set_exposure_value },
    { "Brightness", VALUE_FLOAT, false, false, set_brightness },
    { "Contrast", VALUE_FLOAT, false, false, set_contrast },
    { "Saturation", VALUE_FLOAT, false, false, set_saturation },
    { "AwbEnable", VALUE_BOOL, true, false, set_awb },
    { "AwbMode", VALUE_INT32, false, false, set_awb_mode },
    { "ColourGains", VALUE_FLOAT, false, false, set_colour_gains },
    { "ColourTemperature", VALUE_INT32, false, false, set_temperature },
    { "ScalerCrop", VALUE_RECTANGLE, false, false, set_crop },
    { "AfMode", VALUE_INT32, true, false, set_af_mode },
    { "AfMetering", VALUE_INT32, false, false, set_af_metering },
    { "AfWindows", VALUE_RECTANGLE, false, false, set_af_windows },
    { "AfTrigger", VALUE_INT32, false, false, set_af_trigger },
    { "LensPosition", VALUE_FLOAT, false, false, set_lens },
};

/* The modes, or the others. */
static bool apply(struct target *target, const struct control_list *list, bool modes)
{
    bool delayed = false;
    for (unsigned i = 0; i < list->count; i++)
        for (size_t k = 0; k < sizeof(setters) / sizeof(setters[0]); k++) {
            const struct value *value = &list->items[i].value;
            if (setters[k].mode != modes || strcmp(setters[k].name, list->items[i].name) != 0 ||
                setters[k].type != value->type || value->count == 0)
                continue;
            target->given_back = list->items[i].given_back;
            setters[k].set(target, value);
            delayed |= setters[k].delayed;
        }
    return delayed;
}

bool sensor_settings_apply(struct sensor_settings *settings, const struct sensor_mode *mode,
                           const struct control_list *list)
{
    struct target target = { settings, mode, false };
    settings->af_trigger = AF_TRIGGER_NONE;
    settings->lens = NAN;
    bool modes = apply(&target, list, true);
    bool values = apply(&target, list, false);
    return modes || values;
}
