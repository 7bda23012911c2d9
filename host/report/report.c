#include "host/report/report.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "host/report/histogram.h"
#include "shared/base/clock.h"

/* In the order of the way; a stage begins where the one before it ends, but for the sums. Encoding,
 * sending and receiving of one frame overlap: what is left of a later one is what it adds. */
enum stage {
    STAGE_CAPTURE,
    STAGE_QUEUE,
    STAGE_ENCODE,
    STAGE_SEND,
    STAGE_NETWORK,
    STAGE_DECODE,
    STAGE_SHOW,
    STAGE_STEPS,
    STAGE_RECEIVED = STAGE_STEPS,
    STAGE_HANDED_OVER,
    STAGE_SHOWN,
    STAGE_SENDING,
    STAGE_RECEIVING,
    STAGES,
};

static const char *const stage_names[STAGES] = {
    "sensor -> handed over",        "handed over -> encode start", "encode start -> end",
    "encode end -> last byte sent", "last byte sent -> received",  "received -> decoded",
    "decoded -> presented",         "sensor -> received",          "handed over -> received",
    "sensor -> presented",          "first -> last byte sent",     "first -> last byte received",
};

/* Rates before so much of the first second is over would be chance. */
#define RATES_AFTER_NS (CLOCK_SECOND / 4)

/* What came in some time. The first frame of all begins the first one, and is not counted in it. */
struct period {
    uint64_t start_ns, frames, bytes;
    struct histogram received, shown; /* since the sensor */
};

struct report {
    pthread_mutex_t lock;
    /* Under lock. */
    struct report_totals totals;
    struct histogram stages[STAGES];
    struct period second, line; /* up to now: the current second, and since the log's last line */
    struct report_rates rates;  /* of the second before */
    bool has_rates;
    uint64_t clock_error_ns;
    uint64_t first_ns, last_ns; /* host times of the first and the last frame */
};

struct report *report_create(void)
{
    struct report *report = calloc(1, sizeof(*report));
    if (!report)
        return NULL;
    pthread_mutex_init(&report->lock, NULL);
    return report;
}

void report_destroy(struct report *report)
{
    if (!report)
        return;
    pthread_mutex_destroy(&report->lock);
    free(report);
}

static int64_t between(uint64_t from, uint64_t to)
{
    return (int64_t)(to - from);
}

static void count_frame(struct period *period, const struct pitether_frame *frame)
{
    if (period->start_ns == 0) {
        period->start_ns = frame->times.last_byte;
        return;
    }
    period->frames++;
    period->bytes += frame->size;
}

void report_frame(struct report *report, const struct pitether_frame *frame)
{
    const struct pitether_times *times = &frame->times;
    pthread_mutex_lock(&report->lock);
    report->totals.captured++;
    report->totals.received++;
    report->totals.bytes += frame->size;
    count_frame(&report->second, frame);
    count_frame(&report->line, frame);
    if (!report->first_ns)
        report->first_ns = times->last_byte;
    report->last_ns = times->last_byte;
    struct histogram *stages = report->stages;
    histogram_add(&stages[STAGE_CAPTURE], between(times->sensor, times->captured));
    histogram_add(&stages[STAGE_QUEUE], between(times->captured, times->encode_start));
    histogram_add(&stages[STAGE_ENCODE], between(times->encode_start, times->encode_end));
    histogram_add(&stages[STAGE_SEND], between(times->encode_end, times->send_end));
    histogram_add(&stages[STAGE_SENDING], between(times->send_start, times->send_end));
    histogram_add(&stages[STAGE_RECEIVING], between(times->first_byte, times->last_byte));
    if (times->offset_known) {
        int64_t age = between(pitether_frame_host_time(frame, times->sensor), times->last_byte);
        report->clock_error_ns = times->error;
        histogram_add(&stages[STAGE_NETWORK],
                      between(pitether_frame_host_time(frame, times->send_end), times->last_byte));
        histogram_add(&stages[STAGE_HANDED_OVER],
                      between(pitether_frame_host_time(frame, times->captured), times->last_byte));
        histogram_add(&stages[STAGE_RECEIVED], age);
        histogram_add(&report->second.received, age);
        histogram_add(&report->line.received, age);
    }
    pthread_mutex_unlock(&report->lock);
}

void report_shown(struct report *report, const struct pitether_frame *frame, uint64_t decoded_ns,
                  uint64_t shown_ns)
{
    pthread_mutex_lock(&report->lock);
    histogram_add(&report->stages[STAGE_DECODE], between(frame->times.last_byte, decoded_ns));
    histogram_add(&report->stages[STAGE_SHOW], between(decoded_ns, shown_ns));
    if (frame->times.offset_known) {
        int64_t age = between(pitether_frame_host_time(frame, frame->times.sensor), shown_ns);
        histogram_add(&report->stages[STAGE_SHOWN], age);
        histogram_add(&report->second.shown, age);
        histogram_add(&report->line.shown, age);
    }
    pthread_mutex_unlock(&report->lock);
}

void report_connected(struct report *report)
{
    pthread_mutex_lock(&report->lock);
    report->totals.connections++;
    pthread_mutex_unlock(&report->lock);
}

void report_damaged(struct report *report)
{
    pthread_mutex_lock(&report->lock);
    report->totals.captured++;
    report->totals.damaged++;
    pthread_mutex_unlock(&report->lock);
}

void report_cut(struct report *report)
{
    pthread_mutex_lock(&report->lock);
    report->totals.cut++;
    pthread_mutex_unlock(&report->lock);
}

void report_drops(struct report *report, const struct wire_drops *drops)
{
    /* A reason that this version doesn't know still counts. */
    unsigned reason = drops->reason < WIRE_DROP_REASONS ? drops->reason : 0;
    pthread_mutex_lock(&report->lock);
    report->totals.captured += drops->count;
    report->totals.dropped[reason] += drops->count;
    pthread_mutex_unlock(&report->lock);
}

void report_missed(struct report *report, uint64_t count)
{
    pthread_mutex_lock(&report->lock);
    report->totals.missed += count;
    pthread_mutex_unlock(&report->lock);
}

void report_unmet(struct report *report, uint64_t count)
{
    pthread_mutex_lock(&report->lock);
    report->totals.unmet += count;
    pthread_mutex_unlock(&report->lock);
}

void report_unsent_due(struct report *report, uint64_t count)
{
    pthread_mutex_lock(&report->lock);
    report->totals.unsent_due += count;
    pthread_mutex_unlock(&report->lock);
}

struct report_totals report_totals(struct report *report)
{
    pthread_mutex_lock(&report->lock);
    struct report_totals totals = report->totals;
    pthread_mutex_unlock(&report->lock);
    return totals;
}

uint64_t report_dropped(const struct report_totals *totals)
{
    uint64_t sum = 0;
    for (int i = 0; i < WIRE_DROP_REASONS; i++)
        sum += totals->dropped[i];
    return sum;
}

static uint64_t age_of(const struct period *period, uint64_t now_ns)
{
    return period->start_ns && now_ns > period->start_ns ? now_ns - period->start_ns : 0;
}

/* Called with the lock. */
static struct report_rates rates_of(const struct report *report, const struct period *period,
                                    uint64_t now_ns)
{
    double seconds = (double)age_of(period, now_ns) / 1e9;
    const struct histogram *age = period->shown.total ? &period->shown : &period->received;
    struct report_rates rates = { .latency_ms = age->total ? histogram_quantile(age, 0.5) : -1,
                                  .clock_error_ms = (double)report->clock_error_ns / 1e6 };
    if (seconds > 0) {
        rates.fps = (double)period->frames / seconds;
        rates.mbit_per_second = (double)period->bytes * 8e-6 / seconds;
    }
    return rates;
}

static void begin_period(struct period *period, uint64_t now_ns)
{
    memset(period, 0, sizeof(*period));
    period->start_ns = now_ns;
}

struct report_rates report_rates(struct report *report, uint64_t now_ns)
{
    pthread_mutex_lock(&report->lock);
    struct period *second = &report->second;
    struct report_rates rates = report->rates;
    if (age_of(second, now_ns) >= CLOCK_SECOND) {
        rates = report->rates = rates_of(report, second, now_ns);
        report->has_rates = true;
        begin_period(second, now_ns);
    } else if (!report->has_rates) {
        rates = age_of(second, now_ns) >= RATES_AFTER_NS
                    ? rates_of(report, second, now_ns)
                    : (struct report_rates){ .latency_ms = -1 };
    }
    pthread_mutex_unlock(&report->lock);
    return rates;
}

static void write_line(struct report *report, const struct report_rates *rates, char *line,
                       size_t size)
{
    struct report_totals totals = report_totals(report);
    char latency[64] = "";
    if (rates->latency_ms >= 0)
        snprintf(latency, sizeof(latency), ", %.1f ms (±%.2f)", rates->latency_ms,
                 rates->clock_error_ms);
    snprintf(line, size, "%" PRIu64 " frames, %.1f fps, %.1f Mbit/s%s, %" PRIu64 " dropped",
             totals.received, rates->fps, rates->mbit_per_second, latency,
             report_dropped(&totals) + totals.damaged);
}

void report_line(struct report *report, uint64_t now_ns, char *line, size_t size)
{
    struct report_rates rates = report_rates(report, now_ns);
    write_line(report, &rates, line, size);
}

void report_log_line(struct report *report, uint64_t now_ns, char *line, size_t size)
{
    pthread_mutex_lock(&report->lock);
    struct report_rates rates = rates_of(report, &report->line, now_ns);
    if (report->line.start_ns)
        begin_period(&report->line, now_ns);
    pthread_mutex_unlock(&report->lock);
    write_line(report, &rates, line, size);
}

static void list_drops(const struct report_totals *totals, FILE *out)
{
    const char *separator = " (";
    for (unsigned i = 0; i < WIRE_DROP_REASONS; i++) {
        if (totals->dropped[i] == 0)
            continue;
        fprintf(out, "%s%" PRIu64 " %s", separator, totals->dropped[i],
                i ? wire_drop_name(i) : "for an unknown reason");
        separator = ", ";
    }
    if (separator[0] == ',')
        fputc(')', out);
}

void report_summary(struct report *report, uint64_t kept, FILE *out)
{
    pthread_mutex_lock(&report->lock);
    struct report_totals totals = report->totals;
    double seconds = (double)(report->last_ns - report->first_ns) / 1e9;
    pthread_mutex_unlock(&report->lock);
    fprintf(out, "%" PRIu64 " captured = %" PRIu64 " received + %" PRIu64 " dropped",
            totals.captured, totals.received, report_dropped(&totals));
    list_drops(&totals, out);
    fprintf(out, " + %" PRIu64 " damaged", totals.damaged);
    if (totals.missed)
        fprintf(out, "; %" PRIu64 " missed between connections", totals.missed);
    if (totals.received > 1 && seconds > 0)
        fprintf(out, "; %.1f fps, %.1f Mbit/s", (double)(totals.received - 1) / seconds,
                (double)totals.bytes * 8e-6 / seconds);
    if (totals.received > kept)
        fprintf(out, "; %" PRIu64 " received after the end", totals.received - kept);
    fputc('\n', out);
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

static void list_stages(const struct histogram *stages, bool bars, FILE *out)
{
    enum { COLUMNS = 40 };
    double begin = 0, end = 0;
    for (int i = 0; i < STAGES; i++)
        end = fmax(end, histogram_quantile(&stages[i], 0.99));
    for (int i = 0; i < STAGE_STEPS; i++)
        begin += histogram_quantile(&stages[i], 0.5);
    double scale = fmax(fmax(begin, end), 0.001) / COLUMNS;
    begin = 0;
    fprintf(out, "  %-28s %9s %9s %9s  (ms)\n", "stage", "p50", "p95", "p99");
    for (int i = 0; i < STAGES; i++) {
        if (stages[i].total == 0)
            continue;
        double quantiles[3] = { histogram_quantile(&stages[i], 0.50),
                                histogram_quantile(&stages[i], 0.95),
                                histogram_quantile(&stages[i], 0.99) };
        fprintf(out, "  %-28s %9.3f %9.3f %9.3f", stage_names[i], quantiles[0], quantiles[1],
                quantiles[2]);
        if (bars)
            draw_bar(quantiles, i < STAGE_STEPS ? begin : 0, scale, out);
        fputc('\n', out);
        begin += quantiles[0];
    }
}

void report_stages(struct report *report, bool bars, FILE *out)
{
    struct report_totals totals = report_totals(report);
    fprintf(out, "%" PRIu64 " received, %" PRIu64 " dropped", totals.received,
            report_dropped(&totals));
    list_drops(&totals, out);
    pthread_mutex_lock(&report->lock);
    fprintf(out, "; clock error ±%.3f ms\n", (double)report->clock_error_ns / 1e6);
    list_stages(report->stages, bars, out);
    pthread_mutex_unlock(&report->lock);
}
