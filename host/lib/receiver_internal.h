/*
 * The receiver's own: what its files share. receiver.c has its beginning, its end and the attempts
 * to connect; receiver_talk.c one connection; receiver_frames.c what comes of it; receiver_wait.c
 * how it waits, and what ends the run.
 */
#ifndef PITETHER_HOST_LIB_RECEIVER_INTERNAL_H
#define PITETHER_HOST_LIB_RECEIVER_INTERNAL_H

#include <pthread.h>

#include "host/lib/dial.h"
#include "host/lib/receiver.h"
#include "host/lib/selection.h"
#include "host/report/progress.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/net/tls.h"

#define RECEIVER_RETRY_FIRST_NS (CLOCK_SECOND / 10)
/* What is longer never ends. */
#define RECEIVER_NEVER_S 1e9

struct receiver {
    struct receiver_config config;
    struct frame_pool *pool;
    int wake_fd, signal_fd;

    /* The receiver's thread alone. */
    struct dialer dialer;
    struct clock_sync clock;
    struct session session;
    struct transport *transport;
    struct transport *failover; /* takes the place of transport, which fell silent; or NULL */
    unsigned smaller; /* large packets seem to get lost: the largest segment to go on with; or 0 */
    uint64_t last_epoch, last_next_id; /* of the connection before; 0: none */
    uint64_t counted; /* kept, but for those that took the place of another one everywhere */
    uint64_t kept, first_frame_ns, ending_ns;
    uint64_t last_frame_ns; /* or when it all began */
    bool stop_seen, cut_off;
    bool parted;  /* the last daemon has ended in order */
    bool resting; /* it is left since nobody sees the window ... */
    bool rested;  /* ... as the one before this connection was */
    bool refused; /* the last handshake was */
    struct selection selection;
    uint64_t retry_ns, next_failover_ns;
    unsigned signals;
    struct progress progress;
    struct log_limit status_limit, stream_limit, damaged_limit, again_limit;
    bool told_lost;  /* that the daemon has no camera */
    struct tls *tls; /* NULL: plain text */
    bool trusted;    /* a handshake has been done */
    bool readable;   /* the last wait's descriptor */
    bool told_unreachable, told_untrusted, unwritable, impatient;

    pthread_mutex_t lock;
    /* Under lock. */
    bool stopping;
    enum receiver_end reason;
    uint64_t paused_ns; /* since when nobody sees the window; 0: somebody does */
    char note[128];
    uint64_t interval_ns;

    pthread_mutex_t outputs_lock;
    /* sinks and window: under outputs_lock; NULL: none, or detached. */
    struct receiver_outputs outputs;
};

/* Any thread. */
bool receiver_is_stopping(struct receiver *receiver);
/* Whether --frames or --duration has ended it. Any thread. */
bool receiver_is_done(struct receiver *receiver);
/* What receiver_note() gives from now on. Any thread. */
void receiver_set_note(struct receiver *receiver, const char *note);
/* The window shows what has changed besides the picture. Any thread. */
void receiver_refresh_window(struct receiver *receiver);

/* The rest: the receiver's thread. */

/* What a session is to call; valid as long as the receiver. */
struct session_handler receiver_handler(struct receiver *receiver);

/* Waits for fd (-1: none) and for requests to stop; or until `other` (-1: none) can be read.
 * Returns whether it is time to stop. */
bool receiver_wait(struct receiver *receiver, int fd, short events, int other, int timeout_ms);
/* As struct dial_waiter wants it, and until the connection is heard again. */
bool receiver_wait_connecting(void *user, int fd, short events, int timeout_ms);
bool receiver_wait_silent(void *user, int fd, short events, int timeout_ms);
/* When the daemon is to be left, for nobody sees the window and no other sink is there; UINT64_MAX:
 * never. Any thread. */
uint64_t receiver_rest_due(struct receiver *receiver);
/* As receiver_is_stopping(); notes how things stood when that began. */
bool receiver_sees_stop(struct receiver *receiver);

/* Holds the conversation over this socket, and over what takes its place. False: there is to be no
 * other. */
bool receiver_talk_over(struct receiver *receiver, int fd);

#endif
