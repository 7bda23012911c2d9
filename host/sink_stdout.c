#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/blocking.h"
#include "host/sink.h"
#include "shared/log.h"

/* Half a JPEG is out: what follows it would be no stream. */
static int cut_off(const struct frame *frame, int error)
{
    log_error("stdout: frame %llu was cut off: %s", (unsigned long long)frame->id, strerror(error));
    return -EPIPE;
}

static int stdout_write(void *state, const struct frame *frame)
{
    (void)state;
    for (size_t done = 0; done < frame->size;) {
        if (blocking_abandoned())
            return -EINTR;
        ssize_t written = write(STDOUT_FILENO, frame->data + done, frame->size - done);
        if (written >= 0)
            done += (size_t)written;
        else if (errno == EPIPE)
            return -EPIPE;
        else if (errno == EAGAIN) /* some program that shares it has made it non-blocking */
            poll(&(struct pollfd){ STDOUT_FILENO, POLLOUT, 0 }, 1, -1);
        else if (errno != EINTR)
            return done == 0 ? -errno : cut_off(frame, errno);
    }
    return 0;
}

static int stdout_close(void *state)
{
    (void)state;
    return 0;
}

const struct sink_ops sink_stdout = { "stdout", stdout_write, stdout_close };

int sink_stdout_create(void **state, char *error)
{
    *state = NULL;
    if (!isatty(STDOUT_FILENO))
        return 0;
    snprintf(
        error, SINK_ERROR_MAX,
        "--stdout: this is a terminal; pipe it, e.g. pitether --stdout HOST | ffplay -f mjpeg -");
    return -EINVAL;
}
