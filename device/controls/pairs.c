#include "device/controls/pairs.h"

#include <math.h>
#include <string.h>

/* The numbers are those of libcamera's enumerators (control_ids_core.yaml). Of several pairs for
 * one value, the first one whose mode the camera has is used. */
static const struct pair pairs[] = {
    { "ExposureTime", "ExposureTimeMode", 1, { 0, -1 } },
    { "AnalogueGain", "AnalogueGainMode", 1, { 0, -1 } },
    { "ExposureTime", "AeEnable", 0, { 1, -1 } },
    { "AnalogueGain", "AeEnable", 0, { 1, -1 } },
    { "ColourGains", "AwbEnable", 0, { 1, -1 } },
    { "ColourTemperature", "AwbEnable", 0, { 1, -1 } },
    { "ColourCorrectionMatrix", "AwbEnable", 0, { 1, -1 } },
    { "LensPosition", "AfMode", 0, { 2, 1 } },
    { "AfTrigger", "AfMode", 1, { -1, -1 } },
    { "AfPause", "AfMode", 2, { -1, -1 } },
    { "AfWindows", "AfMetering", 1, { 0, -1 } },
    { "AeFlickerPeriod", "AeFlickerMode", 1, { 2, 0 } },
    /* Of USB cameras: see v4l2_controls.c. */
    { "v4l2::FocusAbsolute", "v4l2::FocusAuto", 0, { 1, -1 } },
    { "v4l2::WhiteBalanceTemperature", "v4l2::WhiteBalanceAuto", 0, { 1, -1 } },
};

enum { PAIR_COUNT = sizeof(pairs) / sizeof(pairs[0]) };

static const struct control_info *find(const struct control_table *table, const char *name)
{
    return control_table_find(table, name, strlen(name));
}

static bool is_settable(const struct control_table *table, const char *name)
{
    const struct control_info *info = find(table, name);
    return info && info->settable;
}

/* Before libcamera 0.5, AeEnable is the only switch. Later it stands for both modes together: a
 * camera that has only one of the modes, such as a USB camera without one for its gain, has no
 * automatic for the other value. */
static bool applies(const struct control_table *table, const struct pair *pair)
{
    if (strcmp(pair->mode, "AeEnable") == 0 &&
        (find(table, "ExposureTimeMode") || find(table, "AnalogueGainMode")))
        return false;
    return is_settable(table, pair->mode);
}

const struct pair *pair_find(const struct control_table *table, const char *name)
{
    for (unsigned i = 0; i < PAIR_COUNT; i++)
        if (strcmp(pairs[i].value, name) == 0 && applies(table, &pairs[i]))
            return &pairs[i];
    return NULL;
}

bool pair_mode_value(const struct control_table *table, const char *mode, int32_t number,
                     struct value *value)
{
    const struct control_info *info = find(table, mode);
    if (!info || (info->enumerator_count > 0 && !control_word(info, number)))
        return false;
    *value = info->type == VALUE_BOOL ? value_of_bool(number != 0) : value_of_int32(number);
    return value->type == info->type;
}

bool pair_automatic(const struct control_table *table, const struct pair *pair, struct value *value)
{
    for (unsigned i = 0; i < 2; i++)
        if (pair->automatic[i] >= 0 &&
            pair_mode_value(table, pair->mode, pair->automatic[i], value))
            return true;
    return false;
}

const char *pair_switch(const struct control_table *table, const char *name)
{
    return strcmp(name, "AwbMode") == 0 && is_settable(table, "AwbEnable") ? "AwbEnable" : NULL;
}

/* Setting the first one removes the second one, whatever their values. */
static const char *const replaced[][2] = {
    { "ColourGains", "ColourTemperature" },
    { "ColourTemperature", "ColourGains" },
    { "AeEnable", "ExposureTimeMode" },
    { "AeEnable", "AnalogueGainMode" },
};

bool pair_supersedes(const char *name, const struct value *value, const char *other)
{
    double number = value_number(value, 0);
    for (unsigned i = 0; i < PAIR_COUNT; i++)
        if (strcmp(pairs[i].mode, name) == 0 && strcmp(pairs[i].value, other) == 0 &&
            number != pairs[i].manual)
            return true;
    for (size_t i = 0; i < sizeof(replaced) / sizeof(replaced[0]); i++)
        if (strcmp(replaced[i][0], name) == 0 && strcmp(replaced[i][1], other) == 0)
            return true;
    return false;
}

void pairs_supersede(struct control_list *list, const char *name, const struct value *value)
{
    for (unsigned i = list->count; i-- > 0;)
        if (pair_supersedes(name, value, list->items[i].name))
            control_list_remove(list, list->items[i].name);
}

bool control_is_trigger(const char *name)
{
    return strcmp(name, "AfTrigger") == 0 || strcmp(name, "AfPause") == 0;
}

bool control_is_switch(const char *name)
{
    static const char *const switches[] = { "AeEnable", "AwbEnable", "v4l2::FocusAuto",
                                            "v4l2::WhiteBalanceAuto" };
    for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
        if (strcmp(switches[i], name) == 0)
            return true;
    return false;
}

/* FrameDurationLimits limits the exposure, and a matrix is refused until white balance is manual.
 */
static unsigned rank_of(const char *name)
{
    static const char *const first[] = {
        "AeEnable",           "ExposureTimeMode", "AnalogueGainMode",
        "AwbEnable",          "AfMode",           "AfMetering",
        "AeFlickerMode",      "v4l2::FocusAuto",  "v4l2::WhiteBalanceAuto",
        "FrameDurationLimits"
    };
    enum { COUNT = sizeof(first) / sizeof(first[0]) };
    for (unsigned i = 0; i < COUNT; i++)
        if (strcmp(first[i], name) == 0)
            return i;
    if (control_is_trigger(name))
        return COUNT + 2;
    return strcmp(name, "ColourCorrectionMatrix") == 0 ? COUNT + 1 : COUNT;
}

void control_list_arrange(struct control_list *list)
{
    for (unsigned i = 1; i < list->count; i++) {
        struct control_setting setting = list->items[i];
        unsigned rank = rank_of(setting.name), at = i;
        for (; at > 0 && rank_of(list->items[at - 1].name) > rank; at--)
            list->items[at] = list->items[at - 1];
        list->items[at] = setting;
    }
}
