#include "device/metrics/stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/clock.h"
#include "shared/base/log.h"

void delivery_totals_add(struct delivery_totals *sum, const struct delivery_totals *one)
{
    sum->delivered += one->delivered;
    sum->bytes += one->bytes;
    for (int i = 0; i < WIRE_DROP_REASONS; i++)
        sum->dropped[i] += one->dropped[i];
}

/* Appends ", 3 SUPERSEDED" for each reason whose count has grown. */
static void list_drops(char *text, size_t size, const uint64_t *now, const uint64_t *last)
{
    size_t used = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < WIRE_DROP_REASONS; i++)
        if (now[i] > last[i] && used < size)
            used += (size_t)snprintf(text + used, size - used, ", %" PRIu64 " %s", now[i] - last[i],
                                     wire_drop_name(i));
}

static void write_line(const char *label, const struct stats_counts *now,
                       const struct stats_counts *last, unsigned watching, double seconds)
{
    char lost[200], dropped[200];
    double encoded = (double)(now->encoder.frames - last->encoder.frames);
    double encode_ms = (double)(now->encoder.encode_ns - last->encoder.encode_ns) / 1e6;
    double kilobytes = (double)(now->encoder.bytes - last->encoder.bytes) / 1e3;
    list_drops(lost, sizeof(lost), now->lost, last->lost);
    list_drops(dropped, sizeof(dropped), now->delivery.dropped, last->delivery.dropped);
    log_info("%s%.1f fps, %.1f ms and %.0f kB a frame%s; %u watching, %.1f fps and %.2f Mbit/s to "
             "all%s",
             label, encoded / seconds, encoded > 0 ? encode_ms / encoded : 0,
             encoded > 0 ? kilobytes / encoded : 0, lost, watching,
             (double)(now->delivery.delivered - last->delivery.delivered) / seconds,
             (double)(now->delivery.bytes - last->delivery.bytes) * 8e-6 / seconds, dropped);
}

bool stats_is_due(const struct stats *stats, unsigned seconds, uint64_t now_ns)
{
    return stats->last_ns == 0 || now_ns - stats->last_ns >= seconds * CLOCK_SECOND;
}

void stats_log(struct stats *stats, const struct stream *stream,
               const struct delivery_totals *present, unsigned watching, uint64_t now_ns)
{
    struct stats_counts now = { .delivery = stats->gone,
                                .encoder = encoder_totals(stream->encoder) };
    memcpy(now.lost, stream->lost, sizeof(now.lost));
    delivery_totals_add(&now.delivery, present);
    if (stats->last_ns)
        write_line(stream->config.label, &now, &stats->last, watching,
                   (double)(now_ns - stats->last_ns) / 1e9);
    stats->last = now;
    stats->last_ns = now_ns;
}
