/*
 * What the files of a supervisor share: supervisor.c has its thread and what others call,
 * supervisor_run.c the runs of the camera for its streams, and supervisor_still.c those for stills.
 * They call one another in this order only: supervisor, still, run.
 */
#ifndef PITETHER_DEVICE_STREAM_SUPERVISOR_PRIVATE_H
#define PITETHER_DEVICE_STREAM_SUPERVISOR_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "device/stream/still.h"
#include "device/stream/supervisor.h"

struct supervisor {
    struct supervisor_config config;
    struct outputs outputs;
    struct still still;
    pthread_t thread;
    atomic_uint calls;     /* the begins and ends of calls by the camera's thread; odd: in one */
    atomic_bool still_run; /* the camera runs for a still, and for nothing else */

    /* The thread's own. */
    uint64_t retry_ns; /* how long the next retry waits; 0: no more than the first one */
    uint64_t timeout_ns;
    struct error reported;   /* why it could not be started, as it was logged; "": it could */
    bool switching;          /* it was stopped for a still, and is to go on for its streams */
    struct camera_mode mode; /* of this run */

    pthread_mutex_t lock;
    pthread_cond_t changed; /* for the thread */
    pthread_cond_t over;    /* the thread has no more to do */
    /* Under lock. */
    bool wanted[OUTPUTS_MAX], quit, finished, done;
    int ended; /* why the camera gives nothing more, though it should; 0: it does */
};

/* With the lock. */
static inline bool supervisor_is_over(const struct supervisor *supervisor)
{
    return supervisor->quit || supervisor->finished;
}

/* With the lock: whether the camera should run for a stream. */
static inline bool supervisor_is_wanted(const struct supervisor *supervisor)
{
    return supervisor->wanted[CAMERA_MAIN] || supervisor->wanted[CAMERA_PREVIEW];
}

/* supervisor_run.c. The thread's, with the lock, which they give up for calls of the camera. */

typedef bool (*supervisor_condition)(struct supervisor *supervisor);

/* Waits until the condition does not hold; false. True: it still did at `due`. */
bool supervisor_wait_until(struct supervisor *supervisor, supervisor_condition goes_on,
                           uint64_t due);

/* Waits until the condition does not hold; if the camera stalls, `ended` is -ETIMEDOUT then. */
void supervisor_watch(struct supervisor *supervisor, supervisor_condition goes_on);

/* One run of the camera for its streams, from its start to its stop. False: it failed. */
bool supervisor_run_streams(struct supervisor *supervisor);

/* Without the lock: what the camera is to call while it runs. */
struct camera_sink supervisor_sink(struct supervisor *supervisor);

/* Without the lock: why the camera ended, for people. text: 128 bytes. */
enum { SUPERVISOR_WHY_MAX = 128 };
void supervisor_explain(const struct supervisor *supervisor, int ended, char *text);

/* Without the lock: the streams do not go on after a still. */
void supervisor_end_switch(struct supervisor *supervisor);

/* supervisor_still.c */

/* One run of the camera for the still that is requested. */
void supervisor_run_still(struct supervisor *supervisor);

#endif
