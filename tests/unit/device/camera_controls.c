#include "camera_controls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct control_info *add(struct control_table *table, const char *name, struct value min,
                                struct value max, struct value def)
{
    struct control_info *info = control_table_add(table, name);
    assert_non_null(info);
    info->type = min.type;
    info->settable = true;
    info->size = 1;
    info->min = min;
    info->max = max;
    info->def = def;
    return info;
}

void camera_controls_fill(struct control_table *table)
{
    add(table, "Brightness", value_of_float(-1), value_of_float(1), value_of_float(0));
    add(table, "Contrast", value_of_float(0), value_of_float(16), value_of_float(1));
    struct control_info *exposure = add(table, "ExposureTime", value_of_int32(100),
                                        value_of_int32(66666), value_of_int32(20000));
    snprintf(exposure->unit, sizeof(exposure->unit), "µs");
}

void camera_controls_add_exposure_mode(struct control_table *table)
{
    struct control_info *mode =
        add(table, "ExposureTimeMode", value_of_int32(0), value_of_int32(1), value_of_int32(0));
    static const char *const words[] = { "ExposureTimeModeAuto", "ExposureTimeModeManual" };
    for (int i = 0; i < 2; i++) {
        struct control_enumerator *word = &mode->enumerators[mode->enumerator_count++];
        word->value = i;
        snprintf(word->name, sizeof(word->name), "%s", words[i]);
    }
}

void camera_controls_add_many(struct control_table *table, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char name[CONTROL_NAME_MAX + 1];
        snprintf(name, sizeof(name), "OneOfManyControlsWithAVeryLongName%u", i);
        add(table, name, value_of_int32(0), value_of_int32(100), value_of_int32(50));
    }
}
