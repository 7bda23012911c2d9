#include "device/streams.h"

#include <stdio.h>
#include <string.h>

#include "device/control_check.h"
#include "shared/base/clock.h"
#include "shared/protocol/wire_streams.h"

/* How long the cameras may take to stop when all clients are gone: a USB camera may need half of
 * it. */
#define CAMERA_STOP_NS (4 * CLOCK_SECOND)

enum exit_code streams_open(struct streams *streams, const struct device_options *options)
{
    enum exit_code code = EXIT_DONE;
    *streams = (struct streams){ .cameras = options->stream_count };
    for (unsigned i = 0; code == EXIT_DONE && i < streams->cameras; i++) {
        if (streams->cameras > 1)
            snprintf(streams->labels[i], sizeof(streams->labels[i]),
                     "%s: ", options->streams[i].name);
        code = source_open(&streams->sources[i], &options->streams[i], streams->labels[i], true);
        if (code == EXIT_DONE)
            code = control_check(&streams->sources[i], streams->labels[i]);
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
        .min_fps = options->fps.min,
    };
}

/* number: of the preview. */
static void name_preview(struct streams *streams, unsigned i, unsigned number,
                         struct stream_config *config)
{
    char *name = streams->preview_names[i], *label = streams->preview_labels[i];
    int size = (int)(WIRE_NAME_MAX - strlen(WIRE_PREVIEW_SUFFIX));
    snprintf(name, sizeof(streams->preview_names[i]), "%.*s" WIRE_PREVIEW_SUFFIX, size,
             config->name);
    snprintf(label, sizeof(streams->preview_labels[i]), "%.*s" WIRE_PREVIEW_SUFFIX ": ", size,
             config->name);
    config->preview.number = number;
    config->preview.name = name;
    config->preview.label = label;
}

enum exit_code streams_start(struct streams *streams, const struct device_options *options)
{
    int error = encode_pool_create(&streams->pool, (unsigned)options->threads);
    streams->count = streams->cameras;
    for (unsigned i = 0; !error && i < streams->cameras; i++) {
        struct source *source = &streams->sources[i];
        struct stream_config config = config_of(&options->streams[i], i, streams->labels[i]);
        if (options->streams[i].preview_size.width)
            name_preview(streams, i, streams->count, &config);
        config.ops = source->ops;
        config.camera = source->camera;
        config.names = &source->names;
        config.controls = source->controls;
        source->camera = NULL;
        error = stream_create(&streams->items[i], &config, streams->pool);
        if (!error && streams->items[i]->preview)
            streams->items[streams->count++] = streams->items[i]->preview;
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
    for (unsigned i = 0; i < streams->cameras; i++)
        if (streams->items[i])
            stream_quit(streams->items[i]);
    for (unsigned i = 0; i < streams->cameras; i++) {
        struct stream *stream = streams->items[i];
        if (!stream || stream_wait(stream, due_ns)) {
            log_encoded(stream);
            log_encoded(stream ? stream->preview : NULL);
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
