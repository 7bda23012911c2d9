#include "device/camera/exposure_room.h"

#include <math.h>
#include <string.h>

/* Of a frame's time cameras can't expose for some lines. */
enum { OVERHEAD_US = 1000 };

void exposure_room_init(struct exposure_room *room, const struct frame_rate *rate,
                        struct frame_rate_limits limits, int64_t usual_us)
{
    *room = (struct exposure_room){ .rate = *rate, .limits = limits, .usual_us = usual_us };
}

static void note(struct exposure_room *room, const struct control_setting *setting)
{
    double number = value_number(&setting->value, 0);
    if (strcmp(setting->name, "ExposureTime") == 0)
        room->exposure_us = number > 0 ? llround(number) : 0;
    else if ((strcmp(setting->name, "ExposureTimeMode") == 0 && number == 0) ||
             (strcmp(setting->name, "AeEnable") == 0 && number != 0))
        room->exposure_us = 0;
    if (strcmp(setting->name, "FrameDurationLimits") != 0)
        return;
    number = value_number(&setting->value, 1);
    room->by_user = true;
    room->longest_us = number > 0 ? llround(number) : 0;
}

static int64_t longest(const struct exposure_room *room, int64_t shortest)
{
    int64_t max_us = room->limits.max_us >= shortest ? room->limits.max_us : INT64_MAX;
    int64_t us = room->rate.longest_us ? room->rate.longest_us : room->usual_us;
    if (room->exposure_us > 0 && room->exposure_us + OVERHEAD_US > us)
        us = room->exposure_us + OVERHEAD_US;
    us = us < max_us ? us : max_us;
    return us > shortest ? us : shortest;
}

static int64_t shortest(const struct exposure_room *room)
{
    if (room->rate.duration_us > 0)
        return room->rate.duration_us;
    return room->limits.min_us > 0 ? room->limits.min_us : 1;
}

void exposure_room_update(struct exposure_room *room, struct control_list *settings, bool first)
{
    for (unsigned i = 0; i < settings->count; i++)
        note(room, &settings->items[i]);
    if (!room->limits.settable || room->by_user)
        return;
    int64_t exposure_us = room->exposure_us > 0 ? room->exposure_us + OVERHEAD_US : 0;
    bool due = room->longest_us > 0 || (first && room->rate.duration_us > 0) ||
               exposure_us > room->usual_us;
    int64_t min_us = shortest(room), max_us = longest(room, min_us);
    if (!due || max_us == room->longest_us)
        return;
    struct value range = {
        .type = VALUE_INT64, .array = true, .count = 2, .int64 = { min_us, max_us }
    };
    if (control_list_set(settings, "FrameDurationLimits", &range))
        room->longest_us = max_us;
}
