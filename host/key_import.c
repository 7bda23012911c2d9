#include "host/key_import.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/log.h"

static int fail(struct pitether_error *error, int code, const char *what, const char *why)
{
    error->code = code;
    snprintf(error->text, sizeof(error->text), "%s%s", what, why);
    return code;
}

/* Reads to the end, or one line from a terminal. Returns the size. */
static ssize_t read_input(char *text, size_t max, struct pitether_error *error)
{
    size_t size = 0;
    bool lines = isatty(STDIN_FILENO);
    if (lines)
        log_info("paste the line that pitetherd --add-key printed:");
    while (size < max) {
        ssize_t got = read(STDIN_FILENO, text + size, max - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(error, -errno, "can't read standard input: ", strerror(errno));
        size += (size_t)got;
        if (got == 0 || (lines && text[size - 1] == '\n'))
            return (ssize_t)size;
    }
    return fail(error, -EINVAL, "standard input is longer than the line of a key", "");
}

/* The file that keys are stored in, for the log. */
static const char *name_file(const char *keys_file, char usual[PATH_MAX])
{
    if (keys_file)
        return keys_file;
    return pitether_keys_path(usual, PATH_MAX, NULL) ? "the keys file" : usual;
}

int key_import_run(const char *keys_file, const char *address, struct pitether_error *error)
{
    char text[1024], usual[PATH_MAX];
    ssize_t size = read_input(text, sizeof(text), error);
    int result =
        size < 0 ? (int)size : pitether_key_import(keys_file, address, text, (size_t)size, error);
    explicit_bzero(text, sizeof(text));
    if (result >= 0)
        log_info("%s the key for %s in %s", result > 0 ? "replaced" : "stored", address,
                 name_file(keys_file, usual));
    return result < 0 ? result : 0;
}

int key_import_forget(const char *keys_file, const char *address, struct pitether_error *error)
{
    char usual[PATH_MAX];
    int result = pitether_key_forget(keys_file, address, error);
    if (!result)
        log_info("removed the key for %s from %s", address, name_file(keys_file, usual));
    return result;
}
