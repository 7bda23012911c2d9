#include "host/report/report.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "host/report/histogram.h"
#include "host/report/stages.h"
#include "shared/base/clock.h"

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
    struct stages stages;
    struct period second, line; /* up to now: the current second, and since the log's last line */
    struct report_rates rates;  /* of the second before */
    bool has_rates;
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
    struct report_totals *totals = &report->totals;
    pthread_mutex_lock(&report->lock);
    totals->captured++;
    totals->received++;
    totals->bytes += frame->size;
    count_frame(&report->second, frame);
    count_frame(&report->line, frame);
    if (!totals->first_ns)
        totals->first_ns = times->last_byte;
    totals->last_ns = times->last_byte;
    stages_frame(&report->stages, frame);
    if (times->offset_known) {
        int64_t age = frame_age_at(frame, times->last_byte);
        totals->clock_error_ns = times->error;
        histogram_add(&report->second.received, age);
        histogram_add(&report->line.received, age);
    }
    pthread_mutex_unlock(&report->lock);
}

void report_shown(struct report *report, const struct pitether_frame *frame, uint64_t decoded_ns,
                  uint64_t shown_ns)
{
    pthread_mutex_lock(&report->lock);
    stages_shown(&report->stages, frame, decoded_ns, shown_ns);
    if (frame->times.offset_known) {
        int64_t age = frame_age_at(frame, shown_ns);
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

/* Under the lock. */
static void count_drops(struct report_totals *totals, const struct pitether_drops *drops)
{
    switch (drops->reason) {
    case PITETHER_DROP_MISSED:
        totals->missed += drops->count;
        return;
    case PITETHER_DROP_CUT:
        totals->cut += drops->count;
        totals->damaged += drops->count;
        break;
    case PITETHER_DROP_DAMAGED:
        totals->damaged += drops->count;
        break;
    case PITETHER_DROP_NOT_TAKEN:
        totals->dropped[REPORT_NOT_TAKEN] += drops->count;
        break;
    case PITETHER_DROP_AFTER_END:
        totals->dropped[REPORT_AFTER_END] += drops->count;
        break;
    case PITETHER_DROP_NOT_SETTLED:
        totals->dropped[REPORT_NOT_SETTLED] += drops->count;
        break;
    default:
        /* A reason that this version does not know still counts. */
        totals->dropped[drops->reason <= PITETHER_DROP_MODE_SWITCH ? drops->reason : 0] +=
            drops->count;
        if (drops->reason == PITETHER_DROP_UNSENT)
            totals->unsent_due += drops->overdue;
    }
    totals->captured += drops->count;
}

void report_drops(struct report *report, const struct pitether_drops *drops)
{
    pthread_mutex_lock(&report->lock);
    count_drops(&report->totals, drops);
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
    for (int i = 0; i < REPORT_REASONS; i++)
        sum += totals->dropped[i];
    return sum;
}

void report_totals_add(struct report_totals *sum, const struct report_totals *totals)
{
    sum->captured += totals->captured;
    sum->received += totals->received;
    sum->damaged += totals->damaged;
    sum->bytes += totals->bytes;
    for (int i = 0; i < REPORT_REASONS; i++)
        sum->dropped[i] += totals->dropped[i];
    sum->cut += totals->cut;
    sum->unsent_due += totals->unsent_due;
    sum->missed += totals->missed;
    sum->connections += totals->connections;
    if (totals->first_ns && (!sum->first_ns || totals->first_ns < sum->first_ns))
        sum->first_ns = totals->first_ns;
    if (totals->last_ns > sum->last_ns)
        sum->last_ns = totals->last_ns;
    if (totals->clock_error_ns > sum->clock_error_ns)
        sum->clock_error_ns = totals->clock_error_ns;
}

static uint64_t age_of(const struct period *period, uint64_t now_ns)
{
    return period->start_ns && now_ns > period->start_ns ? now_ns - period->start_ns : 0;
}

/* Under the lock. */
static struct report_rates rates_of(const struct report *report, const struct period *period,
                                    uint64_t now_ns)
{
    double seconds = (double)age_of(period, now_ns) / 1e9;
    const struct histogram *age = period->shown.total ? &period->shown : &period->received;
    struct report_rates rates = { .latency_ms = age->total ? histogram_quantile(age, 0.5) : -1,
                                  .clock_error_ms = (double)report->totals.clock_error_ns / 1e6 };
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

struct report_rates report_rates_since(struct report *report, uint64_t now_ns)
{
    pthread_mutex_lock(&report->lock);
    struct report_rates rates = rates_of(report, &report->line, now_ns);
    if (report->line.start_ns)
        begin_period(&report->line, now_ns);
    pthread_mutex_unlock(&report->lock);
    return rates;
}

void report_stages(struct report *report, bool bars, FILE *out)
{
    pthread_mutex_lock(&report->lock);
    stages_list(&report->stages, bars, out);
    pthread_mutex_unlock(&report->lock);
}
