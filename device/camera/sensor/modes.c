#include "device/camera/sensor/modes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct sensor_mode modes[] = {
    { 2028, 1520, 12, 40, { 0, 0, SENSOR_WIDTH, SENSOR_HEIGHT } },
    { 1332, 990, 10, 120, { 696, 528, 2664, 1980 } },
    { SENSOR_WIDTH, SENSOR_HEIGHT, 12, 10, { 0, 0, SENSOR_WIDTH, SENSOR_HEIGHT } },
};
enum { MODES = sizeof(modes) / sizeof(modes[0]), WHOLE = 0, FAST = 1, FULL = 2 };

static const struct sensor_mode *find_named(const char *name, struct error *error)
{
    for (unsigned i = 0; i < MODES; i++) {
        char text[32];
        int size = snprintf(text, sizeof(text), "%u:%u", modes[i].width, modes[i].height);
        if (strncmp(name, text, (size_t)size) != 0)
            continue;
        snprintf(text + size, sizeof(text) - (size_t)size, ":%u", modes[i].depth);
        if (!name[size] || strcmp(name, text) == 0)
            return &modes[i];
    }
    error_set(error, -EINVAL,
              "the test pattern has no mode %.40s; its modes are 2028:1520:12, 1332:990:10 and "
              "4056:3040:12",
              name);
    return NULL;
}

const struct sensor_mode *sensor_mode_choose(const struct camera_request *request,
                                             struct error *error)
{
    if (request->sensor_mode)
        return find_named(request->sensor_mode, error);
    return &modes[request->fps > modes[WHOLE].fps && !request->full_view ? FAST : WHOLE];
}

const struct sensor_mode *sensor_mode_full(void)
{
    return &modes[FULL];
}

struct value_rectangle sensor_mode_crop(const struct sensor_mode *mode, unsigned width,
                                        unsigned height)
{
    struct value_rectangle area = mode->area, crop = area;
    if ((uint64_t)width * area.height > (uint64_t)height * area.width)
        crop.height = (uint32_t)((uint64_t)area.width * height / width) & ~1u;
    else
        crop.width = (uint32_t)((uint64_t)area.height * width / height) & ~1u;
    if (crop.width < 2)
        crop.width = 2;
    if (crop.height < 2)
        crop.height = 2;
    crop.x += (int32_t)(((area.width - crop.width) / 2) & ~1u);
    crop.y += (int32_t)(((area.height - crop.height) / 2) & ~1u);
    return crop;
}

unsigned sensor_view(struct value_rectangle part)
{
    const uint64_t all = (uint64_t)SENSOR_WIDTH * SENSOR_HEIGHT;
    return (unsigned)(((uint64_t)part.width * part.height * WIRE_VIEW_ALL + all / 2) / all);
}
