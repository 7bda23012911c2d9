/*
 * The state of a supervisor, which its files share: supervisor.c has its thread and what others
 * call, supervisor_still.c the runs of the camera for stills, supervisor_streams.c those for its
 * streams, and supervisor_watch.c what all runs have in common. Each calls only those that are
 * named after it.
 */
#ifndef PITETHER_DEVICE_STREAM_SUPERVISOR_STATE_H
#define PITETHER_DEVICE_STREAM_SUPERVISOR_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "device/stream/outputs.h"
#include "device/stream/still.h"
#include "device/stream/supervisor_config.h"

struct supervisor {
    struct supervisor_config config;
    struct outputs outputs;
    struct still still;
    pthread_t thread;
    atomic_uint calls;     /* the begins and ends of calls by the camera's thread; odd: in one */
    atomic_bool still_run; /* the camera runs for a still, and for nothing else */

    /* The thread's own. */
    uint64_t retry_ns;       /* the wait before the next retry; 0: that of a first one */
    uint64_t timeout_ns;     /* how long the camera may be silent now */
    struct error reported;   /* the last failure to start that was logged; "": it started */
    bool switching;          /* stopped for a still; its streams are to go on after that */
    struct camera_mode mode; /* of this run */

    pthread_mutex_t lock;
    pthread_cond_t changed; /* something that the thread waits for, under lock or in `still` */
    pthread_cond_t over;    /* done */
    /* Under lock. */
    bool wanted[OUTPUTS_MAX]; /* the camera should run for this output */
    bool quit, finished;      /* supervisor_quit() was called; frame_limit is reached */
    bool done;                /* the thread has ended its last run */
    int ended; /* why the camera's run ended by itself, a negative errno; 0: it did not */
};

/* With the lock: whether no other run may begin. */
static inline bool supervisor_is_over(const struct supervisor *supervisor)
{
    return supervisor->quit || supervisor->finished;
}

/* With the lock: whether the camera should run for a stream. */
static inline bool supervisor_is_wanted(const struct supervisor *supervisor)
{
    return supervisor->wanted[CAMERA_MAIN] || supervisor->wanted[CAMERA_PREVIEW];
}

#endif
