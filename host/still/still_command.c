#include "host/still/still_command.h"

#include <errno.h>
#include <stdio.h>

#include "host/base/quiet_log.h"
#include "host/sinks/files/disk_error.h"
#include "host/sinks/files/replace_file.h"
#include "host/still/still.h"
#include "shared/base/log.h"
#include "shared/base/signals.h"

static enum exit_code fail_to_write(const char *path, int error)
{
    log_error("--still: can't write %.300s: %s", path, disk_error_text(error));
    return EXIT_SINK;
}

/* A signal comes before it or after it. */
static enum exit_code save(const char *path, const struct pitether_frame *frame)
{
    char text[STILL_TEXT_SIZE];
    signals_block(true);
    int error = replace_file(path, frame->data, frame->size);
    signals_block(false);
    if (error)
        return fail_to_write(path, error);
    still_describe(frame, text);
    printf("%s: %s\n", path, text);
    return EXIT_DONE;
}

enum exit_code still_command_run(const struct host_options *options)
{
    struct pitether_options requested = PITETHER_OPTIONS_INIT;
    struct pitether_error error;
    struct still still;
    requested.mode = PITETHER_STILL;
    requested.stream = options->stream;
    requested.keys_file = options->keys;
    requested.timeout_s = options->timeout;
    requested.settle_s = options->settle;
    requested.no_reconnect = options->no_reconnect;
    requested.still_width = options->size.width;
    requested.still_height = options->size.height;
    requested.still_quality = (unsigned)options->quality;
    requested.log = quiet_log;
    /* Others' stream need not pause for a picture that nobody gets. */
    int unwritable = replace_file_check(options->still);
    if (unwritable)
        return fail_to_write(options->still, unwritable);
    struct pitether *receiver = pitether_open(options->addresses.items[0], &requested, &error);
    if (!receiver) {
        log_error("%s", error.text);
        return error.code == -ENOMEM ? EXIT_SYSTEM : EXIT_USAGE;
    }
    enum exit_code code = still_wait(receiver, &still);
    if (code)
        log_error("%s", still.error.text);
    else
        code = save(options->still, still.frame);
    pitether_frame_release(still.frame);
    pitether_close(&receiver);
    return code;
}
