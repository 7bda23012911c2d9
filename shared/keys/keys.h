/*
 * The keys that authenticate receivers, and the text that both sides store them in. Pure
 * but for key_generate(). Any thread; a struct keys is one thread's, or read by many.
 *
 * A line for each key, `NAME ROLE ID SECRET`, separated by blanks; blank lines and lines that begin
 * with # are skipped:
 *
 *   laptop view 5f0c2e9d8b7a46538190a1b2c3d4e5f6 <64 hex digits>
 *
 * On the device NAME is the receiver's, on the host it is the device's host name. ID goes over the
 * network in clear, as the identity of the TLS pre-shared key that is SECRET.
 */
#ifndef PITETHER_SHARED_KEYS_KEYS_H
#define PITETHER_SHARED_KEYS_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/attributes.h"
#include "shared/base/error.h"

enum {
    KEY_NAME_MAX = 64, /* bytes */
    KEY_ID_SIZE = 16,
    KEY_SECRET_SIZE = 32,
    KEY_LINE_MAX = KEY_NAME_MAX + 2 * (KEY_ID_SIZE + KEY_SECRET_SIZE) + 16,
    KEYS_MAX = 256,
};

enum key_role { KEY_VIEW, KEY_CONTROL };
extern const char *const key_role_names[]; /* "view", "control", then NULL */

struct key {
    char name[KEY_NAME_MAX + 1]; /* no white space, no control characters, no # in front */
    enum key_role role;
    uint8_t id[KEY_ID_SIZE];
    uint8_t secret[KEY_SECRET_SIZE];
};

/* Zeroed at first: no keys. Names are unique, and so are ids. */
struct keys {
    struct key *items; /* secret_allocate()d, for KEYS_MAX; or NULL */
    unsigned count;
};

NODISCARD bool key_name_is_good(const char *name);

/* An id as 32 lower-case hex digits and a zero; and parsed from `size` bytes: whether they are one.
 */
enum { KEY_ID_TEXT = 2 * KEY_ID_SIZE + 1 };
void key_id_format(const uint8_t id[KEY_ID_SIZE], char text[KEY_ID_TEXT]);
NODISCARD bool key_id_parse(const char *text, size_t size, uint8_t id[KEY_ID_SIZE]);

/* Makes a key of that name, which must be good, with a new id and secret. 0, or getrandom()'s
 * errno. */
NODISCARD int key_generate(struct key *key, const char *name, enum key_role role);

/* Writes the key's line, without a line feed but with a zero at its end, into line (KEY_LINE_MAX
 * bytes, to be wiped); returns its length. */
size_t key_format(const struct key *key, char *line);

/* Parses a line without its line feed. 1: a key; 0: a comment or blank; -EINVAL with *why a static
 * text that quotes nothing. The key is wiped unless 1 is returned. */
NODISCARD int key_parse_line(struct key *key, const char *line, size_t size, const char **why);

/* Parses a whole text into keys, which must be empty. where: the file's name, for errors. 0;
 * -EINVAL, -ENOMEM: with a line for the user in error, which quotes nothing,
 * and no keys. */
NODISCARD int keys_parse(struct keys *keys, const char *text, size_t size, const char *where,
                         struct error *error);

/* NULL: there is none. The result lives as long as the keys. */
NODISCARD const struct key *keys_find_id(const struct keys *keys, const uint8_t id[KEY_ID_SIZE]);
NODISCARD const struct key *keys_find_name(const struct keys *keys, const char *name);

/* Allocates the items, for a caller that fills them without a text; 0 or -ENOMEM. */
NODISCARD int keys_reserve(struct keys *keys);

/* Wipes and frees; keys is empty then. */
void keys_clear(struct keys *keys);

#endif
