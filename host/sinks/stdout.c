/*
 * --stdout: the JPEGs one after the other.
 *
 * A reader that falls behind gets frames that are as old as what the pipe buffers. So a live pipe
 * is made as small as possible: with one page it holds a part of one frame only, and poll() reports
 * it as writable once the reader has emptied it. The next frame is chosen then. (A write of 100 kB
 * wakes the reader some 25 times instead of twice: at most 0.3 ms more of a processor's time.)
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/base/cancellable.h"
#include "host/sinks/files/disk_error.h"
#include "host/sinks/queue.h"
#include "host/sinks/stdout.h"
#include "shared/base/log.h"

/* Of pipe and socket the kernel keeps at least a page and 4.5 kB. */
enum { PIPE_BYTES = 1, SOCKET_BYTES = 1, UNSENT_BYTES = 16 * 1024 };

/* Standard output may be something else, e.g. a file: then nothing is done. */
static void shrink_buffer(void)
{
    int domain = AF_UNSPEC, bytes = SOCKET_BYTES, unsent = UNSENT_BYTES;
    socklen_t size = sizeof(domain);
    fcntl(STDOUT_FILENO, F_SETPIPE_SZ, PIPE_BYTES);
    if (getsockopt(STDOUT_FILENO, SOL_SOCKET, SO_DOMAIN, &domain, &size))
        return;
    if (domain == AF_UNIX)
        setsockopt(STDOUT_FILENO, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    else /* a small buffer would slow it down; its other end is not ours to configure */
        setsockopt(STDOUT_FILENO, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
}

static int stdout_wait(void *state)
{
    struct pollfd ready = { .fd = STDOUT_FILENO, .events = POLLOUT };
    (void)state;
    while (!cancellable_abandoned())
        if (poll(&ready, 1, -1) >= 0 || errno != EINTR)
            return 0; /* write() finds out what is wrong */
    return -EINTR;
}

static int stdout_write(void *state, const struct pitether_frame *frame,
                        const struct sink_details *details)
{
    size_t done;
    int error = cancellable_write(STDOUT_FILENO, frame->data, frame->size, &done);
    (void)state;
    (void)details;
    if (error == -EPIPE) {
        log_warning("the reader of standard output has closed it");
        return -ESHUTDOWN;
    }
    if (!error || done == 0 || error == -EINTR)
        return error;
    /* Part of a JPEG was written: nothing that follows it could be decoded. */
    log_error("stdout: frame %llu was cut off: %s; no more is written",
              (unsigned long long)frame->id, disk_error_text(error));
    return -ESHUTDOWN;
}

static void stdout_summarize(const void *state, const struct sink_totals *totals, FILE *out)
{
    (void)state;
    if (!out)
        return;
    fprintf(out, "wrote %llu frames to standard output", (unsigned long long)totals->written);
    if (totals->passed_over)
        fprintf(out, " and passed over %llu for newer ones",
                (unsigned long long)totals->passed_over);
    fprintf(out, "; %llu were not taken\n", (unsigned long long)totals->failed);
}

static const struct sink_writer writer = {
    .name = "standard output",
    .log_name = "stdout",
    .unit = "frame",
    .units = "frames",
    .too_slow = "its reader is too slow: it misses frames, so that the other sinks get theirs",
    .wait = stdout_wait,
    .write = stdout_write,
    .summarize = stdout_summarize,
};

static bool is_requested(const struct host_options *options)
{
    return options->to_stdout;
}

static int open_stdout(const struct sink_setup *setup, unsigned index, struct sink *sinks[],
                       struct error *error)
{
    static const struct sink_queue_config every = { SINK_EVERY_FRAME,
                                                    { SINK_QUEUE_FRAMES, SINK_QUEUE_BYTES },
                                                    .batch = 1 };
    static const struct sink_queue_config newest = { SINK_NEWEST, { 2, 0 }, .batch = 1 };
    bool live = !setup->options->lossless;
    if (isatty(STDOUT_FILENO))
        return error_set(error, -EINVAL,
                         "--stdout: this is a terminal; pipe it, e.g. pitether --stdout HOST | "
                         "ffplay -f mjpeg -");
    if (live)
        shrink_buffer();
    int result = sink_queue_start(&sinks[index], &writer, NULL, live ? &newest : &every,
                                  &setup->streams[index].owner);
    return result ? error_set(error, result, "can't start a thread for --stdout: %s",
                              strerror(-result))
                  : 0;
}

const struct sink_kind sink_stdout = { .is_requested = is_requested, .open = open_stdout };
