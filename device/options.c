#include "device/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "device/camera/libcamera/source.h"
#include "device/camera/pattern.h"
#include "device/camera/registry.h"
#include "device/control_options.h"
#include "device/serve/listener.h"
#include "shared/protocol/wire_streams.h"

static int check_addresses(const struct option_list *listen, struct error *error)
{
    struct address address;
    int result = 0;
    for (unsigned i = 0; i < listen->count && !result; i++)
        result = listener_parse(listen->items[i], &address, error);
    return result;
}

/* Names the option, and the section if there is one. */
static int reject_source(const struct device_options *options, const struct stream_options *stream,
                         const char *why, struct error *error)
{
    if (stream->line == 0)
        return error_set(error, -EINVAL, "--%s", why);
    return error_set(error, -EINVAL, "%.100s:%u: [%s]: %.360s", options->config, stream->line,
                     stream->name, why);
}

static int check_source(const struct device_options *options, const struct stream_options *stream,
                        struct error *error)
{
    const char *argument;
    struct error unknown;
    const struct camera_ops *ops = camera_find(stream->source, &argument);
    error_set(&unknown, 0, "source: '%.200s' is unknown; give " CAMERA_SOURCES, stream->source);
    if (!ops)
        return reject_source(options, stream, unknown.text, error);
    if (stream->unpaced && ops == &camera_libcamera)
        return reject_source(options, stream, "unpaced: a camera keeps its own pace; give fps",
                             error);
    if (stream->pattern_faults && ops != &camera_pattern)
        return reject_source(options, stream, "pattern-faults: only the source pattern has any",
                             error);
    if (control_options_check(stream, &unknown))
        return reject_source(options, stream, unknown.text, error);
    return 0;
}

/* NAME/preview must be a stream's name, and no other one's. */
static int check_preview(const struct device_options *options, const struct stream_options *stream,
                         struct error *error)
{
    char name[WIRE_NAME_MAX + sizeof(WIRE_PREVIEW_SUFFIX)];
    struct error why;
    if (!stream->preview_size.width)
        return 0;
    snprintf(name, sizeof(name), "%s" WIRE_PREVIEW_SUFFIX, stream->name);
    if (!wire_name_is_good(name, strlen(name))) {
        error_set(&why, 0,
                  "preview-size: the preview's name, %.60s, is longer than %d bytes: give the "
                  "stream a shorter name",
                  name, WIRE_NAME_MAX);
        return reject_source(options, stream, why.text, error);
    }
    for (unsigned i = 0; i < options->stream_count; i++) {
        if (strcmp(options->streams[i].name, name) != 0)
            continue;
        error_set(&why, 0, "preview-size: another stream has the preview's name, %s", name);
        return reject_source(options, stream, why.text, error);
    }
    return 0;
}

/* Two sections that name a camera in the same way mean the same one, which can't be opened twice.
 * If they name it in different ways, its open() finds out. */
static int check_cameras(const struct device_options *options, struct error *error)
{
    const struct stream_options *streams = options->streams;
    const char *argument;
    for (unsigned i = 1; i < options->stream_count; i++) {
        if (camera_find(streams[i].source, &argument) != &camera_libcamera)
            continue;
        for (unsigned k = 0; k < i; k++) {
            if (strcmp(streams[i].source, streams[k].source) == 0)
                return error_set(error, -EINVAL,
                                 "%.100s:%u: [%s]: its source, %.80s, is the camera of [%s] in "
                                 "line %u: give each section its own (pitetherd --list-cameras)",
                                 options->config, streams[i].line, streams[i].name,
                                 streams[i].source, streams[k].name, streams[k].line);
        }
    }
    return 0;
}

/* After command line and file. */
static int check_streams(struct device_options *options, struct error *error)
{
    struct stream_options *first = &options->streams[0];
    int result = 0;
    if (options->stream_count == 0) {
        options->stream_count = 1;
        if (!first->name)
            first->name = "camera";
    }
    for (unsigned i = 0; i < options->stream_count && !result; i++)
        result = check_source(options, &options->streams[i], error);
    if (result)
        return result;
    if (!wire_name_is_good(first->name, strlen(first->name)))
        return error_set(error, -EINVAL,
                         "--name: '%.60s' can't be a stream's name: it takes " STREAM_NAME_RULE,
                         first->name);
    for (unsigned i = 0; i < options->stream_count && !result; i++)
        result = check_preview(options, &options->streams[i], error);
    return result ? result : check_cameras(options, error);
}

int device_options_read(struct device_options *options, int argc, char **argv, struct error *error)
{
    bool given[DEVICE_OPTIONS_MAX] = { false };
    memset(options, 0, sizeof(*options));
    options_defaults(&device_option_table, options);
    int result = options_parse(&device_option_table, options, argc, argv, given, NULL, error);
    if (!result && options->config)
        result = options_read_file(&device_option_table, options, options->config, given, error);
    if (!result && (options->add_key != NULL) + (options->revoke != NULL) + options->list_keys > 1)
        result = error_set(error, -EINVAL, "--add-key, --list-keys and --revoke: give one of them");
    if (!result)
        result = check_addresses(&options->listen, error);
    if (!result)
        result = check_streams(options, error);
    return result ? result : control_options_check_tuning(options, error);
}
