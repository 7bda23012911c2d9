/*
 * A picture of the sensor's full size, one at a time: from the request for it until it is handed to
 * an encoder of its own, or has come to nothing. While the camera runs for its streams, their
 * pictures show when exposure, white balance and focus have settled, and to what.
 *
 * Each request gets exactly one answer through the events: EVENT_STREAM with the picture's size and
 * then the frame or its loss; EVENT_STATUS LOST, whose text says why there is no picture; or
 * EVENT_FINISHED. Ids count the stills that were handed to the encoder.
 *
 * Locked: each function says whose it is.
 */
#ifndef PITETHER_DEVICE_STREAM_STILL_H
#define PITETHER_DEVICE_STREAM_STILL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "device/camera/camera.h"
#include "device/stream/encoder.h"
#include "device/stream/events.h"
#include "shared/controls/settling.h"

struct still_request {
    unsigned width, height; /* pixels, about; both 0: the sensor's full size */
    bool may_switch;        /* a stream that is watched may be interrupted for it */
    int quality;            /* of the JPEG, 1..100 */
    uint64_t settle_ns;     /* how long to wait, at most, until all has settled */
};

enum still_phase {
    STILL_NONE,    /* none is requested */
    STILL_WAITS,   /* for the streams' pictures to show that all has settled, if the camera runs */
    STILL_DUE,     /* they do */
    STILL_AWAITED, /* the camera was asked for the picture, or runs for it */
};

struct still_config {
    const char *label;                  /* what log lines begin with */
    struct encoder *encoder;            /* of stills */
    struct stream_events *events;       /* of stills */
    const struct metadata_names *names; /* of what the camera reports; NULL: nothing */
    void (*wake)(void *user);           /* the phase is another one, for the supervisor to see */
    void *user;
};

struct still {
    struct still_config config;
    atomic_int phase; /* enum still_phase; changed under lock */
    pthread_mutex_t lock;
    /* Under lock. */
    struct still_request request;
    bool settles;            /* its own pictures show when all has settled */
    uint64_t due_ns;         /* see still_await() */
    struct camera_mode mode; /* likewise */
    struct settling settling;
    struct metadata metadata; /* of the streams' newest picture in WAITS */
    uint64_t next_id;
};

/* What config points to must outlive it. No request. */
void still_init(struct still *still, const struct still_config *config);
void still_destroy(struct still *still);

/* The loop thread, once the request before has its answer. */
void still_request(struct still *still, const struct still_request *request);

/* Any thread: there is to be no picture, if the camera has not given it yet. text: why, for the
 * one who asked. Does nothing without a request. */
void still_fail(struct still *still, const char *text);

/* Any thread. */
static inline enum still_phase still_phase(const struct still *still)
{
    return (enum still_phase)atomic_load(&still->phase);
}

/* The camera's thread: a picture of the main output, which stays the caller's. */
void still_see(struct still *still, const struct raw_frame *frame);

/* The camera's thread: a picture that may be the one that is awaited; lent until
 * raw_frame_release(). */
void still_frame(struct still *still, struct raw_frame *frame);

/* The supervisor: the camera, which runs in this mode, is about to be asked for the picture. It
 * must come until due_ns (CLOCK_MONOTONIC; 0: whenever). */
void still_await(struct still *still, const struct camera_mode *mode, uint64_t due_ns);

/* The supervisor, instead: the camera was started for the picture. cold: what it was set to while
 * it ran for its streams is not known, so that all must settle first. */
void still_await_run(struct still *still, const struct camera_mode *mode, bool cold);

/* The supervisor: gives up a picture that did not come in time. */
void still_check(struct still *still, uint64_t now_ns);

/* The supervisor: what was requested. */
struct still_request still_requested(struct still *still);

/* The supervisor: what the camera had chosen for the streams' newest picture, one by one, as
 * "NAME=VALUE" in text (STILL_SETTING_MAX bytes). False: it did not report this one. */
enum { STILL_SETTINGS = 3, STILL_SETTING_MAX = CONTROL_NAME_MAX + 2 + VALUE_TEXT_SIZE };
bool still_setting(struct still *still, unsigned i, char *text);

#endif
