/*
 * A camera whose every report comes from the test. The test's thread plays the source's thread;
 * start, stop and close are called by the thread under test, which must not assert: it counts
 * faults.
 */
#ifndef PITETHER_TESTS_UNIT_DEVICE_FAKE_CAMERA_H
#define PITETHER_TESTS_UNIT_DEVICE_FAKE_CAMERA_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "device/camera/camera.h"

enum { FAKE_BOUND_MS = 10000, FAKE_SHOTS_MAX = 256, FAKE_SIDE = 16, FAKE_STARTS_MAX = 4 };

/* A picture that the camera lends. */
struct shot {
    struct raw_frame capture;
    struct camera *camera;
    bool out; /* under the camera's lock */
};

struct camera {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under lock. */
    struct camera_sink sink;
    struct shot shots[FAKE_SHOTS_MAX];
    unsigned shot_count, lent, released, starts, stops, faults;
    uint64_t start_ns[FAKE_STARTS_MAX]; /* of the first starts */
    bool running, closed;
    bool in_call; /* stop() does not return */
    bool held;    /* release() does not return: the encoder is kept from going on */
    /* What start does; set while the camera is off. */
    unsigned failures;                    /* so many starts fail first */
    unsigned widths[2];                   /* of the first starts' modes; 0: FAKE_SIDE */
    unsigned preview_side;                /* of the modes' previews; 0: there is none */
    bool takes_stills;                    /* what the modes say of that */
    int still_error;                      /* what still() returns */
    unsigned stills;                      /* calls of still() */
    bool still_run;                       /* it was started for a still */
    struct control_table *table;          /* what begin() is given, if anything, ... */
    struct control_list list;             /* ... and what it filled for a still, ... */
    struct control_list stream_list;      /* ... and for a stream */
    void (*early)(struct camera *camera); /* reports before start returns */
};

extern const struct camera_ops fake_camera_ops;

void fake_camera_init(struct camera *camera);
/* Asserts that it is off, that nothing is lent, and that there were no faults. */
void fake_camera_destroy(struct camera *camera);

/* With the lock: waits for a change. False: none came. */
bool fake_camera_wait(struct camera *camera);

/* A picture of FAKE_SIDE rows and columns, lent. */
struct raw_frame *fake_camera_lend(struct camera *camera, uint32_t sequence);

/* The same of another output. */
struct raw_frame *fake_camera_lend_output(struct camera *camera, enum camera_output output,
                                          uint32_t sequence);

/* Waits until the camera runs, and keeps it from being stopped, until end_call. */
void fake_camera_begin_call(struct camera *camera);
void fake_camera_end_call(struct camera *camera);

/* One picture, lost frame, or end, within a call. */
void fake_camera_give(struct camera *camera, uint32_t sequence);
void fake_camera_give_lost(struct camera *camera, uint32_t sequence, enum wire_drop_reason reason);
void fake_camera_give_end(struct camera *camera, int error);

/* Whether release() is held up, and with it the encoder. */
void fake_camera_hold(struct camera *camera, bool held);

#endif
