#include "host/key_import.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/log.h"

/* One way to write each host: small letters, no dot at the end, IPv6 numbers in their short form.
 * -EINVAL: it can't be a key's name. */
static int name_of(const struct address *address, char name[KEY_NAME_MAX + 1], struct error *error)
{
    char host[ADDRESS_HOST_MAX + 1];
    uint8_t number[sizeof(struct in6_addr)];
    size_t size = strlen(address->host);
    for (size_t i = 0; i <= size; i++) {
        char c = address->host[i];
        host[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    if (size > 1 && host[size - 1] == '.')
        host[size - 1] = '\0';
    if (inet_pton(AF_INET6, host, number) == 1)
        inet_ntop(AF_INET6, number, host, sizeof(host));
    if (address->is_unix || !key_name_is_good(host))
        return error_set(error, -EINVAL, "'%.200s' can't have a key: it %s", address->host,
                         address->is_unix              ? "is a Unix socket of this machine"
                         : strlen(host) > KEY_NAME_MAX ? "has more than 64 bytes"
                                                       : "is not a host's name");
    memset(name, 0, KEY_NAME_MAX + 1);
    memcpy(name, host, strlen(host));
    return 0;
}

/* Where the keys are unless the user names a file, and the folder for all settings, which is not
 * there on a fresh system. -EINVAL: there is no home; -ENOENT would be taken for no keys. */
static int find_usual(char folder[PATH_MAX], char path[PATH_MAX], struct error *error)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    /* The XDG base directory specification wants a relative path ignored. */
    bool has_config = config && config[0] == '/';
    if (!has_config && (!home || home[0] != '/'))
        return error_set(
            error, -EINVAL,
            "HOME is not set, so where the keys are is not known: set it, or give --keys FILE");
    if (snprintf(folder, PATH_MAX, "%s%s", has_config ? config : home,
                 has_config ? "" : "/.config") >= PATH_MAX ||
        snprintf(path, PATH_MAX, "%s/pitether/keys", folder) >= PATH_MAX)
        return error_set(error, -EINVAL, "HOME is too long a path: give --keys FILE");
    return 0;
}

/* As name_of() writes it. */
static bool is_loopback(const char *name)
{
    struct in_addr four;
    struct in6_addr six;
    return strcmp(name, "localhost") == 0 ||
           (inet_pton(AF_INET, name, &four) == 1 && ntohl(four.s_addr) >> 24 == 127) ||
           (inet_pton(AF_INET6, name, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six));
}

/* By hand a name may have been written in other letters. */
static const struct key *find(const struct keys *keys, const char *name)
{
    for (unsigned i = 0; i < keys->count; i++)
        if (strcasecmp(keys->items[i].name, name) == 0)
            return &keys->items[i];
    return NULL;
}

int host_keys_find(const char *path, const struct address *address, struct key *key,
                   struct error *error)
{
    char folder[PATH_MAX], usual[PATH_MAX], name[KEY_NAME_MAX + 1];
    struct keys keys = { 0 };
    if (name_of(address, name, error))
        return 0;
    int result = path ? 0 : find_usual(folder, usual, error);
    if (result && is_loopback(name))
        return 0;
    if (!result)
        result = keys_load(&keys, path ? path : usual, error);
    /* A file that is named is expected to be there. */
    if (result)
        return result == -ENOENT && !path ? 0 : result;
    const struct key *found = find(&keys, name);
    if (found)
        *key = *found;
    keys_clear(&keys);
    return found != NULL;
}

void host_keys_hint(const char *path, char *hint)
{
    enum { NAMES = 4 };
    char folder[PATH_MAX], usual[PATH_MAX];
    struct keys keys = { 0 };
    hint[0] = '\0';
    if ((!path && find_usual(folder, usual, NULL)) || keys_load(&keys, path ? path : usual, NULL) ||
        keys.count == 0)
        return;
    size_t used = (size_t)sprintf(hint, "there %s for ", keys.count > 1 ? "are keys" : "is a key");
    for (unsigned i = 0; i < keys.count && i < NAMES; i++)
        used += (size_t)sprintf(hint + used, "%s%s",
                                i == 0                             ? ""
                                : i + 1 == keys.count && i < NAMES ? " and "
                                                                   : ", ",
                                keys.items[i].name);
    if (keys.count > NAMES)
        used += (size_t)sprintf(hint + used, " and %u more", keys.count - NAMES);
    sprintf(hint + used, ": if it is %s, call it by that name",
            keys.count > 1 ? "one of these" : "the same machine");
    keys_clear(&keys);
}

/* Reads all there is, of a terminal a line. Returns its size. */
static ssize_t read_input(char *text, size_t max, struct error *error)
{
    size_t size = 0;
    bool lines = isatty(STDIN_FILENO);
    if (lines)
        log_info("paste the line that pitetherd --add-key wrote:");
    while (size < max) {
        ssize_t got = read(STDIN_FILENO, text + size, max - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set(error, -errno, "can't read standard input: %s", strerror(errno));
        size += (size_t)got;
        if (got == 0 || (lines && text[size - 1] == '\n'))
            return (ssize_t)size;
    }
    return error_set(error, -EINVAL, "standard input is longer than a key's line");
}

/* Reads the one key that standard input has. */
static int read_key(struct key *key, struct error *error)
{
    char text[1024];
    struct keys keys = { 0 };
    ssize_t size = read_input(text, sizeof(text), error);
    int result =
        size < 0 ? (int)size : keys_parse(&keys, text, (size_t)size, "standard input", error);
    explicit_bzero(text, sizeof(text));
    if (!result && keys.count != 1)
        result = error_set(error, -EINVAL,
                           "standard input has %s; this is how: ssh HOST sudo "
                           "pitetherd --add-key NAME | pitether --import-key HOST",
                           keys.count == 0 ? "no key" : "more than one key");
    if (!result)
        *key = keys.items[0];
    keys_clear(&keys);
    return result;
}

int host_keys_import(const char *path, const struct address *address, struct error *error)
{
    char folder[PATH_MAX], usual[PATH_MAX], name[KEY_NAME_MAX + 1];
    struct key key;
    int result = name_of(address, name, error);
    if (!result && !path)
        result = find_usual(folder, usual, error);
    if (!result)
        result = read_key(&key, error);
    if (result)
        return result;
    if (!path)
        mkdir(folder, 0700);
    memcpy(key.name, name, sizeof(name));
    result = keys_file_replace(path ? path : usual, &key, error);
    explicit_bzero(&key, sizeof(key));
    if (result >= 0)
        log_info("%s has %s key for %s now", path ? path : usual, result > 0 ? "another" : "a",
                 name);
    return result < 0 ? result : 0;
}

int host_keys_forget(const char *path, const struct address *address, struct error *error)
{
    char folder[PATH_MAX], usual[PATH_MAX], name[KEY_NAME_MAX + 1];
    int result = name_of(address, name, error);
    if (!result && !path)
        result = find_usual(folder, usual, error);
    if (!result)
        result = keys_file_remove(path ? path : usual, name, error);
    if (!result)
        log_info("the key for %s is gone from %s", name, path ? path : usual);
    return result;
}
