/*
 * Authentication of receivers on other machines: the keys, their source, and TLS with them. One
 * thread.
 */
#ifndef PITETHER_DEVICE_AUTH_AUTH_H
#define PITETHER_DEVICE_AUTH_AUTH_H

#include <limits.h>

#include "device/auth/key_source.h"
#include "shared/base/attributes.h"
#include "shared/net/tls.h"

struct auth {
    struct tls *tls; /* NULL: there are no keys, and plain text is accepted */
    struct keys keys;
    struct key_source source;
    char path[PATH_MAX];
};

/* Reads the keys from the file `named`, or if that is NULL from where key_admin_path() finds them:
 * there it is no error if there are none, or none for this user. Call before any other thread runs:
 * a process may be forked. 0 or a negative errno as shared/keys/keys_file.h has them, with a line
 * for the user in error. It must stay where it is until auth_close(). */
NODISCARD int auth_open(struct auth *auth, const char *named, struct error *error);

/* Reads the keys again; on failure the previous ones stay. Logs the result. */
void auth_reload(struct auth *auth);

/* Whether the peer's key is still valid, and permits what it did. */
NODISCARD bool auth_has_key(const struct auth *auth, const struct tls_peer *peer);

/* One that is zeroed, or that could not be opened, is fine. */
void auth_close(struct auth *auth);

#endif
