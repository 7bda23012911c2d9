#include "shared/base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

#include "shared/base/clock.h"
#include "shared/base/log_queue.h"
#include "shared/base/log_writer.h"
#include "shared/base/text.h"

static atomic_int max_level = LOG_LEVEL_INFO;

static _Thread_local const struct log_handler *thread_handler;

void log_setup(const char *program, enum log_level max)
{
    log_line_setup(program);
    atomic_store(&max_level, (int)max);
}

const struct log_handler *log_set_handler(const struct log_handler *handler)
{
    const struct log_handler *before = thread_handler;
    thread_handler = handler;
    return before;
}

static void hand_over(const struct log_handler *handler, enum log_level level, char *line)
{
    int saved = errno;
    text_trim(line);
    if (handler->write)
        handler->write(handler->user, level, line);
    errno = saved;
}

void log_write(enum log_level level, const char *format, ...)
{
    const struct log_handler *handler = thread_handler;
    if (!handler && (int)level > atomic_load_explicit(&max_level, memory_order_relaxed))
        return;
    char line[LOG_LINE_MAX];
    size_t size = handler ? 0 : log_line_begin(line, level);
    va_list arguments;
    va_start(arguments, format);
    int body = vsnprintf(line + size, sizeof(line) - size, format, arguments);
    va_end(arguments);
    if (handler) {
        hand_over(handler, level, line);
        return;
    }
    size += body > 0 ? (size_t)body : 0;
    if (size > sizeof(line) - 2)
        size = sizeof(line) - 2;
    line[size++] = '\n';
    log_writer_put(line, size);
}

/* For log_stream(): whole lines, or a part that has filled its buffer. */
static ssize_t put_text(void *unused, const char *text, size_t size)
{
    (void)unused;
    for (size_t at = 0; at < size;) {
        size_t part = size - at < LOG_LINE_MAX ? size - at : LOG_LINE_MAX;
        log_writer_put(text + at, part);
        at += part;
    }
    return (ssize_t)size;
}

static FILE *text_stream;

static void open_stream(void)
{
    static char buffer[LOG_LINE_MAX];
    text_stream = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = put_text });
    if (text_stream)
        setvbuf(text_stream, buffer, _IOLBF, sizeof(buffer));
}

FILE *log_stream(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, open_stream);
    return text_stream ? text_stream : stderr;
}

void log_progress(const char *line)
{
    log_writer_progress(line);
}

void log_flush(void)
{
    log_writer_flush();
}

bool log_passes(struct log_limit *limit)
{
    enum { LINES = 20 };
    uint64_t now = clock_monotonic();
    if (limit->begin_ns == 0 || now - limit->begin_ns >= 10 * CLOCK_SECOND) {
        if (limit->suppressed > 0)
            log_warning("%u lines like the next one were suppressed", limit->suppressed);
        *limit = (struct log_limit){ .begin_ns = now };
    }
    if (limit->passed == LINES) {
        limit->suppressed++;
        return false;
    }
    limit->passed++;
    return true;
}
