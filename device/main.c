/*
 * pitetherd: puts the parts together, and takes them apart again.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "device/auth/auth.h"
#include "device/camera/libcamera/source.h"
#include "device/control_listing.h"
#include "device/exit_code.h"
#include "device/key_command.h"
#include "device/open_listeners.h"
#include "device/options.h"
#include "device/sensor_options.h"
#include "device/serve/server.h"
#include "device/streams.h"
#include "device/system/privileges.h"
#include "shared/base/descriptors.h"
#include "shared/base/log.h"
#include "shared/base/signals.h"
#include "shared/protocol/wire.h"

static enum exit_code list_cameras(bool has_output)
{
    struct error error;
    int count = camera_libcamera_list(stdout, &error);
    return count > 0 ? exit_flushed(has_output) : exit_with(EXIT_CAMERA, error.text);
}

static enum exit_code open_auth(struct auth *auth, const struct device_options *options)
{
    struct error error;
    int result = auth_open(auth, options->keys, &error);
    if (!result)
        return EXIT_DONE;
    return exit_with(keys_file_is_users_fault(result) ? EXIT_USAGE : EXIT_SYSTEM, error.text);
}

static enum exit_code drop_root(const struct device_options *options)
{
    struct error error;
    int result = privileges_drop(options->user, &error);
    if (!result)
        return EXIT_DONE;
    return exit_with(result == -EINVAL ? EXIT_USAGE : EXIT_SYSTEM, error.text);
}

static enum exit_code serve(const struct device_options *options, const struct server_parts *parts)
{
    const struct server_config config = {
        .max_clients = (unsigned)options->max_clients,
        .queue_bytes = (size_t)options->queue_bytes,
        .stats_seconds = (unsigned)options->stats,
        .allow_plaintext = options->insecure_plaintext,
        .view_only = options->view_only,
    };
    int error = server_run(&config, parts);
    /* A second signal ends the process at once. */
    signals_block(false);
    return error ? exit_unable("serve", error) : EXIT_DONE;
}

static enum exit_code run(const struct device_options *options)
{
    struct listeners listeners = { .count = 0 };
    struct auth auth = { .tls = NULL };
    struct streams streams = { .count = 0 };
    /* Before any other thread runs: it may fork a process. */
    enum exit_code code = open_auth(&auth, options);
    if (code == EXIT_DONE)
        code = streams_open(&streams, options);
    if (code == EXIT_DONE)
        code = open_listeners(&listeners, options, auth.tls != NULL);
    if (code == EXIT_DONE)
        code = drop_root(options);
    if (code == EXIT_DONE) {
        announce_listeners(&listeners, options, auth.tls != NULL);
        code = streams_start(&streams, options);
    }
    if (code == EXIT_DONE)
        code = serve(options, &(struct server_parts){ .listeners = &listeners,
                                                      .streams = streams.items,
                                                      .camera_count = streams.cameras,
                                                      .stream_count = streams.count,
                                                      .auth = &auth });
    enum exit_code closed = streams_close(&streams);
    listeners_close(&listeners);
    if (closed != EXIT_DONE) {
        log_flush();
        _exit(closed);
    }
    auth_close(&auth);
    return code;
}

int main(int argc, char **argv)
{
    static struct device_options options; /* holds texts for as long as the program runs */
    struct error error;
    bool has_output = descriptors_secure();
    signal(SIGXFSZ, SIG_IGN); /* a file that must not grow any more is an error like others */
    /* While there is one thread, which all others take it from. */
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    log_setup("pitetherd", LOG_LEVEL_INFO);
    if (device_options_read(&options, argc, argv, &error))
        return exit_with(EXIT_USAGE, error.text);
    log_setup("pitetherd", (enum log_level)options.log_level);
    if (options.help) {
        options_help(&device_option_table, stdout);
        return exit_flushed(has_output);
    }
    if (options.version) {
        printf("pitetherd %s, protocol %d\n", PITETHER_VERSION, WIRE_VERSION);
        return exit_flushed(has_output);
    }
    signal(SIGPIPE, SIG_IGN);
    if (options.add_key || options.revoke || options.list_keys)
        return key_command(&options, has_output);
    signals_block(true);
    /* libcamera reads it when it looks for cameras. */
    if (options.tuning_file && setenv("LIBCAMERA_RPI_TUNING_FILE", options.tuning_file, 1))
        return exit_unable("pass the tuning file on", -errno);
    if (options.list_cameras)
        return list_cameras(has_output);
    enum exit_code code = sensor_options_apply(&options, &sensor_folders);
    if (code != EXIT_DONE)
        return code;
    return options.list_controls ? control_listing(&options, has_output) : run(&options);
}
