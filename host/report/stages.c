#include "host/report/stages.h"

#include <math.h>

static const char *const stage_names[STAGES] = {
    "sensor -> handed over",        "handed over -> encode start", "encode start -> end",
    "encode end -> last byte sent", "last byte sent -> received",  "received -> decoded",
    "decoded -> presented",         "sensor -> received",          "handed over -> received",
    "sensor -> presented",          "first -> last byte sent",     "first -> last byte received",
};

static int64_t between(uint64_t from, uint64_t to)
{
    return (int64_t)(to - from);
}

int64_t frame_age_at(const struct pitether_frame *frame, uint64_t host_ns)
{
    return between(pitether_frame_host_time(frame, frame->times.sensor), host_ns);
}

void stages_frame(struct stages *stages, const struct pitether_frame *frame)
{
    const struct pitether_times *times = &frame->times;
    struct histogram *stage = stages->stage;
    histogram_add(&stage[STAGE_CAPTURE], between(times->sensor, times->captured));
    histogram_add(&stage[STAGE_QUEUE], between(times->captured, times->encode_start));
    histogram_add(&stage[STAGE_ENCODE], between(times->encode_start, times->encode_end));
    histogram_add(&stage[STAGE_SEND], between(times->encode_end, times->send_end));
    histogram_add(&stage[STAGE_SENDING], between(times->send_start, times->send_end));
    histogram_add(&stage[STAGE_RECEIVING], between(times->first_byte, times->last_byte));
    if (!times->offset_known)
        return;
    histogram_add(&stage[STAGE_NETWORK],
                  between(pitether_frame_host_time(frame, times->send_end), times->last_byte));
    histogram_add(&stage[STAGE_HANDED_OVER],
                  between(pitether_frame_host_time(frame, times->captured), times->last_byte));
    histogram_add(&stage[STAGE_RECEIVED], frame_age_at(frame, times->last_byte));
}

void stages_shown(struct stages *stages, const struct pitether_frame *frame, uint64_t decoded_ns,
                  uint64_t shown_ns)
{
    histogram_add(&stages->stage[STAGE_DECODE], between(frame->times.last_byte, decoded_ns));
    histogram_add(&stages->stage[STAGE_SHOW], between(decoded_ns, shown_ns));
    if (frame->times.offset_known)
        histogram_add(&stages->stage[STAGE_SHOWN], frame_age_at(frame, shown_ns));
}

/* A bar of p50 (#), p95 (=) and p99 (-), `scale` ms a column, that begins at `begin` ms. */
static void draw_bar(const double *quantiles, double begin, double scale, FILE *out)
{
    static const char marks[] = "#=-";
    int column = (int)(begin / scale);
    fprintf(out, "  |%*s", column, "");
    for (int i = 0; i < 3; i++)
        for (; column < (int)((begin + quantiles[i]) / scale + 0.5); column++)
            fputc(marks[i], out);
}

void stages_list(const struct stages *stages, bool bars, FILE *out)
{
    enum { COLUMNS = 40 };
    double begin = 0, end = 0;
    for (int i = 0; i < STAGES; i++)
        end = fmax(end, histogram_quantile(&stages->stage[i], 0.99));
    for (int i = 0; i < STAGE_STEPS; i++)
        begin += histogram_quantile(&stages->stage[i], 0.5);
    double scale = fmax(fmax(begin, end), 0.001) / COLUMNS;
    begin = 0;
    fprintf(out, "  %-28s %9s %9s %9s  (ms)\n", "stage", "p50", "p95", "p99");
    for (int i = 0; i < STAGES; i++) {
        if (stages->stage[i].total == 0)
            continue;
        double quantiles[3] = { histogram_quantile(&stages->stage[i], 0.50),
                                histogram_quantile(&stages->stage[i], 0.95),
                                histogram_quantile(&stages->stage[i], 0.99) };
        fprintf(out, "  %-28s %9.3f %9.3f %9.3f", stage_names[i], quantiles[0], quantiles[1],
                quantiles[2]);
        if (bars)
            draw_bar(quantiles, i < STAGE_STEPS ? begin : 0, scale, out);
        fputc('\n', out);
        begin += quantiles[0];
    }
}
