/*
 * One connection: what the peer says, what it is owed, when it has to go. The loop thread alone.
 */
#ifndef PITETHER_DEVICE_SERVE_CLIENT_H
#define PITETHER_DEVICE_SERVE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "device/camera/camera.h"
#include "device/serve/in_flight.h"
#include "device/serve/loop.h"
#include "device/serve/send_queue.h"
#include "device/serve/write_batch.h"
#include "device/stream/demand.h"
#include "shared/base/log.h"
#include "shared/net/address.h"
#include "shared/net/tls.h"
#include "shared/net/transport.h"
#include "shared/protocol/message_reader.h"

enum client_state {
    CLIENT_HANDSHAKE,  /* who it is is not known yet: it is told nothing */
    CLIENT_OPENING,    /* its opening and HELLO are due */
    CLIENT_READY,      /* it may subscribe */
    CLIENT_SUBSCRIBED, /* it is sent frames, or waits for the camera */
    CLIENT_ENDING,     /* the last things are on their way, END or ERROR among them */
    CLIENT_DRAINING,   /* all is written; waiting for the peer to close */
    CLIENT_DEAD,       /* to be destroyed */
};

struct client;

/* What a client needs to know of its daemon; the same for all. */
struct client_shared {
    /* Asked once, when a peer has shaken hands; false: there are too many. NULL: never too many. */
    bool (*admit)(void *user, struct client *client);
    void *user;
    struct demand *demand;        /* which frames are wanted; NULL: nobody asks */
    struct loop *loop;            /* of those who watch, ... */
    struct loop *low_priority;    /* ... and of all others, who are served with less haste */
    bool *changed;                /* set when somebody begins or ends to watch, or dies */
    struct log_limit *fail_limit; /* for complaints about clients, ... */
    struct log_limit *news_limit; /* ... and for their comings and goings */
    uint64_t epoch;               /* random, not 0 */
    const char *camera_name;      /* for STREAMS */
    size_t queue_bytes;           /* the most that a lossless client may ask for */
    bool crowded;                 /* frames are sent whole rather than as they grow */
    bool stream_running;          /* the camera runs, and stream is right */
    struct wire_stream stream;    /* first_frame_id: each client's own */
    uint64_t next_id;             /* the next frame that news will come of */
    struct wire_status status;
};

/* An address, and the name that a key proves. */
enum { CLIENT_NAME_MAX = ADDRESS_TEXT_MAX + KEY_NAME_MAX + 4 };

struct client_totals {
    uint64_t delivered, bytes;
    uint64_t dropped[WIRE_DROP_REASONS]; /* by reason */
};

/* The frame whose first byte is out, or about to be. */
struct sending {
    struct frame *frame; /* NULL: none */
    unsigned next_slice;
    bool tail_sent; /* all of it is in the batch */
    bool aborted;   /* it could not be finished: no ACK will come */
    uint64_t start; /* device time of the first write */
    uint64_t bytes; /* of JPEG, so far */
};

struct client {
    struct watch watch;
    struct loop *loop; /* where it waits */
    const struct client_shared *shared;
    struct transport *transport;
    enum client_state state;
    struct socket_address address;           /* the peer's */
    char name[CLIENT_NAME_MAX];              /* the peer, for the log */
    bool admitted;                           /* as shared->admit() said */
    uint64_t opened_ns, heard_ns, pinged_ns; /* CLOCK_MONOTONIC */
    size_t said_bytes;               /* by the peer, since the last tick; a turn counts, too */
    uint64_t ending_ns, progress_ns; /* since when ENDING; when the peer last took bytes then */
    uint32_t max_message;            /* the peer's */

    /* Owed, besides the send_queue. */
    bool opening_due, stream_due, status_due, ping_due, end_due;
    bool final_message_sent;           /* nothing is written after it */
    bool discard_input;                /* what it sends is read and thrown away */
    struct wire_message final_message; /* ERROR or END, while end_due */
    struct wire_pong pongs[4];
    unsigned pong_count;

    bool started;               /* first_id is set: its frames are accounted for */
    struct wire_stream stream;  /* what the last STREAM said, or will if it is due */
    uint64_t first_id, next_id; /* it was told of the frames in [first_id, next_id) */
    struct demand_entry demand; /* what it wants */
    uint64_t demand_id;         /* those below it may have been left out before it subscribed */
    struct drop_run pending;    /* a loss to be told before all else; count 0: none */
    struct send_queue send_queue;
    struct in_flight in_flight;
    struct sending sending;
    struct client_totals totals;
    struct client_totals adapted; /* as of the last look at what its path takes */
    struct write_batch write_batch;
    struct message_reader reader;

    struct client *next; /* the acceptor's list */
};

/* Takes over the transport, also on failure. NULL: out of memory, or it can't be waited for. */
struct client *client_create(const struct client_shared *shared, struct transport *transport,
                             const struct socket_address *peer);

/* Closes, releases what it holds, nulls the caller's pointer. */
void client_destroy(struct client **client);

/* News of the stream, in order. A frame's `stream` is set. */
void client_frame(struct client *client, struct frame *frame);
void client_lost(struct client *client, const struct lost_run *lost);
void client_stream_changed(struct client *client);
void client_status_changed(struct client *client);

/* Writes what is owed, as far as the socket takes it. Call after news and after each round.
 * (client_write.c) */
void client_write(struct client *client);

/* Tells the demand whether its queue is full, after something was taken from it. */
void client_update_demand(struct client *client);

/* Ends the conversation with END once all that waits is sent; gives up on one that takes nothing
 * for 2 s, or takes longer than 30 s. */
void client_end(struct client *client, enum wire_end_reason reason);

/* Ends it with ERROR as soon as that can be written. */
void client_fail(struct client *client, enum wire_error_code code, const char *text);

/* Cuts the connection without a word; how: for the log, "was ...". */
void client_cut(struct client *client, const char *how);

/* The connection is no more: 0 the peer closed it, else a negative errno. */
void client_lose(struct client *client, int error);

/* Time-outs and PINGs; call about twice a second. */
void client_tick(struct client *client, uint64_t now_ns);

static inline bool client_watches(const struct client *client)
{
    return client->state == CLIENT_SUBSCRIBED;
}

/* Whether news of the stream are its business, and it isn't waiting for room to write. */
static inline bool client_wants_news(const struct client *client)
{
    return (client->state == CLIENT_SUBSCRIBED || client->state == CLIENT_ENDING) &&
           !(client->watch.events & EPOLLOUT);
}

#endif
