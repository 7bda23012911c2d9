/*
 * The commands for the keys file: --add-key, --list-keys and --revoke. One thread.
 *
 * Each returns 0, or a negative errno as shared/keys/keys_file.h has them, with a line for the user
 * in error.
 */
#ifndef PITETHER_DEVICE_AUTH_KEY_ADMIN_H
#define PITETHER_DEVICE_AUTH_KEY_ADMIN_H

#include <limits.h>

#include "shared/base/attributes.h"
#include "shared/keys/keys_file.h"

/* Where the keys are: the file `named`, or if that is NULL the systemd credential "keys" if it
 * exists, else /etc/pitether/keys. Returns named, a static text, or buffer (PATH_MAX bytes). */
NODISCARD const char *key_admin_path(const char *named, char *buffer);

/* Makes a key and writes its line to standard output, which is the only time that the secret is
 * shown; a key whose line could not be written is removed again. */
NODISCARD int key_admin_add(const char *path, const char *name, enum key_role role,
                            struct error *error);

/* Writes name, role and id of each key to standard output. */
NODISCARD int key_admin_list(const char *path, struct error *error);

NODISCARD int key_admin_revoke(const char *path, const char *name, struct error *error);

#endif
