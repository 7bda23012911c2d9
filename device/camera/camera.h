/*
 * A source of pictures: a libcamera camera, the test pattern, or a file.
 *
 * Thread rules: open, describe, start, stop and close are called by one thread, never at the same
 * time. The sink's functions are called by one thread of the source's own, one call at a time, only
 * between the start and the return of stop. raw_frame_release() may be called by any thread, also
 * from within on_frame; it does not wait for the camera.
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
#include "shared/controls/control_list.h"
#include "shared/controls/metadata.h"
#include "shared/protocol/wire.h"

struct camera;
struct fault_script;

/* Where a picture of a camera goes. */
enum camera_output {
    CAMERA_MAIN,    /* the stream */
    CAMERA_PREVIEW, /* the second, smaller output */
    CAMERA_STILL,   /* a picture of the sensor's full size */
    CAMERA_OUTPUTS
};

/* What the user requests. Zero means: the source decides. */
struct camera_request {
    unsigned width, height;                 /* pixels of the camera's picture, before it is rotated;
                                               both or neither */
    unsigned preview_width, preview_height; /* of a second output; both 0: none */
    double fps;     /* frames per second, at most; 0: the source's own rate */
    double min_fps; /* a long exposure may lower the rate to this; 0: fps, or if that is 0, the
                       source decides */
    bool unpaced;   /* sources without a sensor: as fast as frames are taken */
    bool hflip, vflip, transpose;      /* see struct orientation */
    bool full_view;                    /* a mode of the sensor that shows all that it sees */
    const char *sensor_mode;           /* "WIDTH:HEIGHT[:DEPTH]" of the sensor, as --mode; NULL */
    const char *stream;                /* the stream's name, for messages to others; is copied */
    const struct fault_script *faults; /* what is to go wrong, for camera_faulty; is copied */
    struct metadata_names *names;      /* gets the names of what the frames report, by the camera's
                                          thread; the caller's, must outlive the camera. NULL: they
                                          report nothing */
};

/* What the source gives, known once camera_start() has returned 0. */
struct camera_mode {
    unsigned width, height;                 /* pixels, as receivers get them: transposed if they
                                               are */
    unsigned preview_width, preview_height; /* 0: there is no such output */
    double fps;                             /* 0: not known */
    enum pixel_format format;
    char model[WIRE_TEXT_MAX + 1]; /* UTF-8 */
    unsigned view; /* how much of what the sensor sees the pictures show, in 1/10000 of its area;
                      0: not known */
    struct orientation turn; /* what is still to be done to the pictures, as they say themselves:
                                the camera's regions are in the picture before it */
    bool shows_changes; /* shown_change of its frames is known, so that nobody guesses before it */
    unsigned still_width, still_height; /* of what still() gives while the stream goes on; 0: it
                                           gives nothing */
};

/* The sizes of pictures that the encoder is to transpose. */
static inline void camera_mode_transpose(struct camera_mode *mode)
{
    unsigned width = mode->width, preview_width = mode->preview_width;
    unsigned still_width = mode->still_width;
    mode->width = mode->height;
    mode->height = width;
    mode->preview_width = mode->preview_height;
    mode->preview_height = preview_width;
    mode->still_width = mode->still_height;
    mode->still_height = still_width;
}

/* One captured picture, lent by the source until raw_frame_release(). */
struct raw_frame {
    struct picture picture;
    enum camera_output output;
    uint32_t sequence;        /* the sensor's count; a jump is frames that the sensor dropped. The
                                 outputs of one exposure have the same; a still may have any */
    uint64_t sensor_time_ns;  /* CLOCK_BOOTTIME: exposure of the first row began */
    uint64_t capture_time_ns; /* CLOCK_BOOTTIME: handed over by the source */
    uint64_t wall_clock_ns;   /* CLOCK_REALTIME at sensor_time_ns; 0: not known */
    struct metadata metadata; /* by the numbers in the request's names */
    /* Numbers of changes, as take() of camera_controls returns them; 0: none, or not known. The
     * newest one that the camera had been given for this frame, even if it refused that; and the
     * newest one of which the camera knows that this frame is the first to show it, or to show a
     * later one in its place. */
    uint64_t applied_change, shown_change;
    uint64_t id;                              /* the frame id; set by the sink */
    void (*release)(struct raw_frame *frame); /* set by the source; call raw_frame_release() */
    void *owner;                              /* the source's own */
};

static inline void raw_frame_release(struct raw_frame *frame)
{
    frame->release(frame);
}

struct camera_sink {
    /* A picture, lent: the sink must have raw_frame_release() called in the end. */
    void (*on_frame)(void *user, struct raw_frame *frame);
    /* The frame of this sequence number is lost. Not called for gaps in `sequence`, which the sink
     * finds, nor for a lost preview whose CAMERA_MAIN arrives. */
    void (*on_lost)(void *user, uint32_t sequence, enum wire_drop_reason reason);
    /* The picture that still() asked for is lost. */
    void (*on_still_lost)(void *user);
    /* The source ended by itself and delivers no more: -ENODEV unplugged, -ETIMEDOUT stalled, any
     * other broken. camera_stop() is still due. */
    void (*on_end)(void *user, int error);
    void *user;
};

/*
 * What the camera is to be set to: the camera asks for it when it can use it. Values have the
 * table's types and are within its limits.
 */
struct camera_controls {
    /* Called within start(), once the camera is configured and has its table: fills list with the
     * settings for the first frame. Keeps a copy of the table if it needs one. 0, or a negative
     * errno with error filled, with which start() fails: the camera lacks something that the user
     * has set. */
    int (*begin)(void *user, const struct control_table *table, struct control_list *list,
                 struct error *error);
    /* The camera's thread, before each request to the camera: fills list with what is to be set
     * with it, in this order, and returns the number of the newest change in it. 0: nothing is new,
     * and list is not touched. Numbers only grow, over all runs of the camera. */
    uint64_t (*take)(void *user, struct control_list *list);
    /* The camera's thread: the camera refused the request that carried the list of this change (the
     * number that take() returned), so nothing of that list is set. NULL: not of interest. */
    void (*refuse)(void *user, uint64_t change);
    void *user;
};

/* One run of the camera. */
struct camera_run {
    struct camera_sink sink;         /* is copied */
    struct camera_controls controls; /* is copied; begin NULL: the camera's defaults */
    bool still; /* configured for stills alone: its frames are CAMERA_STILL, ... */
    unsigned still_width, still_height; /* ... of about this size; 0: the sensor's full one */
};

/* What a source has, and can be set to, without being started. */
struct camera_description {
    struct camera_mode mode;
    struct control_table controls; /* the caller's to clear */
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
    /* Takes hold of the camera, configures it as start() would, says what it is then, and releases
     * it. Not while it is started. Errors as of start(). */
    int (*describe)(struct camera *camera, struct camera_description *description,
                    struct error *error);
    /* Takes hold of the camera and starts it. On error nothing is running and start may be tried
     * again. -EBUSY: another process, or another stream, has it. -ENODEV: it is gone. */
    int (*start)(struct camera *camera, const struct camera_run *run, struct camera_mode *mode,
                 struct error *error);
    /* Where the mode has a size for it: asks for one CAMERA_STILL frame besides the stream's;
     * on_frame or on_still_lost follows. Any thread, between the start and the stop. NULL: the
     * source never does. Not if the source is stopped before. 0 or a negative errno. */
    int (*still)(struct camera *camera);
    /* Returns after the last call of the sink and after each lent frame has come back (so never
     * call it while holding one), with the hardware released. Does nothing if not started. */
    void (*stop)(struct camera *camera);
    /* Stops if need be, frees, and nulls the caller's pointer. NULL and *NULL are fine. */
    void (*close)(struct camera **camera);
};

#endif
