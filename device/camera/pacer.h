/*
 * What sources without a sensor have in common: a thread that keeps the pace, and a few buffers
 * that are lent and come back. The test pattern and files differ only in how a buffer is filled.
 */
#ifndef PITETHER_DEVICE_CAMERA_PACER_H
#define PITETHER_DEVICE_CAMERA_PACER_H

#include <pthread.h>
#include <stdbool.h>

#include "device/camera/camera.h"

/* One for the camera's hand, one waiting for the encoder, the rest in work. */
enum { PACER_BUFFERS = 6 };

struct pacer_buffer {
    struct raw_frame capture;
    uint8_t *memory; /* owned; as large as the source's frame_size */
    bool used;       /* memory holds a frame of before */
    bool lent;       /* under the lock */
};

struct pacer {
    /* Set by the source before pacer_start(). */
    double fps;             /* > 0 */
    bool unpaced;           /* as soon as a buffer is free, whatever fps says */
    size_t frame_size;      /* bytes */
    struct picture picture; /* of each buffer, but for the planes' data ... */
    size_t offsets[3];      /* ... which lie so many bytes into its memory */
    /* Fills the buffer with frame number sequence; 0 or a negative errno, which ends the source
     * with on_end(). Called on the source's thread. */
    int (*fill)(struct pacer *source, struct pacer_buffer *buffer, uint32_t sequence);

    /* The rest belongs to camera_paced.c. */
    struct camera_sink sink;
    uint32_t next_sequence; /* goes on where the last run ended, so that it equals the frame id */
    struct pacer_buffer buffers[PACER_BUFFERS];
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a buffer came back, or stopping was set */
    bool stopping;          /* under lock */
};

/* Once, before anything else. */
void pacer_init(struct pacer *source);

/* 0; -ENOMEM; another negative errno if there can be no thread. */
int pacer_start(struct pacer *source, const struct camera_sink *sink);

/* As camera_ops.stop. */
void pacer_stop(struct pacer *source);

/* After pacer_stop(). */
void pacer_destroy(struct pacer *source);

#endif
