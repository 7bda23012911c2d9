#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/blocking.h"
#include "host/sink.h"
#include "shared/log.h"

static int stdout_write(void *state, const struct frame *frame)
{
    size_t done;
    int error = blocking_write(STDOUT_FILENO, frame->data, frame->size, &done);
    (void)state;
    if (error == -EPIPE)
        log_warning("nobody reads standard output any more");
    if (!error || done == 0 || error == -EINTR || error == -EPIPE)
        return error;
    /* Half a JPEG is out: what follows it would be no stream. */
    log_error("stdout: frame %llu was cut off: %s; no more is written",
              (unsigned long long)frame->id, strerror(-error));
    return -EPIPE;
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
