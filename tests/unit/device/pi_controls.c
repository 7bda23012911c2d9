#include "pi_controls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { AREA_WIDTH = 4608, AREA_HEIGHT = 2592 };

struct row {
    const char *name;
    unsigned type;
    int size; /* of an array; -1: any; 0: it is none */
    const char *unit;
    double min, max, def;
    const char *prefix; /* of the enumerators ... */
    const char *words;  /* ... whose values are 0, 1, ... */
};

static const struct row rows[] = {
    { "AeEnable", VALUE_BOOL, 0, "", 0, 1, 1, NULL, NULL },
    { "ExposureTimeMode", VALUE_INT32, 0, "", 0, 1, 0, "ExposureTimeMode", "Auto Manual" },
    { "ExposureTime", VALUE_INT32, 0, "µs", 26, 66666, 20000, NULL, NULL },
    { "AnalogueGainMode", VALUE_INT32, 0, "", 0, 1, 0, "AnalogueGainMode", "Auto Manual" },
    { "AnalogueGain", VALUE_FLOAT, 0, "", 1.125, 16, 1.125, NULL, NULL },
    { "AeMeteringMode", VALUE_INT32, 0, "", 0, 3, 0, "Metering",
      "CentreWeighted Spot Matrix Custom" },
    { "AeConstraintMode", VALUE_INT32, 0, "", 0, 3, 0, "Constraint",
      "Normal Highlight Shadows Custom" },
    { "AeExposureMode", VALUE_INT32, 0, "", 0, 3, 0, "Exposure", "Normal Short Long Custom" },
    { "ExposureValue", VALUE_FLOAT, 0, "", -8, 8, 0, NULL, NULL },
    { "AeFlickerMode", VALUE_INT32, 0, "", 0, 1, 0, "Flicker", "Off Manual" },
    { "AeFlickerPeriod", VALUE_INT32, 0, "µs", 100, 1000000, 10000, NULL, NULL },
    { "Brightness", VALUE_FLOAT, 0, "", -1, 1, 0, NULL, NULL },
    { "Contrast", VALUE_FLOAT, 0, "", 0, 32, 1, NULL, NULL },
    { "Sharpness", VALUE_FLOAT, 0, "", 0, 16, 1, NULL, NULL },
    { "HdrMode", VALUE_INT32, 0, "", 0, 4, 0, "HdrMode",
      "Off MultiExposureUnmerged MultiExposure SingleExposure Night" },
    { "ScalerCrop", VALUE_RECTANGLE, 0, "", 0, 0, 0, NULL, NULL },
    { "rpi::ScalerCrops", VALUE_RECTANGLE, -1, "", 0, 0, 0, NULL, NULL },
    { "FrameDurationLimits", VALUE_INT64, 2, "µs", 69669, 220535845, 69669, NULL, NULL },
    { "draft::NoiseReductionMode", VALUE_INT32, 0, "", 0, 4, 0, "NoiseReductionMode",
      "Off Fast HighQuality Minimal ZSL" },
    { "rpi::StatsOutputEnable", VALUE_BOOL, 0, "", 0, 1, 0, NULL, NULL },
    { "rpi::CnnEnableInputTensor", VALUE_BOOL, 0, "", 0, 1, 0, NULL, NULL },
    { "rpi::SyncMode", VALUE_INT32, 0, "", 0, 2, 0, "SyncMode", "Off Server Client" },
    { "rpi::SyncFrames", VALUE_INT32, 0, "", 100, 100000, 100, NULL, NULL },
    { "AwbEnable", VALUE_BOOL, 0, "", 0, 1, 1, NULL, NULL },
    { "AwbMode", VALUE_INT32, 0, "", 0, 7, 0, "Awb",
      "Auto Incandescent Tungsten Fluorescent Indoor Daylight Cloudy Custom" },
    { "ColourGains", VALUE_FLOAT, 2, "", 0, 32, 1, NULL, NULL },
    { "ColourCorrectionMatrix", VALUE_FLOAT, 9, "", -16, 16, 0, NULL, NULL },
    { "ColourTemperature", VALUE_INT32, 0, "K", 100, 100000, 6500, NULL, NULL },
    { "Saturation", VALUE_FLOAT, 0, "", 0, 32, 1, NULL, NULL },
    { "AfMode", VALUE_INT32, 0, "", 0, 2, 0, "AfMode", "Manual Auto Continuous" },
    { "AfRange", VALUE_INT32, 0, "", 0, 2, 0, "AfRange", "Normal Macro Full" },
    { "AfSpeed", VALUE_INT32, 0, "", 0, 1, 0, "AfSpeed", "Normal Fast" },
    { "AfMetering", VALUE_INT32, 0, "", 0, 1, 0, "AfMetering", "Auto Windows" },
    { "AfWindows", VALUE_RECTANGLE, -1, "", 0, 0, 0, NULL, NULL },
    { "AfTrigger", VALUE_INT32, 0, "", 0, 1, 0, "AfTrigger", "Start Cancel" },
    { "AfPause", VALUE_INT32, 0, "", 0, 2, 0, "AfPause", "Immediate Deferred Resume" },
    { "LensPosition", VALUE_FLOAT, 0, "1/m", 0, 15, 1, NULL, NULL },
};

static struct value limit(const struct row *row, double number)
{
    switch (row->type) {
    case VALUE_BOOL:
        return value_of_bool(number != 0);
    case VALUE_INT32:
        return value_of_int32((int32_t)number);
    case VALUE_INT64:
        return value_of_int64((int64_t)number);
    case VALUE_FLOAT:
        return value_of_float((float)number);
    default:
        return (struct value){ .type = VALUE_NONE };
    }
}

static void add_words(struct control_info *info, const struct row *row)
{
    char words[128];
    snprintf(words, sizeof(words), "%s", row->words);
    for (char *save, *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        struct control_enumerator *enumerator = &info->enumerators[info->enumerator_count];
        enumerator->value = info->enumerator_count++;
        snprintf(enumerator->name, sizeof(enumerator->name), "%s%s", row->prefix, word);
    }
}

void pi_controls(struct control_table *table)
{
    const struct value_rectangle min = { 0, 0, 64, 64 }, all = { 0, 0, AREA_WIDTH, AREA_HEIGHT };
    *table = (struct control_table){ .items = NULL };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];
        struct control_info *info = control_table_add(table, row->name);
        assert_non_null(info);
        info->type = (uint8_t)row->type;
        info->array = row->size != 0;
        info->size = row->size > 0 ? (uint16_t)row->size : 0;
        info->settable = true;
        snprintf(info->unit, sizeof(info->unit), "%s", row->unit);
        info->min = limit(row, row->min);
        info->max = limit(row, row->max);
        info->def = limit(row, row->def);
        if (row->words)
            add_words(info, row);
    }
    struct control_info *crop = pi_control(table, "ScalerCrop");
    crop->min = value_of_rectangle(min);
    crop->max = crop->def = value_of_rectangle(all);
}

void pi_controls_remove(struct control_table *table, const char *name)
{
    struct control_info *info = pi_control(table, name);
    table->count--;
    memmove(info, info + 1, (size_t)(&table->items[table->count] - info) * sizeof(*info));
}

struct control_info *pi_control(const struct control_table *table, const char *name)
{
    struct control_info *info = control_table_find(table, name, strlen(name));
    assert_non_null(info);
    return info;
}

int pi_fixture_make(void **state)
{
    static struct pi_fixture fixture;
    memset(&fixture, 0xA5, sizeof(fixture));
    pi_controls(&fixture.table);
    *state = &fixture;
    return 0;
}

int pi_fixture_clear(void **state)
{
    control_table_clear(&((struct pi_fixture *)*state)->table);
    return 0;
}
