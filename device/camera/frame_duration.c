#include "device/camera/frame_duration.h"

#include <math.h>
#include <string.h>

/* The part of a frame's time in which a camera can't expose: some lines are blank. */
enum { OVERHEAD_US = 1000 };

void frame_duration_init(struct frame_duration *duration, const struct frame_rate *rate,
                         struct frame_rate_limits limits, const int64_t usual_us[2])
{
    *duration = (struct frame_duration){ .rate = *rate,
                                         .limits = limits,
                                         .usual_us = { usual_us[0], usual_us[1] } };
}

static void note(struct frame_duration *duration, const struct control_setting *setting)
{
    double number = value_number(&setting->value, 0);
    if (strcmp(setting->name, "ExposureTime") == 0)
        duration->exposure_us = number > 0 ? llround(number) : 0;
    else if ((strcmp(setting->name, "ExposureTimeMode") == 0 && number == 0) ||
             (strcmp(setting->name, "AeEnable") == 0 && number != 0))
        duration->exposure_us = 0;
    if (strcmp(setting->name, "FrameDurationLimits") != 0)
        return;
    number = value_number(&setting->value, setting->value.count - 1u);
    duration->given_back = setting->given_back;
    duration->by_user = !setting->given_back;
    duration->longest_us = number > 0 ? llround(number) : 0;
    number = value_number(&setting->value, 0);
    duration->shortest_us = duration->by_user && number > 0 ? llround(number) : 0;
}

static int64_t longest(const struct frame_duration *duration, int64_t shortest)
{
    int64_t max_us = duration->limits.max_us >= shortest ? duration->limits.max_us : INT64_MAX;
    int64_t us = duration->rate.longest_us ? duration->rate.longest_us : duration->usual_us[1];
    if (duration->exposure_us > 0 && duration->exposure_us + OVERHEAD_US > us)
        us = duration->exposure_us + OVERHEAD_US;
    us = us < max_us ? us : max_us;
    return us > shortest ? us : shortest;
}

static int64_t shortest(const struct frame_duration *duration)
{
    if (duration->rate.duration_us > 0)
        return duration->rate.duration_us;
    if (duration->usual_us[0] > duration->limits.min_us)
        return duration->usual_us[0];
    return duration->limits.min_us > 0 ? duration->limits.min_us : 1;
}

void frame_duration_update(struct frame_duration *duration, struct control_list *settings,
                           bool first)
{
    duration->given_back = false;
    for (unsigned i = 0; i < settings->count; i++)
        note(duration, &settings->items[i]);
    if (!duration->limits.settable || duration->by_user)
        return;
    int64_t exposure_us = duration->exposure_us > 0 ? duration->exposure_us + OVERHEAD_US : 0;
    bool due = duration->longest_us > 0 || (first && duration->rate.duration_us > 0) ||
               exposure_us > duration->usual_us[1];
    int64_t min_us = shortest(duration), max_us = longest(duration, min_us);
    if (!due || (max_us == duration->longest_us && !duration->given_back))
        return;
    struct value range = {
        .type = VALUE_INT64, .array = true, .count = 2, .int64 = { min_us, max_us }
    };
    if (control_list_set(settings, "FrameDurationLimits", &range))
        duration->longest_us = max_us;
}

uint64_t frame_duration_min_ns(const struct frame_duration *duration)
{
    /* A tenth less, as that of the rate. */
    const uint64_t by_user = (uint64_t)duration->shortest_us * 900;
    return by_user > 0 && by_user < duration->rate.min_ns ? by_user : duration->rate.min_ns;
}
