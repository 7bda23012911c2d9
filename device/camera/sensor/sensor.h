/*
 * The test pattern's sensor. Its controls take effect as those of a camera: exposure, gain and
 * frame duration two frames after the frame that they were sent with, the others at once. So it is
 * known exactly which frame shows which change.
 *
 * Changes take effect one after the other: what acts at once waits for an earlier change that does
 * not.
 *
 * Pure. One thread.
 *
 */
#ifndef PITETHER_DEVICE_CAMERA_SENSOR_SENSOR_H
#define PITETHER_DEVICE_CAMERA_SENSOR_SENSOR_H

#include "device/camera/faults.h"
#include "device/camera/sensor/state.h"
#include "device/image/card_painter.h"

enum { SENSOR_DELAY = 2 /* frames */, SENSOR_QUEUE_MAX = 64 };

/* A change that is not in force yet. */
struct sensor_change {
    uint64_t number;
    uint32_t at_once, delayed;       /* the frames from which on its parts are in force */
    bool begun;                      /* the first part is */
    struct sensor_settings settings; /* all of them, as they are then */
};

/* The faults that are due at the present frame. */
struct sensor_faults {
    struct fault_script script;
    uint32_t ignore, clamp, reject; /* how many changes still are ignored, clamped or rejected */
    uint32_t slow;                  /* frames more than usual */
    bool unreported, unshown;
};

struct sensor {
    const struct sensor_mode *mode;
    unsigned width, height; /* of the picture */
    int64_t frame_us[2];    /* least and most */
    struct sensor_settings asked;
    struct sensor_state state;
    struct sensor_faults faults;
    uint64_t applied; /* the newest change that was sent */
    struct sensor_change queue[SENSOR_QUEUE_MAX];
    unsigned first, count; /* of the queue */
};

/* Before anything else, and again for pictures of another size: width by height pixels, fps a
 * second (> 0), or, with long exposures, down to min_fps (0: fps). The faults stay. */
void sensor_configure(struct sensor *sensor, const struct sensor_mode *mode, unsigned width,
                      unsigned height, double fps, double min_fps);

/* The beginning of a run: the defaults, and what the list says, are in force from the first frame
 * on. */
void sensor_begin(struct sensor *sensor, const struct control_list *list);

/* A change is sent with this frame. False: it is refused, and the frame is lost with it. */
bool sensor_send(struct sensor *sensor, uint32_t sequence, uint64_t number,
                 const struct control_list *list);

/* The next frame; sequence numbers only grow. sensor->state is what is in force for it. Returns the
 * number of the newest change that it is the first to show, or 0. */
uint64_t sensor_expose(struct sensor *sensor, uint32_t sequence);

/* How the state shows in the pictures, of any size. */
void sensor_look(const struct sensor *sensor, struct card_look *look);

#endif
