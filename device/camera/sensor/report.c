#include "device/camera/sensor/report.h"

#include <stddef.h>
#include <string.h>

#define PLACE(member) offsetof(struct sensor_state, member)

/* Where in the state a value lies. */
static const struct {
    const char *name;
    uint8_t type;
    uint8_t count; /* of an array; 0: it is none */
    bool control;  /* it can be set */
    uint16_t offset;
} reports[] = {
    { "ExposureTime", VALUE_INT32, 0, true, PLACE(exposure_us) },
    { "AnalogueGain", VALUE_FLOAT, 0, true, PLACE(gain) },
    { "DigitalGain", VALUE_FLOAT, 0, false, PLACE(digital_gain) },
    { "FrameDuration", VALUE_INT64, 0, false, PLACE(duration_us) },
    { "FrameDurationLimits", VALUE_INT64, 2, true, PLACE(frame_us) },
    { "AeEnable", VALUE_BOOL, 0, true, PLACE(ae) },
    { "AeState", VALUE_INT32, 0, false, PLACE(ae_state) },
    { "ExposureTimeMode", VALUE_INT32, 0, true, PLACE(now.delayed.exposure_mode) },
    { "AnalogueGainMode", VALUE_INT32, 0, true, PLACE(now.delayed.gain_mode) },
    { "AeMeteringMode", VALUE_INT32, 0, true, PLACE(now.metering) },
    { "ExposureValue", VALUE_FLOAT, 0, true, PLACE(now.exposure_value) },
    { "Brightness", VALUE_FLOAT, 0, true, PLACE(now.brightness) },
    { "Contrast", VALUE_FLOAT, 0, true, PLACE(now.contrast) },
    { "Saturation", VALUE_FLOAT, 0, true, PLACE(now.saturation) },
    { "AwbEnable", VALUE_BOOL, 0, true, PLACE(now.awb) },
    { "AwbMode", VALUE_INT32, 0, true, PLACE(now.awb_mode) },
    { "AwbLocked", VALUE_BOOL, 0, false, PLACE(awb_locked) },
    { "ColourGains", VALUE_FLOAT, 2, true, PLACE(colour_gains) },
    { "ColourTemperature", VALUE_INT32, 0, true, PLACE(temperature) },
    { "ColourCorrectionMatrix", VALUE_FLOAT, 9, false, PLACE(colour_matrix) },
    { "SensorBlackLevels", VALUE_INT32, 4, false, PLACE(black_levels) },
    { "ScalerCrop", VALUE_RECTANGLE, 0, true, PLACE(now.crop) },
    { "AfMode", VALUE_INT32, 0, true, PLACE(now.af_mode) },
    { "AfMetering", VALUE_INT32, 0, true, PLACE(now.af_metering) },
    { "AfState", VALUE_INT32, 0, false, PLACE(af_state) },
    { "AfPauseState", VALUE_INT32, 0, false, PLACE(af_pause) },
    { "LensPosition", VALUE_FLOAT, 0, true, PLACE(lens) },
    { "FocusFoM", VALUE_INT32, 0, false, PLACE(focus_fom) },
    { "Lux", VALUE_FLOAT, 0, false, PLACE(lux) },
    { "SensorTemperature", VALUE_FLOAT, 0, false, PLACE(sensor_temperature) },
    { "AfWindows", VALUE_RECTANGLE, AF_WINDOWS_MAX, true, PLACE(now.af_windows) },
};
enum { REPORTS = sizeof(reports) / sizeof(reports[0]), WINDOWS = REPORTS - 1 };
_Static_assert((int)REPORTS <= (int)SENSOR_REPORTS_MAX, "a number for each");

void sensor_report_init(struct sensor_report *report, struct metadata_names *names)
{
    for (unsigned i = 0; i < REPORTS; i++)
        report->numbers[i] = names ? metadata_names_add(names, reports[i].name, reports[i].type,
                                                        reports[i].count > 0)
                                   : -1;
}

/* In memory an element is as large as on the wire. */
static void read_value(const struct sensor_state *state, unsigned i, struct value *value)
{
    value->type = reports[i].type;
    value->array = reports[i].count > 0;
    value->count = value->array ? reports[i].count : 1;
    if (i == WINDOWS)
        value->count = (uint16_t)state->now.af_window_count;
    memcpy(value->bytes, (const uint8_t *)state + reports[i].offset,
           value->count * value_element_size(value->type));
}

void sensor_report_pack(const struct sensor_report *report, const struct sensor_state *state,
                        bool unreported, struct metadata *metadata)
{
    struct value value;
    metadata->size = 0;
    for (unsigned i = 0; i < REPORTS; i++) {
        if (report->numbers[i] < 0 || (unreported && reports[i].control) ||
            (i == WINDOWS && state->now.af_window_count == 0))
            continue;
        read_value(state, i, &value);
        /* What finds no space is left out, as the packing says. */
        (void)metadata_add(metadata, (unsigned)report->numbers[i], &value);
    }
}
