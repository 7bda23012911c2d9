#include "host/lib/options.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum { FRAMES_DEFAULT = 64, FRAMES_MIN = 2, FRAMES_MAX = 4096, BYTES_DEFAULT = 256 << 20 };
enum { SETTLE_MAX_S = 60 };

static int read_stream(const char *text, char *stream, struct error *error)
{
    size_t size = strlen(text);
    if (!wire_name_is_good(text, size))
        return error_set(error, -EINVAL,
                         "'%.100s' is not a stream's name: it has 1 to %d of A-Z a-z 0-9 . _ - "
                         "and / between two of its parts",
                         text, WIRE_NAME_MAX);
    memcpy(stream, text, size + 1);
    return 0;
}

int receiver_address_read(const char *text, struct address *address, char *stream,
                          struct error *error)
{
    char host[ADDRESS_TEXT_MAX];
    const char *slash = strncmp(text, "unix:", 5) == 0 ? NULL : strchr(text, '/');
    size_t size = slash ? (size_t)(slash - text) : strlen(text);
    int result = -EINVAL;
    stream[0] = '\0';
    if (size < sizeof(host)) {
        memcpy(host, text, size);
        host[size] = '\0';
        result = address_parse(host, WIRE_DEFAULT_PORT, address);
    }
    if (result || (!address->is_unix && address->port == 0))
        return error_set(error, -EINVAL,
                         "'%.200s' is not an address: give HOST, HOST:PORT, [IPV6]:PORT, each with "
                         "or without /STREAM after it, or unix:/PATH",
                         text);
    return slash ? read_stream(slash + 1, stream, error) : 0;
}

int receiver_options_copy(struct pitether_options *options, const struct pitether_options *callers,
                          struct error *error)
{
    *options = (struct pitether_options)PITETHER_OPTIONS_INIT;
    if (!callers)
        return 0;
    if (callers->size == 0)
        return error_set(error, -EINVAL,
                         "the options have no size: begin them with PITETHER_OPTIONS_INIT");
    memcpy(options, callers, callers->size < sizeof(*options) ? callers->size : sizeof(*options));
    options->size = sizeof(*options);
    return 0;
}

static int check_still(const struct pitether_options *options, struct error *error)
{
    unsigned width = options->still_width, height = options->still_height;
    if (options->max_fps > 0 || options->every > 1 || options->duration_s > 0)
        return error_set(error, -EINVAL, "a still has no max_fps, every and duration_s");
    if ((width || height) && !wire_size_is_good(width, height))
        return error_set(error, -EINVAL,
                         "a still of %ux%u is asked for, and each side must be %d to %d pixels",
                         width, height, WIRE_SIDE_MIN, WIRE_SIDE_MAX);
    if (options->still_quality > 100)
        return error_set(error, -EINVAL, "still_quality is %u, and must be 1 to 100, or 0",
                         options->still_quality);
    return 0;
}

static int check_rate(const struct pitether_options *options, struct error *error)
{
    double fps = options->max_fps;
    if (fps != 0 && !(fps >= 0.001 && fps <= 10000))
        return error_set(error, -EINVAL, "max_fps is %g, and must be 0.001 to 10000, or 0", fps);
    if (fps > 0 && options->every > 1)
        return error_set(error, -EINVAL, "max_fps and every exclude one another");
    if ((unsigned)options->mode > PITETHER_STILL)
        return error_set(error, -EINVAL, "mode %d is not known", (int)options->mode);
    return options->mode == PITETHER_STILL ? check_still(options, error) : 0;
}

static int check_bounds(const struct pitether_options *options, struct error *error)
{
    unsigned frames = options->max_frames;
    if (frames && (frames < FRAMES_MIN || frames > FRAMES_MAX))
        return error_set(error, -EINVAL, "max_frames is %u, and must be %d to %d, or 0", frames,
                         FRAMES_MIN, FRAMES_MAX);
    if (!(options->duration_s >= 0 && options->timeout_s >= 0))
        return error_set(error, -EINVAL, "duration_s and timeout_s must not be negative");
    if (!(options->settle_s >= 0 && options->settle_s <= SETTLE_MAX_S))
        return error_set(error, -EINVAL, "settle_s is %g, and must be 0 to %d", options->settle_s,
                         SETTLE_MAX_S);
    return 0;
}

int receiver_config_read(struct receiver_config *config, const char *address,
                         const struct pitether_options *options, struct error *error)
{
    memset(config, 0, sizeof(*config));
    int result = receiver_address_read(address, &config->address, config->stream, error);
    if (!result)
        result = check_rate(options, error);
    if (!result)
        result = check_bounds(options, error);
    if (!result && options->stream && config->stream[0])
        return error_set(error, -EINVAL,
                         "the address names the stream %s already, so the options must not",
                         config->stream);
    if (!result && options->stream)
        result = read_stream(options->stream, config->stream, error);
    if (result)
        return result;
    config->mode = options->mode;
    config->max_fps_mhz = (uint32_t)lround(options->max_fps * 1000);
    config->every = options->every ? options->every : 1;
    config->duration_s = options->duration_s;
    config->timeout_s = options->timeout_s;
    config->settle_s = options->settle_s;
    config->still_width = options->still_width;
    config->still_height = options->still_height;
    config->still_quality = options->still_quality;
    config->reconnect = !options->no_reconnect;
    config->max_frames = options->max_frames ? options->max_frames : FRAMES_DEFAULT;
    config->max_bytes = options->max_bytes ? options->max_bytes : BYTES_DEFAULT;
    return 0;
}
