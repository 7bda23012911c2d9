#include "device/streams.h"

#include <stdio.h>

#include "shared/base/clock.h"

/* How long the cameras may take to stop when all clients are gone: a USB camera may need half of
 * it. */
#define CAMERA_STOP_NS (4 * CLOCK_SECOND)

enum exit_code streams_open(struct streams *streams, const struct device_options *options)
{
    enum exit_code code = EXIT_DONE;
    *streams = (struct streams){ .count = options->stream_count };
    for (unsigned i = 0; code == EXIT_DONE && i < streams->count; i++) {
        if (streams->count > 1)
            snprintf(streams->labels[i], sizeof(streams->labels[i]),
                     "%s: ", options->streams[i].name);
        code = source_open(&streams->sources[i], &options->streams[i], streams->labels[i]);
    }
    return code;
}

static struct stream_config config_of(const struct stream_options *options, unsigned number,
                                      const char *label)
{
    int min_quality = options->min_quality, quality = options->quality;
    return (struct stream_config){
        .number = number,
        .name = options->name,
        .label = label,
        .source = source_shown(options->source),
        .encoder = { .label = label,
                     .slices = (unsigned)options->slices,
                     .quality = quality,
                     .min_quality = min_quality < quality ? min_quality : quality,
                     .bits_per_second = options->bitrate,
                     .blocking = options->unpaced },
        .frame_limit = options->frames,
        .always_on = options->always_on,
        .adaptive = options->adaptive,
    };
}

enum exit_code streams_start(struct streams *streams, const struct device_options *options)
{
    int error = encode_pool_create(&streams->pool, (unsigned)options->threads);
    for (unsigned i = 0; !error && i < streams->count; i++) {
        struct source *source = &streams->sources[i];
        struct stream_config config = config_of(&options->streams[i], i, streams->labels[i]);
        config.ops = source->ops;
        config.camera = source->camera;
        config.names = &source->names;
        source->camera = NULL;
        error = stream_create(&streams->items[i], &config, streams->pool);
    }
    return error ? exit_unable("start the threads of the encoder and the cameras", error)
                 : EXIT_DONE;
}

/* stream: NULL is fine. */
static void log_encoded(const struct stream *stream)
{
    if (stream)
        log_debug("%sframes encoded: %llu", stream->config.label,
                  (unsigned long long)encoder_totals(stream->encoder).frames);
}

enum exit_code streams_close(struct streams *streams)
{
    enum exit_code code = EXIT_DONE;
    uint64_t due_ns = clock_monotonic() + CAMERA_STOP_NS;
    for (unsigned i = 0; i < streams->count; i++)
        if (streams->items[i])
            stream_quit(streams->items[i]);
    for (unsigned i = 0; i < streams->count; i++) {
        struct stream *stream = streams->items[i];
        if (!stream || stream_wait(stream, due_ns)) {
            log_encoded(stream);
            stream_destroy(&streams->items[i]);
            source_close(&streams->sources[i]);
            continue;
        }
        log_error("%sthe camera hangs: leaving it as it is", stream->config.label);
        code = EXIT_CAMERA;
    }
    if (code == EXIT_DONE)
        encode_pool_destroy(&streams->pool);
    return code;
}
