/*
 * A keys file that was taken, written back, holds the same keys when it is read again; of one that
 * was refused nothing is kept, and the reason quotes nothing of it.
 *
 * The input: the file.
 */
#include "shared/keys/keys.h"

#include <errno.h>

#include "fuzz.h"

static void check_same(const struct keys *keys, const struct keys *again)
{
    CHECK(again->count == keys->count);
    for (unsigned i = 0; i < keys->count; i++) {
        const struct key *key = &keys->items[i], *other = &again->items[i];
        CHECK(strcmp(key->name, other->name) == 0 && key->role == other->role);
        CHECK(memcmp(key->id, other->id, KEY_ID_SIZE) == 0);
        CHECK(memcmp(key->secret, other->secret, KEY_SECRET_SIZE) == 0);
        CHECK(key_name_is_good(key->name));
        /* Neither names nor ids occur twice. */
        CHECK(keys_find_name(keys, key->name) == key && keys_find_id(keys, key->id) == key);
    }
}

static void check_round_trip(const struct keys *keys)
{
    char *text = malloc(keys->count * (KEY_LINE_MAX + 1) + 1), *at = text;
    struct error error;
    struct keys again = { 0 };
    CHECK(text);
    for (unsigned i = 0; i < keys->count; i++) {
        char line[KEY_LINE_MAX];
        size_t size = key_format(&keys->items[i], line);
        CHECK(size < sizeof(line) && strlen(line) == size);
        memcpy(at, line, size);
        at[size] = '\n';
        at += size + 1;
    }
    CHECK(keys_parse(&again, text, (size_t)(at - text), "again", &error) == 0);
    check_same(keys, &again);
    keys_clear(&again);
    free(text);
}

/* "file:" and a number, then a text that is known before. */
static void check_error(const char *error)
{
    CHECK(strncmp(error, "file:", 5) == 0);
    const char *why = strstr(error, ": ");
    CHECK(why && strspn(error + 5, "0123456789") == (size_t)(why - error - 5));
    for (const char *at = why; *at; at++)
        CHECK(strchr("abcdefghijklmnopqrstuvwxyz0123456789 ,:", *at));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = copy_of(data, size);
    struct error error;
    struct keys keys = { 0 };
    int result = keys_parse(&keys, text, size, "file", &error);
    CHECK(result == 0 || result == -EINVAL);
    if (result == 0) {
        CHECK(keys.count <= KEYS_MAX);
        check_round_trip(&keys);
    } else {
        CHECK(keys.count == 0 && !keys.items);
        check_error(error.text);
    }
    keys_clear(&keys);
    free(text);
    return 0;
}
