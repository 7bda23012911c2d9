/*
 * The modes of the test pattern's sensor, which are those of the IMX477 (4056x3040 pixels): all of
 * them, all of them at half the size, or the middle part at a high rate. Pure; any thread.
 */
#ifndef PITETHER_DEVICE_CAMERA_SENSOR_MODES_H
#define PITETHER_DEVICE_CAMERA_SENSOR_MODES_H

#include "device/camera/camera.h"
#include "shared/controls/value.h"

enum { SENSOR_WIDTH = 4056, SENSOR_HEIGHT = 3040 };

struct sensor_mode {
    unsigned width, height, depth; /* pixels, and bits of each */
    double fps;                    /* at most */
    struct value_rectangle area;   /* what it sees, in pixels of the whole sensor */
};

/* The mode for a request: the named one, or else the smallest one that is fast enough and, with
 * full_view, shows all of the sensor. NULL, with error filled: there is no mode of that name. */
const struct sensor_mode *sensor_mode_choose(const struct camera_request *request,
                                             struct error *error);

/* The one with the most pixels. */
const struct sensor_mode *sensor_mode_full(void);

/* The largest part of the mode's area that has the shape of a picture of this size; it lies in the
 * middle, on even pixels. */
struct value_rectangle sensor_mode_crop(const struct sensor_mode *mode, unsigned width,
                                        unsigned height);

/* How much of all that the sensor sees lies in the part, in 1/10000. */
unsigned sensor_view(struct value_rectangle part);

#endif
