/*
 * Accepts connections, refuses addresses that connect too often without a key, bounds the number of
 * unauthenticated connections, and keeps the list of all clients. The loop thread alone.
 */
#ifndef PITETHER_DEVICE_SERVE_ACCEPTOR_H
#define PITETHER_DEVICE_SERVE_ACCEPTOR_H

#include <stdbool.h>

#include "device/auth/auth.h"
#include "device/serve/admission.h"
#include "device/serve/client.h"
#include "device/serve/listener.h"
#include "device/serve/loop.h"
#include "shared/base/attributes.h"

struct acceptor_config {
    struct loop *loop; /* the server's, where those who watch are */
    struct listeners *listeners;
    struct auth *auth;
    const struct client_shared *shared; /* admit() is acceptor_admit(), low_priority our loop */
    unsigned max_clients;               /* who may stay at the same time; >= 1 */
    bool allow_plaintext;               /* other machines need no key, even if there are keys */
};

struct acceptor {
    struct acceptor_config config;
    /* New connections, clients that do not watch, and those that send too much: one of them has its
     * turn in a round, and not in every round, since they may be many, and the handshake of one
     * that has no key takes as long as sending a frame to many. */
    struct loop low_priority;
    struct watch low_priority_watch, pause_watch;
    uint64_t pause_ns; /* that is due to those who watch */
    struct accept_point {
        struct watch watch;
        struct acceptor *acceptor;
        bool demands_key;
    } accept_points[LISTENERS_MAX];
    bool accepting;
    struct admission admission;
    struct log_limit fail_limit, refusal_limit;

    /* The oldest first, so that nobody's frames wait for those of later ones. Dead ones are in it
     * until they are reaped. */
    struct client *clients, **end;
    unsigned admitted; /* whose handshake is complete, and who may stay */
};

/* Begins to accept. 0 or a negative errno. It must stay where it is, and be cleared in either case.
 */
NODISCARD int acceptor_open(struct acceptor *acceptor, const struct acceptor_config *config);

/* For client_shared. user: the acceptor. */
NODISCARD bool acceptor_admit(void *user, struct client *client);

/* Accepts again, if it gave up for want of memory or descriptors; call about twice a second. */
void acceptor_retry(struct acceptor *acceptor);

/* The keys have changed: disconnects clients whose key was revoked. */
void acceptor_check_keys(struct acceptor *acceptor);

/* Accepts nobody any more: closes the listening sockets. */
void acceptor_close(struct acceptor *acceptor);

/* Destroys those who are dead, after gone(user, client). Returns whether there were any. */
bool acceptor_reap(struct acceptor *acceptor, void (*gone)(void *user, struct client *client),
                   void *user);

/* Destroys all clients, and the low-priority loop. */
void acceptor_clear(struct acceptor *acceptor);

#endif
