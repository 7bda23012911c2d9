/*
 * Listening sockets. One thread.
 */
#ifndef PITETHER_DEVICE_SERVE_LISTENER_H
#define PITETHER_DEVICE_SERVE_LISTENER_H

#include <stdbool.h>
#include <sys/types.h>

#include "shared/base/attributes.h"
#include "shared/base/error.h"
#include "shared/net/address.h"
#include "shared/protocol/wire.h"

enum { LISTENERS_MAX = 32 };

struct listener {
    int fd;
    struct socket_address address; /* as bound: a port 0 has become a real one */
    bool remote;                   /* other machines can reach it */
    bool absent;                   /* it was no address of this machine when it was opened */
    dev_t device;                  /* of a Unix socket's path, ... */
    ino_t inode; /* ... which is removed at the end only if it is still the same */
};

struct listeners {
    struct listener items[LISTENERS_MAX];
    unsigned count;
};

/* Parses a --listen value. 0 or -EINVAL. */
NODISCARD int listener_parse(const char *text, struct address *address, struct error *error);

/*
 * Opens what text (a --listen value) names and adds it, one listener for each address that a name
 * stands for; such as the machine gets later are taken, too. allow_remote: also addresses that
 * other machines can reach. A Unix socket's path that a dead daemon left behind is taken over; one
 * that answers is not. 0 or a negative errno.
 */
NODISCARD int listeners_open(struct listeners *listeners, const char *text, bool allow_remote,
                             struct error *error);

/* Listens at 127.0.0.1 and [::1] at the port; at least one of them must be there. */
NODISCARD int listeners_open_default(struct listeners *listeners, unsigned port,
                                     struct error *error);

/*
 * Takes over the sockets that systemd has opened for the daemon, if any (LISTEN_FDS and LISTEN_PID,
 * sd_listen_fds(3)). Errors as above. Call once, before other descriptors than the standard ones
 * matter; what is taken over stays systemd's to remove.
 */
NODISCARD int listeners_adopt(struct listeners *listeners, bool allow_remote, struct error *error);

/* Closes them all and removes the Unix sockets' paths. */
void listeners_close(struct listeners *listeners);

#endif
