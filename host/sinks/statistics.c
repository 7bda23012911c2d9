#include "host/sinks/statistics.h"

#include <errno.h>
#include <stdlib.h>

#include "host/report/report.h"

struct statistics {
    struct sink sink;
    struct report *report;
};

static struct report *report_of(struct sink *sink)
{
    return ((struct statistics *)sink)->report;
}

static enum sink_result on_frame(struct sink *sink, const struct pitether_frame *frame)
{
    report_frame(report_of(sink), frame);
    return SINK_TAKEN;
}

static void on_drops(struct sink *sink, const struct pitether_drops *drops)
{
    report_drops(report_of(sink), drops);
}

static void on_presented(struct sink *sink, const struct pitether_frame *frame,
                         const struct sink_presentation *presentation)
{
    report_shown(report_of(sink), frame, presentation->decoded_ns, presentation->shown_ns);
}

static bool close_statistics(struct sink *sink, struct grace *grace, FILE *out)
{
    (void)grace;
    (void)out;
    free(sink);
    return true;
}

static const struct sink_ops ops = {
    .name = "the report",
    .frame = on_frame,
    .drops = on_drops,
    .presented = on_presented,
    .close = close_statistics,
};

static bool is_requested(const struct host_options *options)
{
    (void)options;
    return true;
}

static int open_statistics(const struct sink_setup *setup, unsigned index, struct sink *sinks[],
                           struct error *error)
{
    const struct sink_stream *stream = &setup->streams[index];
    struct statistics *statistics = calloc(1, sizeof(*statistics));
    if (!statistics)
        return error_set(error, -ENOMEM, "out of memory");
    statistics->sink =
        (struct sink){ .ops = &ops, .policy = SINK_OBSERVER, .owner = stream->owner };
    statistics->report = stream->report;
    sinks[index] = &statistics->sink;
    return 0;
}

const struct sink_kind sink_statistics = { .is_requested = is_requested, .open = open_statistics };
