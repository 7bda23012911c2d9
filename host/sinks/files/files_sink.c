#include "host/sinks/files/files_sink.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "host/sinks/files/disk_error.h"
#include "host/sinks/files/files.h"
#include "host/sinks/queue.h"

struct files_sink {
    char directory[PATH_MAX];
    struct files files; /* in directory */
};

static int write_frame(void *state, const struct pitether_frame *frame,
                       const struct sink_details *details)
{
    struct files_sink *sink = state;
    (void)details;
    return files_write(&sink->files, frame);
}

static int close_files(void *state)
{
    struct files_sink *sink = state;
    return files_close(&sink->files);
}

static void summarize(const void *state, const struct sink_totals *totals, FILE *out)
{
    const struct files_sink *sink = state;
    if (!out)
        return;
    fprintf(out, "saved %llu frames (%.1f MB) in %s", (unsigned long long)totals->written,
            (double)totals->bytes / 1e6, sink->directory);
    if (totals->failed)
        fprintf(out, "; %llu could not be saved", (unsigned long long)totals->failed);
    fputc('\n', out);
}

/* Files depend on nothing but this machine, so that waiting for them is worthwhile. */
static const struct sink_writer writer = {
    .name = "--save",
    .log_name = "save",
    .unit = "frame",
    .units = "frames",
    .too_slow =
        "the disk is too slow: some frames are not saved, so that the other sinks get theirs",
    .past_grace = true,
    .write = write_frame,
    .close = close_files,
    .summarize = summarize,
};

/* Makes the folders in path that are above the last one, but for those that end before `from`. 0 or
 * a negative errno. */
static int make_parents(char *path, size_t from)
{
    for (char *slash = path + from; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        int error = mkdir(path, 0777) && errno != EEXIST ? -errno : 0;
        *slash = '/';
        if (error)
            return error;
    }
    return 0;
}

/* place: of several streams, the folder below --save's; or "". */
static int open_folder(struct files_sink *sink, const struct host_options *options,
                       const char *place)
{
    int size = snprintf(sink->directory, sizeof(sink->directory), "%s%s%s", options->save,
                        *place ? "/" : "", place);
    if (size < 0 || (size_t)size >= sizeof(sink->directory))
        return -ENAMETOOLONG;
    int error = *place ? make_parents(sink->directory, strlen(options->save)) : 0;
    return error ? error : files_open(&sink->files, sink->directory, options->name, options->sync);
}

static int open_files(const struct sink_setup *setup, unsigned index, struct sink *sinks[],
                      struct error *error)
{
    const struct sink_stream *stream = &setup->streams[index];
    struct sink_queue_config config = {
        .policy = SINK_EVERY_FRAME,
        .bound = { SINK_QUEUE_FRAMES, SINK_QUEUE_BYTES / setup->count },
    };
    struct files_sink *sink = calloc(1, sizeof(*sink));
    if (!sink)
        return error_set(error, -ENOMEM, "out of memory");
    int result = open_folder(sink, setup->options, stream->place);
    if (result) {
        error_set(error, result, "--save: can't write into %.200s: %s", sink->directory,
                  disk_error_text(result));
        free(sink);
        return result;
    }
    result = sink_queue_start(&sinks[index], &writer, sink, &config, &stream->owner);
    return result
               ? error_set(error, result, "can't start a thread for --save: %s", strerror(-result))
               : 0;
}

static bool is_requested(const struct host_options *options)
{
    return options->save;
}

const struct sink_kind sink_files = { .is_requested = is_requested, .open = open_files };
