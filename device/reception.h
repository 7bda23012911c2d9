/*
 * Lets clients in: accepts connections, holds off who comes too often, makes room for newcomers,
 * and keeps the list of all who are here. The loop thread alone.
 */
#ifndef PITETHER_DEVICE_RECEPTION_H
#define PITETHER_DEVICE_RECEPTION_H

#include <stdbool.h>

#include "device/admission.h"
#include "device/client.h"
#include "device/listener.h"
#include "device/loop.h"
#include "device/trust.h"

struct reception_config {
    struct loop *loop; /* of the server's, and of those who watch */
    struct listeners *listeners;
    struct trust *trust;
    const struct client_shared *shared; /* whose admit() is reception_admit(), and lobby ours */
    unsigned max_clients;               /* who may stay at the same time; >= 1 */
    bool allow_plaintext;               /* other machines need no key, even if there are keys */
};

struct reception {
    struct reception_config config;
    /* Newcomers, who else does not watch, and who says too much: one of them has its turn each
     * round, and not in every round, since they may be many, and a stranger's handshake takes as
     * long as sending a frame to many watchers. */
    struct loop lobby;
    struct watch lobby_watch, rest_watch;
    uint64_t rest_ns; /* owed to those who watch */
    struct acceptor {
        struct watch watch;
        struct reception *reception;
        bool demands_key;
    } acceptors[LISTENERS_MAX];
    bool accepting;
    struct admission admission;
    struct log_limit fail_limit, crowd_limit;

    /* The oldest first, so that nobody's frames wait for those of later ones; dead ones are there
     * until they are buried. */
    struct client *clients, **end;
    unsigned admitted; /* have shaken hands, and may stay */
};

/* Begins to accept. 0 or a negative errno. It must stay where it is, and be cleared in either case.
 */
int reception_open(struct reception *reception, const struct reception_config *config);

/* For client_shared. user: the reception. */
bool reception_admit(void *user, struct client *client);

/* Accepts again, if it gave up for want of memory or descriptors; call about twice a second. */
void reception_retry(struct reception *reception);

/* The keys have changed: cuts those whose key is gone. */
void reception_check_keys(struct reception *reception);

/* Nobody new any more: the listening sockets are closed. */
void reception_close(struct reception *reception);

/* Destroys those who are dead, after gone(user, client). Returns whether there were any. */
bool reception_bury(struct reception *reception, void (*gone)(void *user, struct client *client),
                    void *user);

/* Destroys everybody. */
void reception_clear(struct reception *reception);

#endif
