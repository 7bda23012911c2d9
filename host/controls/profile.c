#include "host/controls/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/controls/format.h"
#include "host/sinks/files/disk_error.h"
#include "host/sinks/files/replace_file.h"
#include "shared/base/descriptors.h"
#include "shared/base/text.h"

static int write_lines(const struct control_view *view, FILE *out)
{
    char value[CONTROL_TEXT_SIZE];
    int count = 0;
    fprintf(out, "# Settings of camera %s, stream %s, written by pitether --save-controls\n",
            *view->stream.model ? view->stream.model : "?", view->stream.name);
    for (size_t i = 0; i < view->count; i++) {
        const struct pitether_control *control = &view->controls[i];
        if (!control->settable || control->set.type == PITETHER_VALUE_NONE)
            continue;
        control_whole_text(&control->set, control, value);
        fprintf(out, "%s = %s\n", control->name, value);
        count++;
    }
    return count;
}

int profile_write(const char *path, const struct control_view *view, struct error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    int count = out ? write_lines(view, out) : 0;
    int result = out && fclose(out) == 0 ? replace_file(path, text, size) : -ENOMEM;
    free(text);
    return result
               ? error_set(error, result, "can't write %.300s: %s", path, disk_error_text(result))
               : count;
}

/* A file while it is read. */
struct reader {
    const char *path;
    unsigned line;
    char *text; /* what was read so far ... */
    size_t used;
};

static int fail(const struct reader *reader, const char *what, const char *line,
                struct error *error)
{
    return error_set(error, -EINVAL, "%.200s:%u: %s: '%.80s'", reader->path, reader->line, what,
                     line);
}

static bool is_text(const char *line, size_t size)
{
    bool shown = true;
    for (size_t i = 0, step; shown && i < size; i += step) {
        step = text_character((const uint8_t *)line + i, size - i, &shown);
        shown = shown || line[i] == '\t' || line[i] == '\r';
    }
    return shown;
}

/* Whether an earlier line has this name. */
static bool is_there(const struct reader *reader, const char *name, size_t size)
{
    for (const char *at = reader->text; *at; at++) {
        bool begins = at == reader->text || at[-1] == ',';
        if (begins && strncasecmp(at, name, size) == 0 && at[size] == '=')
            return true;
    }
    return false;
}

/* Removes blanks at both ends; returns where the text begins. */
static char *trim(char *text, char *end)
{
    while (text < end && strchr(" \t\r", *text))
        text++;
    while (end > text && strchr(" \t\r", end[-1]))
        end--;
    *end = '\0';
    return text;
}

static int read_line(struct reader *reader, char *line, char *end, struct error *error)
{
    line = trim(line, end);
    if (*line == '\0' || *line == '#')
        return 0;
    char *sign = strchr(line, '=');
    if (!sign)
        return fail(reader, "a line is NAME = VALUE", line, error);
    char *value = trim(sign + 1, line + strlen(line)), *name = trim(line, sign);
    if (*name == '\0' || strchr(name, ','))
        return fail(reader, "this is not the name of a control", name, error);
    if (*value == '\0')
        return fail(reader, "there is no value for", name, error);
    if (strstr(value, " #"))
        return fail(reader, "a comment needs a line of its own", value, error);
    if (is_there(reader, name, strlen(name)))
        return fail(reader, "an earlier line has this control", name, error);
    size_t space = ASSIGNMENTS_MAX + 1 - reader->used;
    int size = snprintf(reader->text + reader->used, space, "%s%s=%s", reader->used ? "," : "",
                        name, value);
    if (size < 0 || (size_t)size >= space)
        return fail(reader, "this is more than can be set at once", name, error);
    reader->used += (size_t)size;
    return 0;
}

/* text has space for a zero after its end. */
static int read_lines(struct reader *reader, char *text, size_t size, struct error *error)
{
    for (char *line = text, *end; line < text + size; line = end + 1) {
        end = memchr(line, '\n', size - (size_t)(line - text));
        end = end ? end : text + size;
        reader->line++;
        int result =
            is_text(line, (size_t)(end - line))
                ? read_line(reader, line, end, error)
                : error_set(error, -EINVAL, "%.200s:%u: the line has a byte that is not text",
                            reader->path, reader->line);
        if (result)
            return result;
    }
    return reader->used > 0 ? 0 : error_set(error, -EINVAL, "%.300s sets no control", reader->path);
}

int profile_read(const char *path, char *text, struct error *error)
{
    struct reader reader = { .path = path, .text = text };
    char *read = malloc(PROFILE_MAX + 2);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t size = fd < 0 ? -errno : read ? descriptors_read(fd, read, PROFILE_MAX + 1) : -ENOMEM;
    if (fd >= 0)
        close(fd);
    text[0] = '\0';
    int result = size < 0 ? (int)size : 0;
    if (result)
        error_set(error, result, "can't read %.300s: %s", path, strerror(-result));
    else if (size > PROFILE_MAX)
        result =
            error_set(error, -EINVAL, "%.300s is larger than %d bytes: that can't be a profile",
                      path, PROFILE_MAX);
    else
        result = read_lines(&reader, read, (size_t)size, error);
    free(read);
    return result;
}
