/*
 * Encodes the frames of one stream: keeps their order, and the stream's rate.
 *
 * A frame's slices go to whichever worker of the pool is free, so that one frame uses all cores;
 * the next begins as soon as a worker finds no slice left. Between the camera and the workers there
 * is one slot: a newer raw frame replaces one that no worker has begun (ENCODER_BUSY).
 *
 */
#ifndef PITETHER_DEVICE_STREAM_ENCODER_H
#define PITETHER_DEVICE_STREAM_ENCODER_H

#include "device/camera/camera.h"
#include "device/encode/drops.h"
#include "device/encode/pool.h"
#include "device/stream/events.h"
#include "shared/base/attributes.h"

struct encoder_config {
    const char *label;        /* what log lines begin with; NULL: nothing */
    unsigned slices;          /* 1..FRAME_SLICES_MAX; 0: chosen by the number of threads */
    int quality;              /* 1..100; the highest one where a bit rate is to be kept */
    int min_quality;          /* 1..quality; the lowest one then; 0: as quality */
    uint64_t bits_per_second; /* of a stream that is to keep a rate; 0: no limit */
    bool blocking; /* encoder_submit() waits until the frame is begun; nothing is ENCODER_BUSY */
};

struct encoder_totals {
    uint64_t frames;    /* encoded whole */
    uint64_t bytes;     /* of JPEG in them */
    uint64_t encode_ns; /* from the first worker's begin to the last one's end, summed up */
};

struct encoder;

/* Frames and losses go to the events, which must be there until encoder_drain() has returned for
 * the last time; the pool must outlive the encoder. 0 or a negative errno, with *encoder NULL. */
NODISCARD int encoder_create(struct encoder **encoder, const struct encoder_config *config,
                             struct encode_pool *pool, struct stream_events *events);

/* Nulls the caller's pointer. The encoder must be idle, and every frame must have been released:
 * they live in the encoder's pool of frames. NULL and *NULL are fine. */
void encoder_destroy(struct encoder **encoder);

/* Takes a raw frame with its id; ids must rise. Does not wait, unless the encoder is blocking. One
 * thread. */
void encoder_submit(struct encoder *encoder, struct raw_frame *raw);

/* Reports frames that never became raw frames, in the order of ids with encoder_submit(). */
void encoder_lost(struct encoder *encoder, const struct lost_run *lost);

/* Waits until the encoder is idle. */
void encoder_drain(struct encoder *encoder);

/* Whether all that was submitted is encoded, and its raw frames released. Any thread. */
bool encoder_idle(struct encoder *encoder);

/* Changes the rate; 0: no limit. Any thread. */
void encoder_set_rate(struct encoder *encoder, uint64_t bits_per_second);

/* Changes the quality, 1..100, of what is submitted from now on, of a stream without a rate. The
 * encoder must have nothing waiting. Any thread. */
void encoder_set_quality(struct encoder *encoder, int quality);

/* Any thread. */
struct encoder_totals encoder_totals(struct encoder *encoder);

#endif
