#include "device/controls/words.h"

#include <string.h>
#include <strings.h>

/* Values that are missing here are the control's own words, e.g. "spot" or "tungsten". */
static const struct word_value metering[] = { { .typed = "centre", .value = "CentreWeighted" },
                                              { .typed = "average", .value = "Matrix" },
                                              { .typed = NULL } };
static const struct word_value exposure[] = { { .typed = "sport", .value = "Short" },
                                              { .typed = NULL } };
/* rpicam's "auto" is "cdn_fast" for video. */
static const struct word_value denoise[] = { { .typed = "auto", .value = "Fast" },
                                             { .typed = "cdn_off", .value = "Minimal" },
                                             { .typed = "cdn_fast", .value = "Fast" },
                                             { .typed = "cdn_hq", .value = "HighQuality" },
                                             { .typed = NULL } };
static const struct word_value flicker_period[] = {
    { .typed = "off", .value = "Off", .control = "AeFlickerMode" },
    { .typed = "0", .value = "Off", .control = "AeFlickerMode" },
    { .typed = NULL }
};
static const struct word_value autofocus_mode[] = {
    { .typed = "default", .value = "Continuous" },
    { .typed = "auto", .value = "Auto", .trigger = "AfTrigger" },
    { .typed = NULL }
};
static const struct word_value hdr[] = {
    { .typed = "single-exp", .value = "SingleExposure" },
    { .typed = "auto", .value = "SingleExposure" },
    { .typed = "sensor", .refusal = "the sensor's HDR is set when pitetherd starts: --hdr sensor" },
    { .typed = NULL }
};

const struct word control_words[WORD_COUNT] = {
    [WORD_SHUTTER] = { "shutter", { "ExposureTime" }, NULL },
    [WORD_GAIN] = { "gain", { "AnalogueGain" }, NULL },
    [WORD_ANALOGGAIN] = { "analoggain", { "AnalogueGain" }, NULL },
    [WORD_EV] = { "ev", { "ExposureValue" }, NULL },
    [WORD_METERING] = { "metering", { "AeMeteringMode" }, metering },
    [WORD_EXPOSURE] = { "exposure", { "AeExposureMode" }, exposure },
    [WORD_AWB] = { "awb", { "AwbMode" }, NULL },
    [WORD_AWBGAINS] = { "awbgains", { "ColourGains" }, NULL },
    [WORD_CCM] = { "ccm", { "ColourCorrectionMatrix" }, NULL },
    [WORD_BRIGHTNESS] = { "brightness", { "Brightness" }, NULL },
    [WORD_CONTRAST] = { "contrast", { "Contrast" }, NULL },
    [WORD_SATURATION] = { "saturation", { "Saturation" }, NULL },
    [WORD_SHARPNESS] = { "sharpness", { "Sharpness" }, NULL },
    [WORD_DENOISE] = { "denoise", { "NoiseReductionMode" }, denoise },
    [WORD_FLICKER_PERIOD] = { "flicker-period", { "AeFlickerPeriod" }, flicker_period },
    [WORD_ROI] = { "roi", { "ScalerCrop", "ScalerCrops" }, NULL },
    [WORD_AUTOFOCUS_MODE] = { "autofocus-mode", { "AfMode" }, autofocus_mode },
    [WORD_AUTOFOCUS_RANGE] = { "autofocus-range", { "AfRange" }, NULL },
    [WORD_AUTOFOCUS_SPEED] = { "autofocus-speed", { "AfSpeed" }, NULL },
    [WORD_AUTOFOCUS_WINDOW] = { "autofocus-window", { "AfWindows" }, NULL },
    [WORD_LENS_POSITION] = { "lens-position", { "LensPosition" }, NULL },
    [WORD_HDR] = { "hdr", { "HdrMode" }, hdr },
};

static bool is_called(const char *word, const char *name, size_t size)
{
    if (strlen(word) != size)
        return false;
    for (size_t i = 0; i < size; i++) {
        const char letter[2] = { name[i] == '_' ? '-' : name[i] };
        if (strncasecmp(&word[i], letter, 1) != 0)
            return false;
    }
    return true;
}

const struct word *word_find(const char *name, size_t size)
{
    for (unsigned i = 0; i < WORD_COUNT; i++)
        if (is_called(control_words[i].name, name, size))
            return &control_words[i];
    return NULL;
}

const struct word_value *word_value_find(const struct word *word, const char *typed)
{
    for (const struct word_value *value = word->values; value && value->typed; value++)
        if (strcasecmp(value->typed, typed) == 0)
            return value;
    return NULL;
}

const char *word_control_find(const char *name, size_t size)
{
    for (unsigned i = 0; i < WORD_COUNT; i++) {
        const char *control = control_words[i].controls[0];
        const char *vendor_end = strstr(control, "::");
        if (is_called(control, name, size) || (vendor_end && is_called(vendor_end + 2, name, size)))
            return control;
    }
    return NULL;
}
