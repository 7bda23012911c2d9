#include "shared/keys/keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "shared/keys/secret.h"

const char *const key_role_names[] = { "view", "control", NULL };

/* A part of a text, not zero-terminated. */
struct span {
    const char *at;
    size_t size;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Takes the next word from the rest of a line; at its end an empty one. */
static struct span take_word(struct span *rest)
{
    while (rest->size > 0 && is_blank(*rest->at)) {
        rest->at++;
        rest->size--;
    }
    struct span word = { rest->at, 0 };
    while (word.size < rest->size && !is_blank(word.at[word.size]))
        word.size++;
    rest->at += word.size;
    rest->size -= word.size;
    return word;
}

static bool is_name(struct span word)
{
    if (word.size == 0 || word.size > KEY_NAME_MAX || word.at[0] == '#')
        return false;
    for (size_t i = 0; i < word.size; i++)
        if ((unsigned char)word.at[i] <= ' ' || word.at[i] == 0x7F)
            return false;
    return true;
}

bool key_name_is_good(const char *name)
{
    return is_name((struct span){ name, strlen(name) });
}

static int find_role(struct span word)
{
    for (int i = 0; key_role_names[i]; i++)
        if (strlen(key_role_names[i]) == word.size &&
            memcmp(key_role_names[i], word.at, word.size) == 0)
            return i;
    return -1;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool read_hex(struct span word, uint8_t *to, size_t size)
{
    if (word.size != 2 * size)
        return false;
    for (size_t i = 0; i < size; i++) {
        int high = hex_value(word.at[2 * i]), low = hex_value(word.at[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        to[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static char *write_hex(char *to, const uint8_t *from, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        *to++ = digits[from[i] >> 4];
        *to++ = digits[from[i] & 15];
    }
    return to;
}

void key_id_format(const uint8_t id[KEY_ID_SIZE], char text[KEY_ID_TEXT])
{
    *write_hex(text, id, KEY_ID_SIZE) = '\0';
}

bool key_id_parse(const char *text, size_t size, uint8_t id[KEY_ID_SIZE])
{
    return read_hex((struct span){ text, size }, id, KEY_ID_SIZE);
}

int key_generate(struct key *key, const char *name, enum key_role role)
{
    memset(key, 0, sizeof(*key));
    snprintf(key->name, sizeof(key->name), "%s", name);
    key->role = role;
    /* Waits until the kernel's pool is ready; then up to 256 bytes are never cut short. */
    if (getrandom(key->id, sizeof(key->id), 0) < 0 ||
        getrandom(key->secret, sizeof(key->secret), 0) < 0)
        return -errno;
    return 0;
}

size_t key_format(const struct key *key, char *line)
{
    char *at = line + sprintf(line, "%s %s ", key->name, key_role_names[key->role]);
    at = write_hex(at, key->id, sizeof(key->id));
    *at++ = ' ';
    at = write_hex(at, key->secret, sizeof(key->secret));
    *at = '\0';
    return (size_t)(at - line);
}

/* What is wrong with the words of a key's line, or NULL. */
static const char *read_key(struct key *key, struct span name, struct span rest)
{
    struct span role = take_word(&rest), id = take_word(&rest), secret = take_word(&rest);
    int which = find_role(role);
    if (!is_name(name))
        return "a name has 1 to 64 bytes, and no control characters";
    if (which < 0)
        return "the name must be followed by a role, view or control";
    if (!read_hex(id, key->id, sizeof(key->id)))
        return "the role must be followed by an id of 32 hex digits";
    if (!read_hex(secret, key->secret, sizeof(key->secret)))
        return "the id must be followed by a secret of 64 hex digits";
    if (take_word(&rest).size > 0)
        return "there is text after the secret";
    memcpy(key->name, name.at, name.size);
    key->role = (enum key_role)which;
    return NULL;
}

int key_parse_line(struct key *key, const char *line, size_t size, const char **why)
{
    struct span rest = { line, size };
    struct span name = take_word(&rest);
    memset(key, 0, sizeof(*key));
    *why = NULL;
    if (name.size == 0 || name.at[0] == '#')
        return 0;
    *why = read_key(key, name, rest);
    if (!*why)
        return 1;
    explicit_bzero(key, sizeof(*key));
    return -EINVAL;
}

int keys_reserve(struct keys *keys)
{
    if (!keys->items)
        keys->items = secret_allocate(KEYS_MAX * sizeof(*keys->items));
    return keys->items ? 0 : -ENOMEM;
}

/* Returns why the key can't be added, or NULL. */
static const char *append(struct keys *keys, const struct key *key)
{
    if (keys_find_name(keys, key->name))
        return "there already is a key of that name";
    if (keys_find_id(keys, key->id))
        return "there already is a key with that id";
    if (keys->count == KEYS_MAX)
        return "there are more than 256 keys";
    keys->items[keys->count++] = *key;
    return NULL;
}

static int read_line(struct keys *keys, const char *line, size_t size, const char **why)
{
    struct key key;
    int result = key_parse_line(&key, line, size, why);
    if (result > 0)
        *why = append(keys, &key);
    explicit_bzero(&key, sizeof(key));
    return *why ? -EINVAL : 0;
}

int keys_parse(struct keys *keys, const char *text, size_t size, const char *where,
               struct error *error)
{
    const char *why = "out of memory";
    int result = keys_reserve(keys);
    unsigned number = 0;
    for (size_t at = 0; !result && at < size; number++) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end ? (size_t)(end - (text + at)) : size - at;
        result = read_line(keys, text + at, length, &why);
        at += length + 1;
    }
    if (!result)
        return 0;
    if (number > 0)
        error_set(error, result, "%.300s:%u: %s", where, number, why);
    else
        error_set(error, result, "%.300s: %s", where, why);
    keys_clear(keys);
    return result;
}

const struct key *keys_find_id(const struct keys *keys, const uint8_t id[KEY_ID_SIZE])
{
    for (unsigned i = 0; i < keys->count; i++)
        if (memcmp(keys->items[i].id, id, KEY_ID_SIZE) == 0)
            return &keys->items[i];
    return NULL;
}

const struct key *keys_find_name(const struct keys *keys, const char *name)
{
    for (unsigned i = 0; i < keys->count; i++)
        if (strcmp(keys->items[i].name, name) == 0)
            return &keys->items[i];
    return NULL;
}

void keys_clear(struct keys *keys)
{
    secret_free(keys->items, KEYS_MAX * sizeof(*keys->items));
    *keys = (struct keys){ 0 };
}
