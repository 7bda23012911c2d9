#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/descriptors.h"
#include "shared/base/option_lookup.h"
#include "shared/base/option_value.h"
#include "shared/base/options.h"

/* A file while it is read. */
struct reader {
    const struct option_table *table;
    void *options;
    const bool *given;   /* on the command line; or NULL */
    unsigned line;       /* number of the line being read */
    const char *section; /* name of the section being read; NULL before the first one */
};

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

static unsigned *section_count(const struct reader *reader)
{
    return (unsigned *)((char *)reader->options + reader->table->sections->count);
}

static char *section_at(const struct reader *reader, unsigned index)
{
    const struct option_sections *sections = reader->table->sections;
    return (char *)reader->options + sections->array + index * sections->size;
}

static const char **section_name(const struct reader *reader, unsigned index)
{
    return (const char **)(section_at(reader, index) + reader->table->sections->name);
}

static unsigned *section_line(const struct reader *reader, unsigned index)
{
    return (unsigned *)(section_at(reader, index) + reader->table->sections->line);
}

/* Whether there may be a section of this name now. */
static int check_section(const struct reader *reader, const char *name, struct error *error)
{
    const struct option_sections *sections = reader->table->sections;
    unsigned count = *section_count(reader);
    if (!sections->name_is_good(name, strlen(name)))
        return error_set(error, -EINVAL, "'[%.60s]' can't be the name of a section: it takes %s",
                         name, sections->name_rule);
    if (count == 0 && *section_name(reader, 0))
        return error_set(error, -EINVAL,
                         "[%s]: a section has its own name: leave out the option name", name);
    for (unsigned i = 0; i < count; i++)
        if (strcmp(*section_name(reader, i), name) == 0)
            return error_set(error, -EINVAL, "[%s]: line %u has a section of this name already",
                             name, *section_line(reader, i));
    if (count == sections->max)
        return error_set(error, -EINVAL, "[%s]: there are more than %u sections", name,
                         sections->max);
    return 0;
}

static int begin_section(struct reader *reader, char *heading, struct error *error)
{
    const struct option_sections *sections = reader->table->sections;
    size_t size = strlen(heading);
    reader->section = NULL;
    if (heading[size - 1] != ']')
        return error_set(error, -EINVAL, "'%.60s' is not a heading: [NAME]", heading);
    heading[size - 1] = '\0';
    int result = check_section(reader, heading + 1, error);
    if (result)
        return result;
    char *name = strdup(heading + 1);
    if (!name)
        return error_set(error, -ENOMEM, "out of memory");
    /* What was given outside of sections is in the first one: all others begin with that, too. */
    unsigned index = (*section_count(reader))++;
    for (unsigned i = 1; index == 0 && i < sections->max; i++)
        memcpy(section_at(reader, i), section_at(reader, 0), sections->size);
    *section_name(reader, index) = reader->section = name;
    *section_line(reader, index) = reader->line;
    return 0;
}

/* spec: the option that the key names all the same, but may not here; or NULL. */
static int reject_key(const struct reader *reader, const char *key, const struct option_spec *spec,
                      struct error *error)
{
    const struct option_table *table = reader->table;
    const char *name = key + strspn(key, "-");
    size_t size = strlen(name);
    const struct option_spec *short_one = size == 1 ? option_find_letter(table, *name) : NULL;
    const struct option_foreign *foreign = option_find_foreign(table, name, size, '\0');
    unsigned scopes = reader->section ? OPTION_SCOPES_SECTION : OPTION_SCOPES_FILE;
    struct suggestion best = option_suggest(table, name, size, scopes);
    const char *what = reader->section ? "a section" : "a configuration file";
    char hint[OPTION_HINT_MAX];
    if (spec && spec->scope == OPTION_GLOBAL)
        return error_set(error, -EINVAL,
                         "'%.60s' is not a key that a section may have: it is for all of them and "
                         "goes before the first one",
                         key);
    if (spec && spec->scope == OPTION_COMMAND_LINE)
        return error_set(error, -EINVAL,
                         "'%.60s' is not a key that %s may have: it is for the command line only",
                         key, what);
    if (spec)
        return error_set(error, -EINVAL,
                         "'%.60s' is not a key that a section may have: its heading is its name",
                         key);
    if (foreign)
        return error_set(error, -EINVAL, "'%.60s' is not a key that %s may have: --%s %s", key,
                         what, foreign->name, table->foreign_hint);
    if (short_one && (scopes & 1u << short_one->scope))
        best.word = short_one->name;
    option_format_hint(hint, &best, "");
    return error_set(error, -EINVAL, "'%.60s' is not a key that %s may have%s", key, what, hint);
}

/* Whether the option may stand here. */
static bool is_allowed(const struct reader *reader, const struct option_spec *spec)
{
    if (!reader->section)
        return spec->scope != OPTION_COMMAND_LINE;
    return spec->scope == OPTION_SECTION && spec->offset != reader->table->sections->name;
}

static int set_option(const struct reader *reader, const struct option_spec *spec,
                      const char *value, struct error *error)
{
    unsigned section = reader->section ? *section_count(reader) - 1 : 0;
    struct named_option option = { spec, spec->name };
    char *copy = strdup(value);
    if (!copy)
        return error_set(error, -ENOMEM, "out of memory");
    int result = option_set(&option, option_fields(reader->table, reader->options, section, spec),
                            copy, error);
    if (result || (spec->kind != OPTION_TEXT && spec->kind != OPTION_LIST))
        free(copy);
    return result;
}

static int read_line(struct reader *reader, char *line, struct error *error)
{
    char *key = trim(line);
    if (!*key || *key == '#')
        return 0;
    if (*key == '[' && reader->table->sections)
        return begin_section(reader, key, error);
    char *equals = strchr(key, '=');
    if (!equals) {
        key[strcspn(key, " \t")] = '\0'; /* the rest may be a secret, in a file of keys */
        return error_set(error, -EINVAL, "'%.60s' is not the beginning of: key = value", key);
    }
    *equals = '\0';
    key = trim(key);
    const struct option_spec *spec = option_find(reader->table, key, strlen(key));
    if (!spec || !is_allowed(reader, spec))
        return reject_key(reader, key, spec, error);
    if (reader->given && reader->given[spec - reader->table->specs])
        return 0;
    char *value = trim(equals + 1);
    bool is_text = spec->kind == OPTION_TEXT || spec->kind == OPTION_LIST;
    if (!is_text && strstr(value, " #"))
        return error_set(error, -EINVAL, "%s: '%.60s': a comment needs a line of its own",
                         spec->name, value);
    return set_option(reader, spec, value, error);
}

static bool has_controls(const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (((unsigned char)line[i] < 0x20 && line[i] != '\t' && line[i] != '\r') ||
            line[i] == 0x7F)
            return true;
    return false;
}

/* text has space for a zero after its end. */
static int read_lines(struct reader *reader, char *text, size_t size, const char *path,
                      struct error *error)
{
    struct error what;
    for (char *line = text, *end; line < text + size; line = end + 1) {
        end = memchr(line, '\n', size - (size_t)(line - text));
        end = end ? end : text + size;
        *end = '\0';
        reader->line++;
        int result = has_controls(line, (size_t)(end - line))
                         ? error_set(&what, -EINVAL, "the line has a byte that is not text")
                         : read_line(reader, line, &what);
        if (result)
            return error_set(error, result, "%.100s:%u: %s%s%s%.360s", path, reader->line,
                             reader->section ? "[" : "", reader->section ? reader->section : "",
                             reader->section ? "]: " : "", what.text);
    }
    return 0;
}

int options_read_file(const struct option_table *table, void *options, const char *path,
                      const bool *given, struct error *error)
{
    struct reader reader = { .table = table, .options = options, .given = given };
    char *text = malloc(OPTION_FILE_MAX + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t size = fd < 0 ? -errno
                   : text ? descriptors_read(fd, text, OPTION_FILE_MAX + 1)
                          : -ENOMEM;
    if (fd >= 0)
        close(fd);
    int result = size < 0 ? (int)size : 0;
    if (result)
        error_set(error, result, "can't read the configuration file %.300s: %s", path,
                  strerror(-result));
    else if (size > OPTION_FILE_MAX)
        result = error_set(error, -EINVAL,
                           "%.300s is larger than %d bytes: that can't be a configuration file",
                           path, OPTION_FILE_MAX);
    else
        result = read_lines(&reader, text, (size_t)size, path, error);
    free(text);
    return result;
}
