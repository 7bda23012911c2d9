#include "host/report/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/base/text.h"

#define DRAW_EVERY_NS (CLOCK_SECOND / 2)
#define LOG_EVERY_NS (10 * CLOCK_SECOND)
#define LOG_LAST_NS CLOCK_SECOND

/* A line that wraps could not be wiped. */
static void cut_to_terminal(char *line)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 &&
        strlen(line) >= size.ws_col) {
        line[size.ws_col - 1] = '\0';
        text_trim(line);
    }
}

static void log_rates(struct progress *progress, const struct summary_stream *streams,
                      unsigned count, uint64_t now_ns)
{
    char line[PROGRESS_LINE_MAX];
    for (unsigned i = 0; i < count; i++) {
        summary_log_rates(&streams[i], now_ns, line, sizeof(line));
        log_info("%s", line);
    }
    progress->logged_ns = now_ns;
}

static void draw(struct progress *progress, const struct summary_stream *streams, unsigned count,
                 uint64_t now_ns)
{
    char line[PROGRESS_LINE_MAX];
    summary_rates(streams, count, now_ns, line, sizeof(line));
    cut_to_terminal(line);
    progress->still = strcmp(line, progress->drawn) == 0;
    if (!progress->still)
        log_progress(line);
    strcpy(progress->drawn, line);
    progress->drawn_ns = now_ns;
}

uint64_t progress_due(const struct progress *progress)
{
    uint64_t due = UINT64_MAX;
    if (progress->draws && !progress->still)
        due = progress->drawn_ns + DRAW_EVERY_NS;
    if (progress->logs && progress->logged_ns + LOG_EVERY_NS < due)
        due = progress->logged_ns + LOG_EVERY_NS;
    return due;
}

void progress_show(struct progress *progress, const struct summary_stream *streams, unsigned count,
                   uint64_t now_ns)
{
    if (progress->draws && now_ns - progress->drawn_ns >= DRAW_EVERY_NS)
        draw(progress, streams, count, now_ns);
    if (progress->logged_ns == 0)
        progress->logged_ns = now_ns;
    if (progress->logs && now_ns - progress->logged_ns >= LOG_EVERY_NS)
        log_rates(progress, streams, count, now_ns);
}

void progress_end(struct progress *progress, const struct summary_stream *streams, unsigned count,
                  uint64_t now_ns)
{
    if (progress->draws)
        log_progress("");
    if (progress->logs && progress->logged_ns && now_ns - progress->logged_ns >= LOG_LAST_NS)
        log_rates(progress, streams, count, now_ns);
}
