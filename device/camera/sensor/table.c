#include "device/camera/sensor/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The names of what an INT32 may be, from 0 on; NULL ends them. */
static const char *const exposure_modes[] = { "ExposureTimeModeAuto", "ExposureTimeModeManual",
                                              NULL };
static const char *const gain_modes[] = { "AnalogueGainModeAuto", "AnalogueGainModeManual", NULL };
static const char *const meterings[] = { "MeteringCentreWeighted", "MeteringSpot", "MeteringMatrix",
                                         NULL };
static const char *const awb_modes[] = { "AwbAuto",     "AwbIncandescent",
                                         "AwbTungsten", "AwbFluorescent",
                                         "AwbIndoor",   "AwbDaylight",
                                         "AwbCloudy",   NULL };
static const char *const af_modes[] = { "AfModeManual", "AfModeAuto", "AfModeContinuous", NULL };
static const char *const af_meterings[] = { "AfMeteringAuto", "AfMeteringWindows", NULL };
static const char *const af_triggers[] = { "AfTriggerStart", "AfTriggerCancel", NULL };

/* The controls that are numbers or words; min and max of those with words follow from them. */
static const struct {
    const char *name;
    uint8_t type;
    const char *unit;
    double min, max, def;
    const char *const *words;
} plain[] = {
    { "AeEnable", VALUE_BOOL, "", 0, 1, 1, NULL },
    { "ExposureTimeMode", VALUE_INT32, "", 0, 0, 0, exposure_modes },
    { "ExposureTime", VALUE_INT32, "µs", SENSOR_LINE_US, SENSOR_EXPOSURE_MAX, 20000, NULL },
    { "AnalogueGainMode", VALUE_INT32, "", 0, 0, 0, gain_modes },
    { "AnalogueGain", VALUE_FLOAT, "", 1, SENSOR_GAIN_MAX, 1, NULL },
    { "AeMeteringMode", VALUE_INT32, "", 0, 0, 0, meterings },
    { "ExposureValue", VALUE_FLOAT, "EV", -8, 8, 0, NULL },
    { "Brightness", VALUE_FLOAT, "", -1, 1, 0, NULL },
    { "Contrast", VALUE_FLOAT, "", 0, 32, 1, NULL },
    { "Saturation", VALUE_FLOAT, "", 0, 32, 1, NULL },
    { "AwbEnable", VALUE_BOOL, "", 0, 1, 1, NULL },
    { "AwbMode", VALUE_INT32, "", 0, 0, 0, awb_modes },
    { "ColourTemperature", VALUE_INT32, "K", 2000, 10000, 5000, NULL },
    { "AfMode", VALUE_INT32, "", 0, 0, 0, af_modes },
    { "AfMetering", VALUE_INT32, "", 0, 0, 0, af_meterings },
    { "AfTrigger", VALUE_INT32, "", 0, 0, -1, af_triggers },
    { "LensPosition", VALUE_FLOAT, "dioptres", 0, 15, 1, NULL },
};

static struct value number(unsigned type, double value)
{
    switch (type) {
    case VALUE_BOOL:
        return value_of_bool(value != 0);
    case VALUE_INT32:
        return value_of_int32((int32_t)value);
    default:
        return value_of_float((float)value);
    }
}

static void add_words(struct control_info *info, const char *const *words)
{
    for (; words[info->enumerator_count]; info->enumerator_count++) {
        struct control_enumerator *word = &info->enumerators[info->enumerator_count];
        word->value = info->enumerator_count;
        snprintf(word->name, sizeof(word->name), "%s", words[info->enumerator_count]);
    }
    info->min = value_of_int32(0);
    info->max = value_of_int32(info->enumerator_count - 1);
}

static bool add_plain(struct control_table *table)
{
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        struct control_info *info = control_table_add(table, plain[i].name);
        if (!info)
            return false;
        info->type = plain[i].type;
        info->settable = true;
        snprintf(info->unit, sizeof(info->unit), "%s", plain[i].unit);
        info->min = number(info->type, plain[i].min);
        info->max = number(info->type, plain[i].max);
        if (plain[i].words)
            add_words(info, plain[i].words);
        if (plain[i].def >= plain[i].min)
            info->def = number(info->type, plain[i].def);
    }
    return true;
}

static bool add_colour_gains(struct control_table *table)
{
    struct control_info *info = control_table_add(table, "ColourGains");
    if (!info)
        return false;
    info->type = VALUE_FLOAT;
    info->array = info->settable = true;
    info->size = 2;
    info->min = value_of_float(0);
    info->max = value_of_float(32);
    return true;
}

static bool add_frame_limits(struct control_table *table, const struct sensor_mode *mode,
                             const int64_t frame_us[2])
{
    struct control_info *info = control_table_add(table, "FrameDurationLimits");
    int64_t least = (int64_t)(1e6 / mode->fps);
    if (!info)
        return false;
    info->type = VALUE_INT64;
    info->array = info->settable = true;
    info->size = 2;
    snprintf(info->unit, sizeof(info->unit), "µs");
    info->min = value_of_int64(frame_us[0] < least ? frame_us[0] : least);
    info->max = value_of_int64(SENSOR_EXPOSURE_MAX + SENSOR_MARGIN_US);
    info->def = (struct value){ VALUE_INT64, true, 2, .int64 = { frame_us[0], frame_us[1] } };
    return true;
}

/* A rectangle, or an array of them. */
static bool add_rectangle(struct control_table *table, const char *name, bool array,
                          struct value_rectangle max, const struct value_rectangle *def)
{
    struct control_info *info = control_table_add(table, name);
    if (!info)
        return false;
    info->type = VALUE_RECTANGLE;
    info->array = array;
    info->settable = strcmp(name, "ScalerCropMaximum") != 0;
    if (info->settable && !array)
        info->min = value_of_rectangle(
            (struct value_rectangle){ max.x, max.y, SENSOR_CROP_MIN, SENSOR_CROP_MIN });
    info->max = value_of_rectangle(max);
    if (def)
        info->def = value_of_rectangle(*def);
    return true;
}

int sensor_table_make(struct control_table *table, const struct sensor_mode *mode,
                      const struct sensor_settings *defaults)
{
    *table = (struct control_table){ .items = NULL };
    if (add_plain(table) && add_colour_gains(table) &&
        add_frame_limits(table, mode, defaults->delayed.frame_us) &&
        add_rectangle(table, "ScalerCrop", false, mode->area, &defaults->crop) &&
        add_rectangle(table, "ScalerCropMaximum", false, mode->area, &mode->area) &&
        add_rectangle(table, "AfWindows", true, mode->area, NULL))
        return 0;
    control_table_clear(table);
    return -ENOMEM;
}
