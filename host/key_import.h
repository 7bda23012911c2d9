/*
 * The host's keys: one for each device, under the name that the user calls it by. One thread.
 *
 * path: the keys file, or NULL for $XDG_CONFIG_HOME/pitether/keys (~/.config/pitether/keys). Errors
 * are as shared/keys/keys_file.h has them, with a line for the user in error.
 */
#ifndef PITETHER_HOST_KEY_IMPORT_H
#define PITETHER_HOST_KEY_IMPORT_H

#include "shared/keys/keys_file.h"
#include "shared/net/address.h"

/* Finds the key for the address, whose port does not matter. 1: key is filled, and the caller wipes
 * it; 0: there is none, and a Unix socket never has one; negative: the keys can't be read, so that
 * nobody knows whether there is one. Where nobody knows where the keys are, as without HOME, that
 * is no error for a loopback address, which needs none. */
int host_keys_find(const char *path, const struct address *address, struct key *key,
                   struct error *error);

/* For who was told that a key is needed where host_keys_find() has found none: the names that there
 * are keys for, since the machine may have been called by another one of its names. A sentence
 * without a full stop, or empty, in hint (HOST_KEYS_HINT_MAX bytes). */
enum { HOST_KEYS_HINT_MAX = 512 };
void host_keys_hint(const char *path, char *hint);

/* --import-key: reads the line that pitetherd --add-key wrote from standard input, and stores it
 * for the address in the place of an earlier one. Waits for the line as long as it takes. 0 or an
 * error. */
int host_keys_import(const char *path, const struct address *address, struct error *error);

/* --forget-key. 0 or an error; -ENOENT: there is none. */
int host_keys_forget(const char *path, const struct address *address, struct error *error);

#endif
