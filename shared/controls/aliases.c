#include "shared/controls/aliases.h"

#include <string.h>
#include <strings.h>

/* Values that are missing here have the control's own names, e.g. "spot" or "tungsten". */
static const struct alias_value metering[] = { { .typed = "centre", .value = "CentreWeighted" },
                                               { .typed = "average", .value = "Matrix" },
                                               { .typed = NULL } };
static const struct alias_value exposure[] = { { .typed = "sport", .value = "Short" },
                                               { .typed = NULL } };
/* rpicam's "auto" is "cdn_fast" for video. */
static const struct alias_value denoise[] = { { .typed = "auto", .value = "Fast" },
                                              { .typed = "cdn_off", .value = "Minimal" },
                                              { .typed = "cdn_fast", .value = "Fast" },
                                              { .typed = "cdn_hq", .value = "HighQuality" },
                                              { .typed = NULL } };
static const struct alias_value flicker_period[] = {
    { .typed = "off", .value = "Off", .control = "AeFlickerMode" },
    { .typed = "0", .value = "Off", .control = "AeFlickerMode" },
    { .typed = NULL }
};
static const struct alias_value autofocus_mode[] = {
    { .typed = "default", .value = "Continuous" },
    { .typed = "auto", .value = "Auto", .trigger = "AfTrigger" },
    { .typed = NULL }
};
static const struct alias_value hdr[] = {
    { .typed = "single-exp", .value = "SingleExposure" },
    { .typed = "auto", .value = "SingleExposure" },
    { .typed = "sensor", .refusal = "the sensor's HDR is set when pitetherd starts: --hdr sensor" },
    { .typed = NULL }
};

const struct alias control_aliases[ALIAS_COUNT] = {
    [ALIAS_SHUTTER] = { "shutter", { "ExposureTime" }, NULL },
    [ALIAS_GAIN] = { "gain", { "AnalogueGain" }, NULL },
    [ALIAS_ANALOGGAIN] = { "analoggain", { "AnalogueGain" }, NULL },
    [ALIAS_EV] = { "ev", { "ExposureValue" }, NULL },
    [ALIAS_METERING] = { "metering", { "AeMeteringMode" }, metering },
    [ALIAS_EXPOSURE] = { "exposure", { "AeExposureMode" }, exposure },
    [ALIAS_AWB] = { "awb", { "AwbMode" }, NULL },
    [ALIAS_AWBGAINS] = { "awbgains", { "ColourGains" }, NULL },
    [ALIAS_CCM] = { "ccm", { "ColourCorrectionMatrix" }, NULL },
    [ALIAS_BRIGHTNESS] = { "brightness", { "Brightness" }, NULL },
    [ALIAS_CONTRAST] = { "contrast", { "Contrast" }, NULL },
    [ALIAS_SATURATION] = { "saturation", { "Saturation" }, NULL },
    [ALIAS_SHARPNESS] = { "sharpness", { "Sharpness" }, NULL },
    [ALIAS_DENOISE] = { "denoise", { "NoiseReductionMode" }, denoise },
    [ALIAS_FLICKER_PERIOD] = { "flicker-period", { "AeFlickerPeriod" }, flicker_period },
    [ALIAS_ROI] = { "roi", { "ScalerCrop", "ScalerCrops" }, NULL },
    [ALIAS_AUTOFOCUS_MODE] = { "autofocus-mode", { "AfMode" }, autofocus_mode },
    [ALIAS_AUTOFOCUS_RANGE] = { "autofocus-range", { "AfRange" }, NULL },
    [ALIAS_AUTOFOCUS_SPEED] = { "autofocus-speed", { "AfSpeed" }, NULL },
    [ALIAS_AUTOFOCUS_WINDOW] = { "autofocus-window", { "AfWindows" }, NULL },
    [ALIAS_LENS_POSITION] = { "lens-position", { "LensPosition" }, NULL },
    [ALIAS_HDR] = { "hdr", { "HdrMode" }, hdr },
};

static bool is_called(const char *alias, const char *name, size_t size)
{
    if (strlen(alias) != size)
        return false;
    for (size_t i = 0; i < size; i++) {
        const char letter[2] = { name[i] == '_' ? '-' : name[i] };
        if (strncasecmp(&alias[i], letter, 1) != 0)
            return false;
    }
    return true;
}

const struct alias *alias_find(const char *name, size_t size)
{
    for (unsigned i = 0; i < ALIAS_COUNT; i++)
        if (is_called(control_aliases[i].name, name, size))
            return &control_aliases[i];
    return NULL;
}

const struct alias_value *alias_value_find(const struct alias *alias, const char *typed)
{
    for (const struct alias_value *value = alias->values; value && value->typed; value++)
        if (strcasecmp(value->typed, typed) == 0)
            return value;
    return NULL;
}

const char *alias_control_find(const char *name, size_t size)
{
    for (unsigned i = 0; i < ALIAS_COUNT; i++) {
        const char *control = control_aliases[i].controls[0]; /* which have no vendor */
        if (is_called(control, name, size))
            return control;
    }
    return NULL;
}
