/*
 * Stills of the test pattern while it runs. A thread of its own paints them, since that takes
 * longer than a frame lasts; the camera's thread hands them to the sink.
 */
#ifndef PITETHER_DEVICE_CAMERA_CARD_STILL_H
#define PITETHER_DEVICE_CAMERA_CARD_STILL_H

#include <pthread.h>

#include "device/camera/camera.h"
#include "device/image/card_painter.h"

/* A still to be painted. */
struct card_still_job {
    struct raw_frame frame; /* its numbers, times and metadata; the picture without its planes */
    struct test_card_moment moment;
    struct card_look look;
};

struct card_still {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* released */
    /* Under lock. */
    unsigned wanted;
    enum { STILL_IDLE, STILL_PAINTING, STILL_PAINTED, STILL_LENT } state;
    /* The painting thread's while it paints, then the camera's; result: 0 or a negative errno. */
    struct card_still_job job;
    uint8_t *memory;
    int result;
    pthread_t thread;
};

void card_still_init(struct card_still *still);
void card_still_destroy(struct card_still *still);

/* One more. Any thread. */
void card_still_ask(struct card_still *still);

/* The camera's thread, with each frame: hands over a still that is painted, and begins the next
 * one that was asked for, as the job describes it; its picture has the size. */
void card_still_step(struct card_still *still, const struct card_still_job *job,
                     const struct camera_sink *sink);

/* After the camera's thread has ended: no more stills are asked for, and what was lent has come
 * back. */
void card_still_stop(struct card_still *still);

#endif
