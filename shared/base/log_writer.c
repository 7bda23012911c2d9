#include "shared/base/log_writer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/clock.h"
#include "shared/base/log_line.h"
#include "shared/base/log_queue.h"

/* What could not be written for this long is given up when the program ends. */
#define FLUSH_NS CLOCK_SECOND

/* Returns to the beginning of the terminal's line and clears it. */
static const char wipe[] = "\r\033[K";

static struct {
    pthread_once_t once;
    bool threaded; /* false: the thread could not be started */

    pthread_mutex_t lock;
    pthread_cond_t changed; /* for the thread */
    pthread_cond_t written;
    /* Under lock. */
    struct log_queue queue;
    char progress[LOG_WRITER_PROGRESS_MAX];
    bool redraw;     /* the progress is not what is on the terminal */
    bool drawn;      /* there is a progress on the terminal */
    bool writing;    /* the thread is in write() */
    bool broken;     /* the last write failed: the next one waits for a new line */
    uint64_t writes; /* by the thread */
} out = { .once = PTHREAD_ONCE_INIT,
          .lock = PTHREAD_MUTEX_INITIALIZER,
          .changed = PTHREAD_COND_INITIALIZER };

/* Another process may have made the descriptor non-blocking: then this waits for it. */
static bool write_whole(const char *text, size_t size)
{
    struct pollfd stderr_ready = { .fd = STDERR_FILENO, .events = POLLOUT };
    while (size > 0) {
        ssize_t written = write(STDERR_FILENO, text, size);
        if (written < 0 && errno == EAGAIN && poll(&stderr_ready, 1, -1) >= 0)
            continue;
        if (written < 0 && errno != EINTR)
            return false;
        text += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

static size_t loss_line(char *line, uint64_t lost)
{
    size_t head = log_line_begin(line, LOG_LEVEL_WARNING);
    return head +
           (size_t)snprintf(line + head, LOG_LINE_MAX - head,
                            "lines missing here because they could not be written in time: %ju\n",
                            (uintmax_t)lost);
}

/* Something to write. */
struct item {
    enum { ITEM_NONE, ITEM_LINE, ITEM_LOSS, ITEM_PROGRESS } kind;
    size_t size;
    uint64_t lost;                                      /* what an ITEM_LOSS reports */
    char text[sizeof(wipe) - 1 + (size_t)LOG_LINE_MAX]; /* begins with space for the wipe */
};

/* With the lock. */
static void choose_item(struct item *item)
{
    char *line = item->text + sizeof(wipe) - 1;
    item->kind = ITEM_NONE;
    if (out.broken && out.queue.used == 0)
        return;
    item->lost = log_queue_take_loss(&out.queue);
    if (item->lost > 0) {
        item->kind = ITEM_LOSS;
        item->size = loss_line(line, item->lost);
    } else if ((item->size = log_queue_take(&out.queue, line)) > 0) {
        item->kind = ITEM_LINE;
    } else if (out.redraw) {
        item->kind = ITEM_PROGRESS;
        item->size = strlen(out.progress);
        memcpy(line, out.progress, item->size);
    }
}

/* With the lock. Drops the next line together with a failed report of lost ones: otherwise, while
 * nothing can be written, the same report would be tried for ever. */
static void lose_item(struct item *item)
{
    uint64_t lost = item->kind == ITEM_LINE;
    if (item->kind == ITEM_LOSS)
        lost = item->lost + (log_queue_take(&out.queue, item->text) > 0);
    if (lost > 0)
        log_queue_lose(&out.queue, lost);
}

/* With the lock, which is released while it writes. */
static void write_item(struct item *item)
{
    size_t skipped = out.drawn ? 0 : sizeof(wipe) - 1;
    memcpy(item->text, wipe, sizeof(wipe) - 1);
    /* A line clears the progress, which is then drawn again below it. */
    out.redraw = item->kind != ITEM_PROGRESS && out.progress[0];
    out.drawn = item->kind == ITEM_PROGRESS && out.progress[0];
    out.writing = true;
    pthread_mutex_unlock(&out.lock);
    bool good = write_whole(item->text + skipped, sizeof(wipe) - 1 - skipped + item->size);
    pthread_mutex_lock(&out.lock);
    out.writing = false;
    out.broken = !good;
    out.writes++;
    if (!good)
        lose_item(item);
    pthread_cond_broadcast(&out.written);
}

static void *run(void *unused)
{
    static struct item item;
    pthread_mutex_lock(&out.lock);
    for (;;) {
        choose_item(&item);
        if (item.kind == ITEM_NONE)
            pthread_cond_wait(&out.changed, &out.lock);
        else
            write_item(&item);
    }
    return unused;
}

/* The thread blocks all signals: they are for other threads. */
static void start(void)
{
    pthread_condattr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&out.written, &attributes);
    pthread_condattr_destroy(&attributes);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    out.threaded = pthread_create(&thread, NULL, run, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!out.threaded)
        return;
    pthread_setname_np(thread, "log");
    pthread_detach(thread);
    atexit(log_writer_flush);
}

static bool has_thread(void)
{
    pthread_once(&out.once, start);
    return out.threaded;
}

/* With the lock, without a thread: writes what standard error takes at once. */
static void write_at_once(const char *line, size_t size)
{
    char notice[LOG_LINE_MAX];
    struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
    bool writes = poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT);
    uint64_t lost = writes ? log_queue_take_loss(&out.queue) : 0;
    if (lost > 0 && !write_whole(notice, loss_line(notice, lost)))
        log_queue_lose(&out.queue, lost);
    if (!writes || !write_whole(line, size))
        log_queue_lose(&out.queue, 1);
}

void log_writer_put(const char *line, size_t size)
{
    int saved = errno;
    bool threaded = has_thread();
    pthread_mutex_lock(&out.lock);
    if (threaded) {
        out.broken = false;
        log_queue_put(&out.queue, line, size);
        pthread_cond_signal(&out.changed);
    } else {
        write_at_once(line, size);
    }
    pthread_mutex_unlock(&out.lock);
    errno = saved;
}

void log_writer_progress(const char *line)
{
    if (!has_thread())
        return;
    pthread_mutex_lock(&out.lock);
    snprintf(out.progress, sizeof(out.progress), "%s", line);
    out.redraw = true;
    pthread_cond_signal(&out.changed);
    pthread_mutex_unlock(&out.lock);
}

/* With the lock. */
static bool is_busy(void)
{
    return out.writing || (!out.broken && (out.redraw || out.queue.used > 0 || out.queue.lost > 0));
}

void log_writer_flush(void)
{
    if (!has_thread())
        return;
    pthread_mutex_lock(&out.lock);
    uint64_t writes;
    do {
        struct timespec due = clock_timespec(clock_monotonic() + FLUSH_NS);
        writes = out.writes;
        while (is_busy() && writes == out.writes &&
               pthread_cond_timedwait(&out.written, &out.lock, &due) != ETIMEDOUT)
            ;
    } while (is_busy() && writes != out.writes);
    pthread_mutex_unlock(&out.lock);
}
