#include "device/control_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "device/camera/libcamera/source.h"
#include "device/camera/registry.h"
#include "device/camera/y4m.h"

/* "4056", with what must follow; the size of both, or 0. */
static size_t number_size(const char *text, const char *after)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= 5 && text[0] != '0' && strchr(after, text[digits]) ? digits : 0;
}

/* WIDTH:HEIGHT[:DEPTH[:PACKING]], as rpicam has it. */
static bool is_mode(const char *text)
{
    size_t width = number_size(text, ":");
    if (width == 0 || text[width] != ':')
        return false;
    text += width + 1;
    size_t height = number_size(text, ":");
    text += height;
    if (height == 0 || !*text)
        return height != 0;
    size_t depth = number_size(++text, ":");
    text += depth;
    return depth > 0 && (!*text || strcasecmp(text, ":P") == 0 || strcasecmp(text, ":U") == 0);
}

static int check_sensor(const struct stream_options *options, struct error *error)
{
    const char *argument;
    const struct camera_ops *ops = camera_find(options->source, &argument);
    if (options->sensor_mode && !is_mode(options->sensor_mode))
        return error_set(error, -EINVAL, "mode: '%.60s' is not WIDTH:HEIGHT or WIDTH:HEIGHT:BITS",
                         options->sensor_mode);
    if (ops == &camera_y4m && (options->sensor_mode || options->full_view))
        return error_set(error, -EINVAL, "%s: a file has no sensor",
                         options->full_view ? "full-view" : "mode");
    if (ops != &camera_libcamera && control_options_hdr_sensor(options))
        return error_set(error, -EINVAL, "hdr: sensor: only a camera's sensor can do that");
    return 0;
}

int control_options_check(const struct stream_options *options, struct error *error)
{
    for (unsigned i = 0; i < ALIAS_COUNT; i++)
        if (options->aliases[i] && strchr(options->aliases[i], '='))
            return error_set(error, -EINVAL, "%s: '%.60s' is not a value", control_aliases[i].name,
                             options->aliases[i]);
    for (unsigned i = 0; i < options->controls.count; i++) {
        const char *equals = strchr(options->controls.items[i], '=');
        if (!equals || equals == options->controls.items[i] || !equals[1])
            return error_set(error, -EINVAL, "control: '%.60s' is not NAME=VALUE",
                             options->controls.items[i]);
    }
    return check_sensor(options, error);
}

int control_options_check_tuning(const struct device_options *options, struct error *error)
{
    const char *argument;
    bool is_used = false;
    for (unsigned i = 0; i < options->stream_count; i++)
        is_used |= camera_find(options->streams[i].source, &argument) == &camera_libcamera;
    if (options->tuning_file && !is_used)
        return error_set(error, -EINVAL,
                         "--tuning-file: no stream has a camera of libcamera's to be tuned");
    if (options->tuning_file && access(options->tuning_file, R_OK))
        return error_set(error, -EINVAL,
                         "--tuning-file: can't read %.200s: %s; libcamera's own files are in "
                         "/usr/share/libcamera/ipa/rpi/vc4 and, for a Pi 5, .../pisp",
                         options->tuning_file, strerror(errno));
    return 0;
}

bool control_options_hdr_sensor(const struct stream_options *options)
{
    const char *hdr = options->aliases[ALIAS_HDR];
    return hdr && strcasecmp(hdr, "sensor") == 0;
}

const char *control_options_mode(const struct stream_options *options, char *mode, size_t size)
{
    if (!options->sensor_mode)
        return NULL;
    size_t digits = strspn(options->sensor_mode, "0123456789:");
    if (options->sensor_mode[digits]) /* a packing, and the colon in front of it */
        digits--;
    snprintf(mode, size, "%.*s", (int)digits, options->sensor_mode);
    return mode;
}

/* Whether a later --control sets the same. */
static bool is_overridden(const struct option_list *controls, unsigned i)
{
    size_t name = strcspn(controls->items[i], "=") + 1;
    for (unsigned k = i + 1; k < controls->count; k++)
        if (strncasecmp(controls->items[k], controls->items[i], name) == 0)
            return true;
    return false;
}

/* Appends to a text that has space for it; NULL only counts. Returns the bytes. */
static size_t append(char *text, size_t used, const char *name, const char *value)
{
    const char *comma = used ? "," : "", *equals = *name ? "=" : "";
    if (text)
        sprintf(text + used, "%s%s%s%s", comma, name, equals, value);
    return strlen(comma) + strlen(name) + strlen(equals) + strlen(value);
}

static size_t write_text(const struct stream_options *options, char *text)
{
    size_t used = 0;
    for (unsigned i = 0; i < ALIAS_COUNT; i++)
        if (options->aliases[i] && (i != ALIAS_HDR || !control_options_hdr_sensor(options)))
            used += append(text, used, control_aliases[i].name, options->aliases[i]);
    for (unsigned i = 0; i < options->controls.count; i++)
        if (!is_overridden(&options->controls, i))
            used += append(text, used, "", options->controls.items[i]);
    return used;
}

int control_options_text(const struct stream_options *options, char **text)
{
    size_t size = write_text(options, NULL);
    *text = NULL;
    if (size == 0)
        return 0;
    *text = malloc(size + 1);
    if (!*text)
        return -ENOMEM;
    write_text(options, *text);
    return 0;
}
