#include "host/lib/keyring.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

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

/* The folder for all settings, which is not there on a fresh system. -EINVAL: there is no home;
 * -ENOENT would be taken for no keys. */
static int find_folder(char folder[PATH_MAX], struct error *error)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    /* The XDG base directory specification wants a relative path ignored. */
    bool has_config = config && config[0] == '/';
    if (!has_config && (!home || home[0] != '/'))
        return error_set(
            error, -EINVAL,
            "HOME is not set, so where the keys are is not known: set it, or name a keys file");
    if (snprintf(folder, PATH_MAX, "%s%s", has_config ? config : home,
                 has_config ? "" : "/.config") >= PATH_MAX)
        return error_set(error, -ENAMETOOLONG, "HOME is too long a path: name a keys file");
    return 0;
}

int keyring_usual_path(char *path, size_t size, struct error *error)
{
    char folder[PATH_MAX];
    int result = find_folder(folder, error);
    if (!result && snprintf(path, size, "%s/pitether/keys", folder) >= (int)size)
        return error_set(error, -ENAMETOOLONG, "HOME is too long a path: name a keys file");
    return result;
}

/* The file that is meant: *path, or the usual one, which is written to usual. */
static int find_file(const char **path, char usual[PATH_MAX], struct error *error)
{
    int result = *path ? 0 : keyring_usual_path(usual, PATH_MAX, error);
    *path = *path ? *path : usual;
    return result;
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

/* The names of up to four keys, as a list. */
static void list_names(const struct keys *keys, char *hint)
{
    enum { NAMES = 4 };
    size_t used = (size_t)sprintf(hint, "there %s for ", keys->count > 1 ? "are keys" : "is a key");
    for (unsigned i = 0; i < keys->count && i < NAMES; i++)
        used += (size_t)sprintf(hint + used, "%s%s",
                                i == 0                              ? ""
                                : i + 1 == keys->count && i < NAMES ? " and "
                                                                    : ", ",
                                keys->items[i].name);
    if (keys->count > NAMES)
        used += (size_t)sprintf(hint + used, " and %u more", keys->count - NAMES);
    sprintf(hint + used, ": if it is %s, call it by that name",
            keys->count > 1 ? "one of these" : "the same machine");
}

/* Leaves of all keys the one of that name; without it the hint. 0 or -ENOMEM. */
static int choose(struct keys *keys, const struct keys *all, const char *name, char *hint)
{
    const struct key *found = find(all, name);
    if (!found && all->count > 0)
        list_names(all, hint);
    if (!found)
        return 0;
    int result = keys_reserve(keys);
    if (!result)
        keys->items[keys->count++] = *found;
    return result;
}

int keyring_find(const char *path, const struct address *address, struct keys *keys, char *hint,
                 struct error *error)
{
    char usual[PATH_MAX], name[KEY_NAME_MAX + 1] = "";
    struct keys all = { 0 };
    bool named = path;
    hint[0] = '\0';
    if (address->is_unix)
        return 0;
    bool can_have = name_of(address, name, NULL) == 0;
    int result = find_file(&path, usual, error);
    if (result && is_loopback(name))
        return 0;
    if (!result)
        result = keys_load(&all, path, error);
    /* A file that is named is expected to be there. */
    if (result)
        return !can_have || (result == -ENOENT && !named) ? 0 : result;
    result = choose(keys, &all, name, hint);
    keys_clear(&all);
    return result ? error_set(error, result, "out of memory for a key") : 0;
}

/* Reads the one key that the text has. */
static int read_key(struct key *key, const char *text, size_t size, struct error *error)
{
    struct keys keys = { 0 };
    int result = keys_parse(&keys, text, size, "the key's line", error);
    if (!result && keys.count != 1)
        result = error_set(error, -EINVAL,
                           "that is %s: give the one line that pitetherd --add-key NAME printed",
                           keys.count == 0 ? "not a key" : "more than one key");
    if (!result)
        *key = keys.items[0];
    keys_clear(&keys);
    return result;
}

int keyring_import(const char *path, const struct address *address, const char *text, size_t size,
                   struct error *error)
{
    char folder[PATH_MAX], usual[PATH_MAX], name[KEY_NAME_MAX + 1];
    struct key key;
    bool named = path;
    int result = name_of(address, name, error);
    if (!result)
        result = find_file(&path, usual, error);
    if (!result)
        result = read_key(&key, text, size, error);
    if (result)
        return result;
    if (!named && find_folder(folder, NULL) == 0)
        mkdir(folder, 0700);
    memcpy(key.name, name, sizeof(name));
    result = keys_file_replace(path, &key, error);
    explicit_bzero(&key, sizeof(key));
    return result;
}

int keyring_forget(const char *path, const struct address *address, struct error *error)
{
    char usual[PATH_MAX], name[KEY_NAME_MAX + 1];
    int result = name_of(address, name, error);
    if (!result)
        result = find_file(&path, usual, error);
    return result ? result : keys_file_remove(path, name, error);
}
