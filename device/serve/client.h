/*
 * One connection: its state, and that of its subscription. The loop thread alone.
 *
 * client_loop.h creates it and has it do its work when it is ready: client_receive.h takes what
 * comes, client_write.h writes what is due, and client_end.h has the ways in which it ends.
 */
#ifndef PITETHER_DEVICE_SERVE_CLIENT_H
#define PITETHER_DEVICE_SERVE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "device/serve/loop.h"
#include "device/serve/outbox.h"
#include "device/serve/subscription.h"
#include "device/serve/write_batch.h"
#include "device/stream/stream.h"
#include "shared/base/log.h"
#include "shared/net/address.h"
#include "shared/net/tls.h"
#include "shared/net/transport.h"
#include "shared/protocol/message_reader.h"

enum client_state {
    CLIENT_HANDSHAKE,  /* not authenticated yet: it is sent nothing */
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
    /* Called once, when a peer has shaken hands; false: there are too many. NULL: never too many.
     */
    bool (*admit)(void *user, struct client *client);
    void *user;
    struct loop *loop;             /* of those who watch, ... */
    struct loop *low_priority;     /* ... and of all others */
    bool *changed;                 /* set when somebody begins or ends to watch, or dies */
    struct log_limit *fail_limit;  /* for complaints about clients, ... */
    struct log_limit *visit_limit; /* ... for their comings and goings, ... */
    struct log_limit *set_limit;   /* ... and for what they set */
    uint64_t epoch;                /* of the daemon's run; random, not 0 */
    size_t queue_bytes;            /* the most that a lossless client may ask for */
    bool view_only;                /* who has no key may not set anything */
    bool crowded;                  /* frames are sent whole rather than as they grow */
    struct stream *const *streams; /* by number */
    unsigned stream_count;
};

/* An address, and the name that a key proves. */
enum { CLIENT_NAME_MAX = ADDRESS_TEXT_MAX + KEY_NAME_MAX + 4 };

struct client {
    struct watch watch;
    struct loop *loop; /* where it waits */
    const struct client_shared *shared;
    struct transport *transport;
    enum client_state state;
    struct socket_address address;              /* the peer's */
    char name[CLIENT_NAME_MAX];                 /* the peer, for the log */
    bool admitted;                              /* as shared->admit() said */
    uint64_t opened_ns, received_ns, pinged_ns; /* CLOCK_MONOTONIC */
    size_t received_bytes;                      /* since the last tick; a turn counts, too */
    uint64_t ending_ns, progress_ns; /* since when ENDING; when the peer last took bytes then */
    uint32_t max_message;            /* the peer's */

    /* To be sent, besides what the subscription has. */
    bool opening_due, ping_due, end_due;
    bool final_message_sent;           /* nothing is written after it */
    bool discard_input;                /* what it sends is read and thrown away */
    struct wire_message final_message; /* ERROR or END, while end_due */
    struct wire_pong pongs[4];
    unsigned pong_count;
    struct outbox outbox;

    struct subscription subscription;
    struct write_batch write_batch;
    struct message_reader reader;

    struct client *next; /* the acceptor's list */
};

/* Whether what comes from the peer is not looked at any more. It still has to be read: closing a
 * socket with unread bytes would cut off what was last written to it. */
static inline bool client_discards_input(const struct client *client)
{
    return client->discard_input || client->final_message_sent;
}

static inline bool client_watches(const struct client *client)
{
    return client->state == CLIENT_SUBSCRIBED;
}

/* The first one of the stream from this one on; NULL: there is none. */
static inline struct client *client_of_stream(struct client *client, const struct stream *stream)
{
    while (client && client->subscription.stream != stream)
        client = client->next;
    return client;
}

/* served has the stream, and the list of all clients. */
#define FOR_EACH_CLIENT(served, client)                                                            \
    for (struct client *client = client_of_stream(*(served)->clients, (served)->stream); client;   \
         client = client_of_stream(client->next, (served)->stream))

/* Whether it may have something to send of its stream, and isn't waiting for space to write. */
static inline bool client_may_write(const struct client *client)
{
    return (client->state == CLIENT_SUBSCRIBED || client->state == CLIENT_ENDING) &&
           !(client->watch.events & EPOLLOUT);
}

#endif
