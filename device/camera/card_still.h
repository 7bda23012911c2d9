/*
 * Stills of the test pattern while it runs: each is painted by a thread of its own, since that
 * takes longer than a frame, and handed to the sink by the camera's.
 */
#ifndef PITETHER_DEVICE_CAMERA_CARD_STILL_H
#define PITETHER_DEVICE_CAMERA_CARD_STILL_H

#include <pthread.h>

#include "device/camera/camera.h"
#include "device/image/card_painter.h"

/* What is painted. */
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

/* The camera's thread, with each frame: hands over what is painted, and begins another one that was
 * asked for: what the job says, with a size in its picture. */
void card_still_step(struct card_still *still, const struct card_still_job *job,
                     const struct camera_sink *sink);

/* Once the camera's thread is gone: nobody asks any more, and what is lent has come back. */
void card_still_stop(struct card_still *still);

#endif
