#include "device/auth/key_admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/descriptors.h"
#include "shared/base/log.h"

#define WHEN_VALID                                                                                 \
    "a running pitetherd reloads its keys on SIGHUP (systemctl reload pitetherd); one that "       \
    "started "                                                                                     \
    "without keys must be restarted"

const char *key_admin_path(const char *named, char *buffer)
{
    if (named)
        return named;
    const char *credentials = secure_getenv("CREDENTIALS_DIRECTORY");
    if (credentials && snprintf(buffer, PATH_MAX, "%s/keys", credentials) < PATH_MAX &&
        access(buffer, F_OK) == 0)
        return buffer;
    return "/etc/pitether/keys";
}

/* In one write: the buffers of stdio would keep the secret. */
static int print_line(const struct key *key)
{
    char line[KEY_LINE_MAX + 1];
    size_t size = key_format(key, line);
    line[size++] = '\n';
    int result = descriptors_write(STDOUT_FILENO, line, size);
    explicit_bzero(line, sizeof(line));
    return result;
}

static int add(const char *path, const struct key *key, struct error *error)
{
    struct error why;
    int result = keys_file_add(path, key, &why);
    if (result)
        return error_set(error, result, "%.300s%s%s", why.text,
                         result == -EEXIST ? "; remove it first: pitetherd --revoke " : "",
                         result == -EEXIST ? key->name : "");
    result = print_line(key);
    if (!result)
        return 0;
    bool kept = keys_file_remove(path, key->name, NULL);
    return error_set(error, result, "can't print the key%s%s: %s",
                     kept ? ", nor remove it again; do so with pitetherd --revoke "
                          : ", so it was not kept",
                     kept ? key->name : "", strerror(-result));
}

int key_admin_add(const char *path, const char *name, enum key_role role, struct error *error)
{
    struct key key;
    if (!key_name_is_good(name))
        return error_set(
            error, -EINVAL,
            "--add-key: a name has 1 to %d bytes without white space, and no # in front",
            KEY_NAME_MAX);
    int result = key_generate(&key, name, role);
    if (result)
        error_set(error, result, "can't generate a key: %s", strerror(-result));
    else
        result = add(path, &key, error);
    explicit_bzero(&key, sizeof(key));
    if (result)
        return result;
    log_info("%s now has a key named %s, to %s; " WHEN_VALID, path, name, key_role_names[role]);
    if (isatty(STDOUT_FILENO))
        log_info(
            "the line above is the secret: better pipe it to pitether --import-key HOST on the "
            "laptop");
    return 0;
}

int key_admin_list(const char *path, struct error *error)
{
    struct keys keys = { 0 };
    int result = keys_load(&keys, path, error);
    if (result == -ENOENT) {
        log_info("%s does not exist: pitetherd --add-key NAME creates it", path);
        return 0;
    }
    for (unsigned i = 0; i < keys.count; i++) {
        const struct key *key = &keys.items[i];
        char id[KEY_ID_TEXT];
        key_id_format(key->id, id);
        printf("%s %s %s\n", key->name, key_role_names[key->role], id);
    }
    keys_clear(&keys);
    return result;
}

int key_admin_revoke(const char *path, const char *name, struct error *error)
{
    int result = keys_file_remove(path, name, error);
    if (!result)
        log_info("removed the key named %s from %s; " WHEN_VALID, name, path);
    return result;
}
