#include "shared/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/clock.h"

const char *const log_level_names[] = { "error", "warning", "info", "debug", NULL };

/* How systemd's journal learns a line's level: sd-daemon(3). */
static const char *const journal_levels[] = { "<3>", "<4>", "<6>", "<7>" };

static const char *log_program = "";
static bool log_to_journal; /* which knows the program's name */
static atomic_int log_most = LOG_LEVEL_INFO;
static atomic_bool log_progress;

/* systemd.exec(5): JOURNAL_STREAM names the device and inode that standard error then is. */
static bool is_journal(void)
{
    const char *journal = getenv("JOURNAL_STREAM");
    struct stat status;
    char own[64];
    if (!journal || fstat(STDERR_FILENO, &status))
        return false;
    snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    return strcmp(journal, own) == 0;
}

void log_setup(const char *program, enum log_level most)
{
    log_program = program;
    log_to_journal = is_journal();
    atomic_store(&log_most, (int)most);
}

void log_set_progress(bool shown)
{
    atomic_store(&log_progress, shown);
}

bool log_passes(struct log_limit *limit)
{
    enum { LINES = 20 };
    uint64_t now = clock_monotonic();
    if (limit->begin_ns == 0 || now - limit->begin_ns >= 10 * CLOCK_SECOND) {
        if (limit->held_back > 0)
            log_warning("%u lines like the next one were left out", limit->held_back);
        *limit = (struct log_limit){ .begin_ns = now };
    }
    if (limit->passed == LINES) {
        limit->held_back++;
        return false;
    }
    limit->passed++;
    return true;
}

static int begin_line(char *line, size_t room, enum log_level level)
{
    const char *wipe = atomic_load(&log_progress) ? "\r\033[K" : "";
    if (log_to_journal)
        return snprintf(line, room, "%s", journal_levels[level]);
    return snprintf(line, room, "%s%s: %s: ", wipe, log_program, log_level_names[level]);
}

void log_write(enum log_level level, const char *format, ...)
{
    if ((int)level > atomic_load_explicit(&log_most, memory_order_relaxed))
        return;
    int saved = errno;
    char line[1024];
    int head = begin_line(line, sizeof(line), level);
    va_list arguments;
    va_start(arguments, format);
    int body = vsnprintf(line + head, sizeof(line) - (size_t)head, format, arguments);
    va_end(arguments);
    size_t size = (size_t)head + (body > 0 ? (size_t)body : 0);
    if (size > sizeof(line) - 2)
        size = sizeof(line) - 2;
    line[size++] = '\n';
    /* One write a line, so that lines of several threads and processes stay whole. A log that
     * can't be written has nobody left to tell. */
    ssize_t written = write(STDERR_FILENO, line, size);
    (void)written;
    errno = saved;
}
