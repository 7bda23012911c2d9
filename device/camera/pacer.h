/*
 * What sources without a sensor have in common: a thread that keeps the frame rate, and a few
 * buffers that are lent and come back. The test pattern and files differ only in how a buffer is
 * filled.
 *
 * Threads: as camera.h says of a source; fill() is called by the pacer's own.
 */
#ifndef PITETHER_DEVICE_CAMERA_PACER_H
#define PITETHER_DEVICE_CAMERA_PACER_H

#include <pthread.h>
#include <stdbool.h>

#include "device/camera/camera.h"
#include "shared/base/attributes.h"

/* One being filled, one waiting for the encoder, the others being encoded. */
enum { PACER_BUFFERS = 6 };

struct pacer_buffer {
    struct raw_frame frame;
    struct pacer *pacer;
    uint8_t *memory; /* owned; as large as the output's frame_size */
    bool used;       /* memory holds an earlier frame */
    bool lent;       /* under the lock */
};

/* The pictures of one size. */
struct pacer_output {
    /* Set by the source before pacer_start(). */
    enum camera_output output;
    size_t frame_size;      /* bytes */
    struct picture picture; /* of each buffer, without the planes' data ... */
    size_t offsets[3];      /* ... which start at these offsets of its memory, in bytes */

    /* Private to pacer.c, apart from the buffers' own numbers. */
    size_t allocated; /* bytes, of each buffer that has memory */
    struct pacer_buffer buffers[PACER_BUFFERS];
};

enum { PACER_OUTPUTS = 2 };

struct pacer {
    /* Set by the source before pacer_start(). */
    double fps;                                 /* > 0 */
    bool unpaced;                               /* as soon as a buffer is free, regardless of fps */
    struct pacer_output outputs[PACER_OUTPUTS]; /* the first one has, or loses, each frame */
    unsigned output_count;
    /* Called first for each frame, even if no buffer is free. False: the frame is lost
     * (CAPTURE_ERROR). NULL: no frame is lost in this way. */
    bool (*begin)(struct pacer *pacer, uint32_t sequence);
    /* Fills the buffer with frame number sequence; 0 or a negative errno, which ends the source
     * with on_end(). */
    int (*fill)(struct pacer *pacer, struct pacer_buffer *buffer, uint32_t sequence);
    /* Called last for each frame. NULL: nothing is to be done. */
    void (*finish)(struct pacer *pacer);

    /* How long the present frame lasts, ns: 1 / fps, unless begin() changes it. */
    double frame_ns;

    /* Private to pacer.c. */
    struct camera_sink sink; /* the source's, to be called in finish() */
    uint32_t next_sequence;  /* continues over runs, so that it equals the frame id */
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a buffer came back, or stopping was set */
    bool stopping;          /* under lock */
};

/* Once, before anything else. */
void pacer_init(struct pacer *pacer);

/* Starts the outputs as they are now. 0; -ENOMEM; another negative errno if there can be no thread.
 */
NODISCARD int pacer_start(struct pacer *pacer, const struct camera_sink *sink);

/* As camera_ops.stop. */
void pacer_stop(struct pacer *pacer);

/* After pacer_stop(). */
void pacer_destroy(struct pacer *pacer);

#endif
