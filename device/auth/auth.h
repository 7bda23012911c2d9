/*
 * Whom receivers on other machines must prove to be: the keys, where they come from, and the TLS
 * that rests on them. One thread.
 */
#ifndef PITETHER_DEVICE_AUTH_AUTH_H
#define PITETHER_DEVICE_AUTH_AUTH_H

#include <limits.h>

#include "device/auth/key_source.h"
#include "shared/net/tls.h"

struct auth {
    struct tls *tls; /* NULL: there are no keys, and everybody may come in plain text */
    struct keys keys;
    struct key_source source;
    char room[PATH_MAX];
};

/* Reads the keys in the file that was named, or else where key_admin_path() finds them; there it is
 * no error if there are none, or none for this user. Call before any other thread runs: a process
 * may be forked. 0 or a negative errno as shared/keys/keys_file.h has them, with a line for the
 * user in error. It must stay where it is until auth_close(). */
int auth_open(struct auth *auth, const char *named, struct error *error);

/* Reads the keys again. If that can't be done, those from before stay. What comes of it is logged.
 */
void auth_reload(struct auth *auth);

/* Whether whoever has proved to be this peer still has a key. */
bool auth_has_key(const struct auth *auth, const struct tls_peer *peer);

/* One that is zeroed, or that could not be opened, is fine. */
void auth_close(struct auth *auth);

#endif
