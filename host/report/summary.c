#include "host/report/summary.h"

#include <inttypes.h>
#include <math.h>

static void write_line(const struct report_totals *totals, const struct report_rates *rates,
                       char *line, size_t size)
{
    char latency[64] = "";
    if (rates->latency_ms >= 0)
        snprintf(latency, sizeof(latency), ", %.1f ms (±%.2f)", rates->latency_ms,
                 rates->clock_error_ms);
    snprintf(line, size, "%" PRIu64 " frames, %.1f fps, %.1f Mbit/s%s, %" PRIu64 " dropped",
             totals->received, rates->fps, rates->mbit_per_second, latency,
             report_dropped(totals) + totals->damaged);
}

void summary_rates(const struct summary_stream *streams, unsigned count, uint64_t now_ns,
                   char *line, size_t size)
{
    struct report_rates sum = { .latency_ms = -1 };
    struct report_totals all = { 0 };
    for (unsigned i = 0; i < count; i++) {
        struct report_rates rates = report_rates(streams[i].report, now_ns);
        struct report_totals totals = report_totals(streams[i].report);
        report_totals_add(&all, &totals);
        sum.fps += rates.fps;
        sum.mbit_per_second += rates.mbit_per_second;
        sum.latency_ms = fmax(sum.latency_ms, rates.latency_ms);
        sum.clock_error_ms = fmax(sum.clock_error_ms, rates.clock_error_ms);
    }
    int used = count > 1 ? snprintf(line, size, "%u streams: ", count) : 0;
    if (used >= 0 && (size_t)used < size)
        write_line(&all, &sum, line + used, size - (size_t)used);
}

void summary_log_rates(const struct summary_stream *stream, uint64_t now_ns, char *line,
                       size_t size)
{
    struct report_rates rates = report_rates_since(stream->report, now_ns);
    struct report_totals totals = report_totals(stream->report);
    int used = *stream->label ? snprintf(line, size, "%.100s: ", stream->label) : 0;
    if (used >= 0 && (size_t)used < size)
        write_line(&totals, &rates, line + used, size - (size_t)used);
}

static const char *reason_name(unsigned reason)
{
    switch (reason) {
    case 0:
        return "for an unknown reason";
    case REPORT_NOT_TAKEN:
        return pitether_drop_name(PITETHER_DROP_NOT_TAKEN);
    case REPORT_AFTER_END:
        return pitether_drop_name(PITETHER_DROP_AFTER_END);
    case REPORT_NOT_SETTLED:
        return pitether_drop_name(PITETHER_DROP_NOT_SETTLED);
    default:
        return pitether_drop_name((enum pitether_drop_reason)reason);
    }
}

static void list_drops(const struct report_totals *totals, FILE *out)
{
    const char *separator = " (";
    for (unsigned i = 0; i < REPORT_REASONS; i++) {
        if (totals->dropped[i] == 0)
            continue;
        fprintf(out, "%s%" PRIu64 " %s", separator, totals->dropped[i], reason_name(i));
        separator = ", ";
    }
    if (separator[0] == ',')
        fputc(')', out);
}

/* The first frame of each stream begins its time, and has no rate. */
static void write_totals(const char *label, const struct report_totals *totals, uint64_t kept,
                         unsigned streams, FILE *out)
{
    double seconds = (double)(totals->last_ns - totals->first_ns) / 1e9;
    fprintf(out, "%s%s%" PRIu64 " captured = %" PRIu64 " received + %" PRIu64 " dropped", label,
            *label ? ": " : "", totals->captured, totals->received, report_dropped(totals));
    list_drops(totals, out);
    fprintf(out, " + %" PRIu64 " damaged", totals->damaged);
    if (totals->missed)
        fprintf(out, "; %" PRIu64 " missed between connections", totals->missed);
    if (totals->received > streams && seconds > 0)
        fprintf(out, "; %.1f fps, %.1f Mbit/s", (double)(totals->received - streams) / seconds,
                (double)totals->bytes * 8e-6 / seconds);
    if (totals->received > kept)
        fprintf(out, "; %" PRIu64 " received after the end", totals->received - kept);
    fputc('\n', out);
}

void summary_write(const struct summary_stream *streams, unsigned count, FILE *out)
{
    struct report_totals all = { 0 };
    uint64_t kept = 0;
    for (unsigned i = 0; i < count; i++) {
        struct report_totals totals = report_totals(streams[i].report);
        write_totals(streams[i].label, &totals, streams[i].kept, 1, out);
        report_totals_add(&all, &totals);
        kept += streams[i].kept;
    }
    if (count > 1)
        write_totals("total", &all, kept, count, out);
}

void summary_write_stages(const struct summary_stream *streams, unsigned count, bool bars,
                          FILE *out)
{
    for (unsigned i = 0; i < count; i++) {
        struct report_totals totals = report_totals(streams[i].report);
        fprintf(out, "%s%s%" PRIu64 " received, %" PRIu64 " dropped", streams[i].label,
                *streams[i].label ? ": " : "", totals.received, report_dropped(&totals));
        list_drops(&totals, out);
        fprintf(out, "; clock error ±%.3f ms\n", (double)totals.clock_error_ns / 1e6);
        report_stages(streams[i].report, bars, out);
    }
}
