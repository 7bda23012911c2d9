#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/descriptors.h"
#include "shared/base/option_lookup.h"
#include "shared/base/option_value.h"
#include "shared/base/options.h"

static char *trim(char *text)
{
    static const char space[] = " \t\r\n";
    text += strspn(text, space);
    size_t size = strlen(text);
    while (size > 0 && strchr(space, text[size - 1]))
        size--;
    text[size] = '\0';
    return text;
}

/* for_command_line: there is such an option, but for the command line. */
static int unknown_key(const struct option_table *table, const char *key, bool for_command_line,
                       struct error *error)
{
    const char *name = key + strspn(key, "-");
    const struct option_spec *spec = strlen(name) == 1 ? option_find_letter(table, *name) : NULL;
    const struct option_foreign *foreign = option_find_foreign(table, name, strlen(name), '\0');
    struct suggestion best = option_suggest(table, name, strlen(name), true);
    char hint[OPTION_HINT_MAX];
    if (for_command_line)
        return error_set(error, -EINVAL, "'%s' is not a key that a configuration file may have: it is for the "
                    "command line alone",
                    key);
    if (foreign)
        return error_set(error, -EINVAL, "'%s' is not a key that a configuration file may have: --%s %s", key,
                    foreign->name, table->foreign_hint);
    if (spec && !spec->not_in_file)
        best.word = spec->name;
    option_format_hint(hint, &best, "");
    return error_set(error, -EINVAL, "'%.60s' is not a key that a configuration file may have%s", key, hint);
}

static int read_line(const struct option_table *table, void *options, char *line, bool *given,
                     struct error *error)
{
    char *key = trim(line);
    if (!*key || *key == '#')
        return 0;
    char *equals = strchr(key, '=');
    if (!equals) {
        key[strcspn(key, " \t")] = '\0'; /* the rest may be a secret, in a file of keys */
        return error_set(error, -EINVAL, "'%.60s' is not the beginning of: key = value", key);
    }
    *equals = '\0';
    key = trim(key);
    const struct option_spec *spec = option_find(table, key, strlen(key));
    if (!spec || spec->not_in_file)
        return unknown_key(table, key, spec != NULL, error);
    if (given && given[spec - table->specs])
        return 0;
    char *value = strdup(trim(equals + 1));
    if (!value)
        return error_set(error, -EINVAL, "out of memory");
    struct named_option option = { spec, spec->name };
    int result = option_set(&option, options, value, error);
    if (result || (spec->kind != OPTION_TEXT && spec->kind != OPTION_LIST))
        free(value);
    return result;
}

static bool has_controls(const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (((unsigned char)line[i] < 0x20 && line[i] != '\t' && line[i] != '\r') ||
            line[i] == 0x7F)
            return true;
    return false;
}

/* text has room for a zero behind its end. */
static int read_lines(const struct option_table *table, void *options, char *text, size_t size,
                      bool *given, const char *path, struct error *error)
{
    struct error what;
    unsigned number = 1;
    for (char *line = text, *end; line < text + size; line = end + 1, number++) {
        end = memchr(line, '\n', size - (size_t)(line - text));
        end = end ? end : text + size;
        *end = '\0';
        int result = has_controls(line, (size_t)(end - line))
                         ? error_set(&what, -EINVAL, "there is a byte in the line that is no text")
                         : read_line(table, options, line, given, &what);
        if (result)
            return error_set(error, -EINVAL, "%.100s:%u: %.400s", path, number, what.text);
    }
    return 0;
}

int options_read_file(const struct option_table *table, void *options, const char *path,
                      bool *given, struct error *error)
{
    char *text = malloc(OPTION_FILE_MAX + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t size = fd < 0 ? -errno
                   : text ? descriptors_read(fd, text, OPTION_FILE_MAX + 1)
                          : -ENOMEM;
    if (fd >= 0)
        close(fd);
    int result = size < 0 ? (int)size : 0;
    if (result)
        error_set(error, -EINVAL, "can't read the configuration file %.300s: %s", path, strerror(-result));
    else if (size > OPTION_FILE_MAX)
        result = error_set(error, -EINVAL, "%.300s is longer than %d bytes: no configuration file is", path,
                      OPTION_FILE_MAX);
    else
        result = read_lines(table, options, text, (size_t)size, given, path, error);
    free(text);
    return result;
}
