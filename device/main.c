/*
 * pitetherd: puts the parts together, and takes them apart again.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "device/auth/auth.h"
#include "device/auth/key_admin.h"
#include "device/camera/camera.h"
#include "device/camera/faults.h"
#include "device/encode/encoder.h"
#include "device/options.h"
#include "device/serve/listener.h"
#include "device/serve/server.h"
#include "device/stream/demand.h"
#include "device/stream/events.h"
#include "device/stream/supervisor.h"
#include "device/system/privileges.h"
#include "shared/base/clock.h"
#include "shared/base/descriptors.h"
#include "shared/base/error.h"
#include "shared/base/log.h"
#include "shared/base/signals.h"
#include "shared/keys/secret.h"
#include "shared/protocol/wire.h"

/* So long, after all clients are gone, for a camera to stop: a USB camera may take half of it. */
#define CAMERA_LEAVE_NS (4 * CLOCK_SECOND)

enum { EXIT_DONE = 0, EXIT_SYSTEM = 1, EXIT_USAGE = 2, EXIT_CAMERA = 3, EXIT_LISTEN = 4 };

static int complain(int code, const char *line)
{
    log_error("%s", line);
    return code;
}

static int complain_of(const char *what, int error)
{
    log_error("can't %s: %s", what, strerror(-error));
    return EXIT_SYSTEM;
}

/* After what was printed for the user. has_output: standard output was open at the start. */
static int finish_output(bool has_output)
{
    int error = descriptors_flush_stdout(has_output);
    return error ? complain_of("write to standard output", error) : EXIT_DONE;
}

static int list_cameras(bool has_output)
{
    struct error error;
    int count = camera_libcamera_list(stdout, &error);
    return count > 0 ? finish_output(has_output) : complain(EXIT_CAMERA, error.text);
}

/* --add-key, --list-keys or --revoke. */
static int administer_keys(const struct device_options *options, bool has_output)
{
    char buffer[PATH_MAX];
    struct error error;
    const char *path = key_admin_path(options->keys, buffer);
    int result;
    secret_guard_process();
    if (options->add_key && !has_output)
        return complain(EXIT_USAGE, "--add-key: standard output, where the key goes, is closed");
    if (options->add_key)
        result = key_admin_add(path, options->add_key, (enum key_role)options->role, &error);
    else if (options->revoke)
        result = key_admin_revoke(path, options->revoke, &error);
    else
        result = key_admin_list(path, &error);
    if (!result)
        return options->list_keys ? finish_output(has_output) : EXIT_DONE;
    return complain(keys_file_is_users_fault(result) ? EXIT_USAGE : EXIT_SYSTEM, error.text);
}

static int open_auth(struct auth *auth, const struct device_options *options)
{
    struct error error;
    int result = auth_open(auth, options->keys, &error);
    if (!result)
        return EXIT_DONE;
    return complain(keys_file_is_users_fault(result) ? EXIT_USAGE : EXIT_SYSTEM, error.text);
}

static int open_listeners(struct listeners *listeners, const struct device_options *options,
                          bool has_keys)
{
    struct error error;
    bool allow_remote = has_keys || options->insecure_plaintext;
    int result = listeners_adopt(listeners, allow_remote, &error);
    /* What systemd has opened is all that is wanted: --listen would mean the same port again. */
    bool adopted = listeners->count > 0;
    if (!result && options->listen.count == 0 && !adopted)
        result = listeners_open_default(listeners, WIRE_DEFAULT_PORT, &error);
    for (unsigned i = 0; !result && !adopted && i < options->listen.count; i++)
        result = listeners_open(listeners, options->listen.items[i], allow_remote, &error);
    if (result)
        return complain(EXIT_LISTEN, error.text);
    return EXIT_DONE;
}

static void announce_listeners(const struct listeners *listeners,
                               const struct device_options *options, bool has_keys)
{
    char where[ADDRESS_TEXT_MAX];
    if (has_keys && options->insecure_plaintext)
        log_warning("--insecure-plaintext: nobody needs a key, though there are some");
    for (unsigned i = 0; i < listeners->count; i++) {
        bool asks = has_keys && listeners->items[i].remote && !options->insecure_plaintext;
        socket_address_format(&listeners->items[i].address, where);
        log_info("listening on %s%s", where, asks ? ", for those who have a key" : "");
        if (listeners->items[i].absent)
            log_warning("%s is no address of this machine yet: nobody reaches it before it is",
                        where);
    }
}

static int give_up_root(const struct device_options *options)
{
    struct error error;
    int result = privileges_drop(options->user, &error);
    if (!result)
        return EXIT_DONE;
    return complain(result == -EINVAL ? EXIT_USAGE : EXIT_SYSTEM, error.text);
}

/* What receivers are told: a file's name, not where it lies. */
static const char *name_of(const char *source)
{
    const char *slash = strrchr(source, '/');
    return strncmp(source, "libcamera", 9) != 0 && slash ? slash + 1 : source;
}

static int serve(const struct device_options *options, struct supervisor_config supervisor_config,
                 struct listeners *listeners, struct auth *auth)
{
    struct stream_events events;
    struct demand demand;
    struct encode_pool *pool = NULL;
    struct encoder *encoder = NULL;
    struct supervisor *supervisor = NULL;
    struct encoder_config encoder_config = {
        .slices = (unsigned)options->slices,
        .quality = options->quality,
        .min_quality =
            options->min_quality < options->quality ? options->min_quality : options->quality,
        .bits_per_second = options->bitrate,
        .blocking = options->unpaced,
    };
    struct server_config server_config = {
        .camera_name = name_of(options->source),
        .max_clients = (unsigned)options->max_clients,
        .queue_bytes = (size_t)options->queue_bytes,
        .stats_seconds = (unsigned)options->stats,
        .always_on = options->always_on,
        .adaptive = options->adaptive,
        .bits_per_second = options->bitrate,
        .allow_plaintext = options->insecure_plaintext,
    };
    int error = events_init(&events);
    if (error)
        return complain_of("prepare the stream", error);
    demand_init(&demand);
    /* Without a pace, frames that nobody wants would be made as fast as the source can. */
    supervisor_config.demand = options->unpaced ? NULL : &demand;
    error = encode_pool_create(&pool, (unsigned)options->threads);
    if (!error)
        error = encoder_create(&encoder, &encoder_config, pool, &events);
    if (!error)
        error = supervisor_create(&supervisor, &supervisor_config, encoder, &events);
    bool ran = !error;
    if (ran) {
        struct server_parts parts = { .listeners = listeners,
                                      .events = &events,
                                      .demand = &demand,
                                      .supervisor = supervisor,
                                      .encoder = encoder,
                                      .auth = auth };
        error = server_run(&server_config, &parts);
        /* Who asks once more does not wait. */
        signals_block(false);
    }
    events_close(&events);
    /* What a camera that hangs still uses can't be taken apart. */
    if (supervisor && !supervisor_wait(supervisor, CAMERA_LEAVE_NS)) {
        log_error("the camera hangs: leaving it as it is");
        listeners_close(listeners);
        log_flush();
        _exit(EXIT_CAMERA);
    }
    supervisor_destroy(&supervisor);
    if (ran)
        log_debug("frames encoded: %llu", (unsigned long long)encoder_totals(encoder).frames);
    events_destroy(&events);
    encoder_destroy(&encoder);
    encode_pool_destroy(&pool);
    demand_destroy(&demand);
    return error ? complain_of(ran ? "serve" : "start the encoder and the camera's thread", error)
                 : EXIT_DONE;
}

/* The source that the options name, and what it is asked for. */
struct source {
    const struct camera_ops *ops;
    const char *argument; /* of its open() */
    struct fault_script faults;
    struct camera_request request;
};

static int choose_source(struct source *source, const struct device_options *options)
{
    struct error error;
    *source = (struct source){ .ops = NULL };
    source->ops = camera_find(options->source, &source->argument);
    if (!source->ops) {
        log_error(
            "--source: '%s' is unknown; give libcamera, libcamera:ID, libcamera:INDEX, pattern or "
            "the path of a .y4m file",
            options->source);
        return EXIT_USAGE;
    }
    if (options->unpaced && source->ops == &camera_libcamera)
        return complain(EXIT_USAGE, "--unpaced: a camera keeps its own pace; give --fps");
    if (options->pattern_faults && source->ops != &camera_pattern)
        return complain(EXIT_USAGE, "--pattern-faults: only the source pattern has any");
    if (options->pattern_faults) {
        if (faults_parse(&source->faults, options->pattern_faults, &error))
            return complain(EXIT_USAGE, error.text);
        source->ops = &camera_faulty;
    }
    bool turned = options->rotation == 1;
    source->request = (struct camera_request){
        .width = options->size.width,
        .height = options->size.height,
        .fps = options->fps,
        .unpaced = options->unpaced,
        .hflip = options->hflip != turned,
        .vflip = options->vflip != turned,
        .faults = &source->faults,
    };
    return EXIT_DONE;
}

static int open_camera(struct camera **camera, const struct source *source)
{
    struct error error;
    int result = source->ops->open(camera, source->argument, &source->request, &error);
    if (result == 0)
        return EXIT_DONE;
    if (!*camera)
        return complain(EXIT_CAMERA, error.text);
    log_warning("%s; serving without it until it is there", error.text);
    return EXIT_DONE;
}

static int run(const struct device_options *options)
{
    struct listeners listeners = { .count = 0 };
    struct auth auth = { .tls = NULL };
    struct camera *camera = NULL;
    struct source source;
    int code = choose_source(&source, options);
    if (code != EXIT_DONE)
        return code;
    /* Before any other thread runs: it may fork a process. */
    code = open_auth(&auth, options);
    if (code == EXIT_DONE)
        code = open_camera(&camera, &source);
    struct supervisor_config supervisor_config = { .ops = source.ops,
                                                   .camera = camera,
                                                   .frame_limit = options->frames };
    if (code == EXIT_DONE)
        code = open_listeners(&listeners, options, auth.tls != NULL);
    if (code == EXIT_DONE)
        code = give_up_root(options);
    if (code == EXIT_DONE) {
        announce_listeners(&listeners, options, auth.tls != NULL);
        code = serve(options, supervisor_config, &listeners, &auth);
    }
    listeners_close(&listeners);
    auth_close(&auth);
    source.ops->close(&camera);
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
        return complain(EXIT_USAGE, error.text);
    log_setup("pitetherd", (enum log_level)options.log_level);
    if (options.help) {
        options_help(&device_option_table, stdout);
        return finish_output(has_output);
    }
    if (options.version) {
        printf("pitetherd %s, protocol %d\n", PITETHER_VERSION, WIRE_VERSION);
        return finish_output(has_output);
    }
    signal(SIGPIPE, SIG_IGN);
    if (options.add_key || options.revoke || options.list_keys)
        return administer_keys(&options, has_output);
    signals_block(true);
    return options.list_cameras ? list_cameras(has_output) : run(&options);
}
