/*
 * A receiver, as the library's files see it. Each calls only those that are named after it:
 *
 * api.c             the calls of pitether.h
 * run.c             the thread, from the first attempt to connect to END
 * connection.c      one connection
 * session_events.c  what its session reports, as events
 * controls.c        the same for the camera's controls, and what is set
 * settle.c          which frame is the first one to be passed on
 * waiting.c         how the thread waits, and what ends the run meanwhile
 * ending.c          whether, how and why the run ends
 */
#ifndef PITETHER_HOST_LIB_RECEIVER_PRIVATE_H
#define PITETHER_HOST_LIB_RECEIVER_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/lib/callers.h"
#include "host/lib/dial.h"
#include "host/lib/event_queue.h"
#include "host/lib/options.h"
#include "host/lib/selection.h"
#include "host/lib/session.h"
#include "host/lib/set_queue.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/controls/settling.h"
#include "shared/net/tls.h"
#include "shared/net/transport.h"

#define RECEIVER_RETRY_FIRST_NS (CLOCK_SECOND / 10)
/* A duration or timeout above this counts as none. */
#define RECEIVER_NEVER_S 1e9

struct pitether {
    /* Set before the thread starts. */
    struct receiver_config config;
    struct callers_log log;
    struct keys keys; /* at most one: what the daemon and we prove ourselves with */
    struct tls *tls;  /* NULL: plain text */
    struct frame_pool *pool;
    struct event_queue *events;
    struct set_queue sets;
    pthread_t thread;

    /* What the thread is asked for; wake_fd is added to at each change. */
    int wake_fd;
    atomic_uint stops; /* calls of pitether_stop() */
    atomic_bool closing;
    pthread_mutex_t lock;
    uint64_t paused_ns; /* under lock: since when it is paused; 0: it is not */

    /* The caller's. */
    bool end_taken;              /* there will be no more events */
    struct pitether_event taken; /* the last one, whose list is to be freed */

    /* The thread's from here on. */
    struct dialer dialer;
    struct clock_sync clock;
    struct session session;
    struct transport *transport;
    struct transport *failover; /* takes the place of transport, which fell silent; or NULL */
    struct selection selection;
    struct settling settling;
    bool settled;       /* no more frames are left out */
    uint64_t unsettled; /* frames that were left out */

    bool stopping;           /* `end` is set, but for `connected` and `unmet` */
    bool stop_seen;          /* the state of the connection at that moment was noted */
    struct pitether_end end; /* how it ends */

    uint64_t last_epoch, last_next_id;      /* of the connection before; 0: none */
    uint64_t first_frame_ns, last_frame_ns; /* 0: none yet; or when it all began */
    uint64_t ending_ns;                     /* when our END was sent; 0: it was not */
    uint64_t retry_ns, next_failover_ns;
    unsigned smaller; /* large packets seem to get lost: the largest segment to go on with; or 0 */

    bool announced;     /* CONNECTED was put for this connection */
    bool parted;        /* the last daemon has ended in order */
    bool resting;       /* disconnected because of a pause ... */
    bool rested;        /* ... as the one before this connection was */
    bool trusted;       /* a handshake has been done */
    bool refused;       /* the last handshake was */
    bool unwritable;    /* this connection */
    bool cut;           /* the connection is lost: the rest of a frame will not come */
    bool readable;      /* the last wait's descriptor */
    bool reported_lost; /* LOST was put since the last CONNECTED */
    bool logged_unreachable, logged_untrusted, logged_no_camera; /* the log */
    char state[128]; /* what there is to wait for, in a few words */
    struct log_limit status_limit, stream_limit, damaged_limit, again_limit, changed_limit;
};

/* All of the following: the receiver's thread. */

/* Adds an event for the caller, for which the queue must have space. */
static inline void receiver_put(struct pitether *receiver, const struct pitether_event *event)
{
    event_queue_put(receiver->events, event, clock_monotonic());
}

/* ending.c. Makes it end in order, for this reason, unless it is ending already. text: for the
 * caller, and logged, unless it is empty. */
void receiver_end(struct pitether *receiver, enum pitether_end_reason reason, int error,
                  const char *text);

/* Whether duration_s has ended it. */
bool receiver_is_done(const struct pitether *receiver);

/* Whether the receiver is to end; notes how things stood when that began. */
bool receiver_sees_stop(struct pitether *receiver);

/* Whether nothing of the daemon is to be waited for any more. */
bool receiver_is_impatient(const struct pitether *receiver);

/* session_events.c. What a session is to call; valid as long as the receiver. */
struct session_handler receiver_handler(struct pitether *receiver);

/* Puts CONNECTED if the daemon has said HELLO since the connection was made. */
void receiver_announce(struct pitether *receiver);

/* Puts LOST, unless it was put since the last CONNECTED. */
void receiver_lost(struct pitether *receiver, const char *why);

/* controls.c. Sends what pitether_set() was given, as far as it can be sent now. */
void receiver_send_sets(struct pitether *receiver);

/* Answers each request that was sent, since the answer will not come; unsent: all others, too. */
void receiver_give_up_sets(struct pitether *receiver, bool unsent);

/* As struct session_handler has them. */
void receiver_take_controls(struct pitether *receiver, const struct control_table *controls);
bool receiver_take_changed(struct pitether *receiver, const struct wire_changed *wire);

/* settle.c. Whether the frame is to be taken; the camera has yet to settle if not. */
bool receiver_takes(struct pitether *receiver, const struct pitether_frame *frame);

/* waiting.c. Waits for fd (-1: none) and for requests to stop; or until `other` (-1: none) can be
 * read. Returns whether it is time to stop. */
bool receiver_wait(struct pitether *receiver, int fd, short events, int other, int timeout_ms);

/* As struct dial_waiter wants it, and until the connection has data again. */
bool receiver_wait_connecting(void *user, int fd, short events, int timeout_ms);
bool receiver_wait_silent(void *user, int fd, short events, int timeout_ms);

/* When to disconnect because of a pause; UINT64_MAX: never. */
uint64_t receiver_rest_due(struct pitether *receiver);

/* connection.c. Holds the conversation over this socket, and over what takes its place. False:
 * there is to be no other. */
bool receiver_talk_over(struct pitether *receiver, int fd);

/* run.c. Does all the work of a receiver until its end; user: the receiver. */
void *receiver_run(void *user);

#endif
