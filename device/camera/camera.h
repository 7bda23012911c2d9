/*
 * A source of pictures: a libcamera camera, the test pattern, or a file.
 *
 * Thread rules: open, start, stop and close are called by one thread, never at the same time. The
 * sink's functions are called by one thread of the source's own, one call at a time, only between
 * the start and the return of stop. raw_frame_release() may be called by any thread, also from
 * within on_frame; it does not wait for the camera.
 *
 * Several cameras may be open at once, each with threads of its own: one that hangs holds up no
 * other, except for what libcamera serialises itself (libcamera/manager.h).
 */
#ifndef PITETHER_DEVICE_CAMERA_CAMERA_H
#define PITETHER_DEVICE_CAMERA_CAMERA_H

#include <stdbool.h>
#include <stdint.h>

#include "device/image/picture.h"
#include "shared/base/error.h"
#include "shared/protocol/wire.h"

struct camera;
struct fault_script;

/* What the user requests. Zero means: the source decides. */
struct camera_request {
    unsigned width, height;            /* pixels; both or neither */
    double fps;                        /* frames per second; 0: the source's own rate */
    bool unpaced;                      /* sources without a sensor: as fast as frames are taken */
    bool hflip, vflip;                 /* --rotation 180 is both */
    const char *stream;                /* the stream's name, for messages to others; is copied */
    const struct fault_script *faults; /* what is to go wrong, for camera_faulty; is copied */
};

/* What the source gives, known once camera_start() has returned 0. */
struct camera_mode {
    unsigned width, height;
    double fps; /* 0: not known */
    enum pixel_format format;
    char model[WIRE_TEXT_MAX + 1]; /* UTF-8 */
};

/* One captured picture, lent by the source until raw_frame_release(). */
struct raw_frame {
    struct picture picture;
    uint32_t sequence;        /* the sensor's count; a jump is frames that the sensor dropped */
    uint64_t sensor_time_ns;  /* CLOCK_BOOTTIME: exposure of the first row began */
    uint64_t capture_time_ns; /* CLOCK_BOOTTIME: handed over by the source */
    struct wire_metadata metadata;            /* as reported by the sensor; see WIRE_META_* */
    uint64_t id;                              /* the frame id; set by the sink */
    void (*release)(struct raw_frame *frame); /* set by the source; call raw_frame_release() */
    void *owner;                              /* the source's own */
};

static inline void raw_frame_release(struct raw_frame *frame)
{
    frame->release(frame);
}

struct camera_sink {
    /* A picture, lent: the sink sees to it that raw_frame_release() is called, soon or later. */
    void (*on_frame)(void *user, struct raw_frame *frame);
    /* The frame of this sequence number came to nothing. Gaps in `sequence` are found by the sink
     * and not reported here. */
    void (*on_lost)(void *user, uint32_t sequence, enum wire_drop_reason reason);
    /* The source ended by itself and delivers no more: -ENODEV unplugged, -ETIMEDOUT stalled, any
     * other broken. camera_stop() is still due. */
    void (*on_end)(void *user, int error);
    void *user;
};

/*
 * One kind of source. Each function that can fail returns 0, or a negative errno with error filled.
 */
struct camera_ops {
    /* argument: what camera_find() gives for the source; lives until close(). Looks for the camera,
     * without taking hold of it. -ENODEV with *camera set: it is not there yet, and start() looks
     * for it again. Other errors, with *camera NULL: -EACCES not permitted, -EINVAL bad file,
     * -ENOTUNIQ several cameras fit, -EBUSY another stream of this process has it, -ENOSYS not in
     * this build; of a file, also those of open(). */
    int (*open)(struct camera **camera, const char *argument, const struct camera_request *request,
                struct error *error);
    /* Takes hold of the camera and starts it. The sink is copied. On error nothing is running and
     * start may be tried again. -EBUSY: another process, or another stream, has it. -ENODEV: it is
     * gone. */
    int (*start)(struct camera *camera, const struct camera_sink *sink, struct camera_mode *mode,
                 struct error *error);
    /* Returns after the last call of the sink and after each lent frame has come back (so never
     * call it while holding one), with the hardware released. Does nothing if not started. */
    void (*stop)(struct camera *camera);
    /* Stops if need be, frees, and nulls the caller's pointer. NULL and *NULL are fine. */
    void (*close)(struct camera **camera);
};

#endif
