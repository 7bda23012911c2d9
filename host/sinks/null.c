#include "host/sinks/null.h"

#include <errno.h>
#include <stdlib.h>

static enum sink_result null_frame(struct sink *sink, const struct pitether_frame *frame)
{
    (void)sink;
    (void)frame;
    return SINK_TAKEN;
}

static bool null_close(struct sink *sink, struct grace *grace, FILE *out)
{
    (void)grace;
    (void)out;
    free(sink);
    return true;
}

static const struct sink_ops ops = { .name = "--null", .frame = null_frame, .close = null_close };

static bool is_requested(const struct host_options *options)
{
    return options->null;
}

static int open_null(const struct sink_setup *setup, unsigned index, struct sink *sinks[],
                     struct error *error)
{
    struct sink *sink = sinks[index] = malloc(sizeof(*sink));
    if (!sink)
        return error_set(error, -ENOMEM, "out of memory");
    *sink = (struct sink){ .ops = &ops,
                           .policy = SINK_EVERY_FRAME,
                           .owner = setup->streams[index].owner };
    return 0;
}

const struct sink_kind sink_null = { .is_requested = is_requested, .open = open_null };
