/*
 * One stream: a camera and all that makes frames of its pictures. A daemon has one for each camera;
 * they share the encoder's workers, and nothing else. If the camera is to have a second, smaller
 * output, that is a stream, too: it shares the camera and its supervisor with the main one, which
 * owns it.
 *
 * The camera's thread, the supervisor's and the encoder's workers report through `events`. What the
 * loop thread has taken from there so far is in the fields from `format` on, which are its own.
 */
#ifndef PITETHER_DEVICE_STREAM_STREAM_H
#define PITETHER_DEVICE_STREAM_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "device/camera/camera.h"
#include "device/stream/changes.h"
#include "device/stream/demand.h"
#include "device/stream/encoder.h"
#include "device/stream/events.h"
#include "device/stream/supervisor.h"
#include "shared/base/attributes.h"
#include "shared/protocol/wire.h"

struct stream_config {
    unsigned number;    /* as STREAMS lists it */
    const char *name;   /* as receivers call it; must outlive the stream */
    const char *source; /* shown as the model until that is known; must outlive the stream */
    const char *label;  /* what log lines begin with: "NAME: ", or "" for the only one; must outlive
                           the stream */
    const struct camera_ops *ops;
    struct camera *camera;              /* open, not started; the stream's from now on */
    const struct metadata_names *names; /* of what its frames report; must outlive the stream. NULL:
                                           they report nothing */
    struct encoder_config encoder; /* blocking: pictures are encoded even if no client wants them */
    const char *controls;          /* what the camera is set to at first, "NAME=VALUE,...";
                                      must outlive the stream; NULL: nothing */
    uint64_t frame_limit;          /* captures; 0: none */
    double min_fps;                /* see supervisor.h */
    uint64_t timeout_ns;           /* see supervisor.h */
    bool always_on;                /* the camera runs even if nobody watches */
    bool adaptive;                 /* the bit rate follows the slowest live subscription */
    /* The same of the camera's second output. name NULL: it has none. */
    struct {
        unsigned number;
        const char *name, *label;
    } preview;
};

struct stream {
    struct stream_config config;
    enum camera_output output;
    struct stream *preview; /* the camera's second output; NULL: it has none, or this is it */
    struct stream *stills;  /* of the camera: with ids of their own, not in STREAMS; NULL: this is
                               not the main stream */
    struct stream_events events;
    struct demand demand;
    struct encoder *encoder;
    struct supervisor *supervisor; /* a preview and stills have the main stream's */
    struct changes *changes;       /* of the camera's controls; likewise, stills have none */

    struct wire_stream format; /* of the newest frames; width 0: none yet. No first_frame_id */
    struct wire_status status;
    bool running;                     /* the camera is on: the next frames have this format */
    bool finished;                    /* no more events come */
    uint64_t next_id;                 /* of the first frame of which nothing is known yet */
    uint64_t lost[WIRE_DROP_REASONS]; /* frames that were lost before that, by reason */
};

/* Starts its threads; the camera stays off. Creates its preview and its stills with it. The pool
 * must outlive it. 0 or a negative errno, with *stream NULL and the camera closed. */
NODISCARD int stream_create(struct stream **stream, const struct stream_config *config,
                            struct encode_pool *pool);

/* Stops the camera for good and returns at once; EVENT_FINISHED follows, of its preview and
 * its stills, too. Any thread. */
void stream_quit(struct stream *stream);

/* Of a main stream: the same, for when no events are taken any more; waits for the camera until
 * due_ns (CLOCK_MONOTONIC). False: the camera hangs. Then nothing of the stream can be freed: what
 * it uses stays in use. */
NODISCARD bool stream_wait(struct stream *stream, uint64_t due_ns);

/* Of a main stream: stops and closes the camera, ends the threads, frees all, with its preview and
 * its stills, and nulls the caller's pointer. Every frame must have been released. Hangs if the
 * camera does. NULL and *NULL are fine. */
void stream_destroy(struct stream **stream);

/* The loop thread: takes the oldest event, as events_take(), and brings the fields above up to
 * date. A frame is given the stream's format. */
NODISCARD bool stream_take(struct stream *stream, struct stream_event *event);

/* The loop thread: whether the camera should run for this stream. */
void stream_want(struct stream *stream, bool wanted);

/* Of stills: has the camera take one, once the one before has its answer; see still.h. The loop
 * thread. */
void stream_request_still(struct stream *stills, const struct still_request *request);

/* Of stills: nobody waits for it any more; the answer comes all the same. The loop thread. */
void stream_cancel_still(struct stream *stills);

#endif
