/*
 * pitether: puts the parts together, takes them apart again, and judges whether all that was asked
 * for was done.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/base/grace.h"
#include "host/key_import.h"
#include "host/lib/keyring.h"
#include "host/lib/receiver.h"
#include "host/options.h"
#include "shared/base/clock.h"
#include "shared/base/descriptors.h"
#include "shared/base/log.h"
#include "shared/base/signals.h"
#include "shared/keys/secret.h"

enum {
    EXIT_DONE = 0,
    EXIT_SYSTEM = 1,
    EXIT_USAGE = 2,
    EXIT_CONNECTION = 3,
    EXIT_SINK = 4,
    EXIT_MISSING = 5,
    EXIT_SHORT = 6,
    EXIT_TIMEOUT = 7,
};

struct program {
    struct host_options options;
    struct keys keys;                /* at most one: what the daemon and we prove ourselves with */
    char key_hint[KEYRING_HINT_MAX]; /* see receiver_config */
    struct receiver *receiver;
    struct report *report;
    struct latency_log *latency_log;
    struct sink *save, *pipe;
    struct window *window;
    struct window_stream *window_stream;
    bool display_lost;
    uint64_t skipped; /* frames that the window passed over */
    enum receiver_end end;
    bool cut_off; /* when the end was begun */
    uint64_t kept;
};

static int complain(int code, const char *line)
{
    log_error("%s", line);
    return code;
}

static int complain_of(const char *what, int error)
{
    log_error("can't %s: %s", what, strerror(error));
    return EXIT_SYSTEM;
}

static bool logs_to_stdout(const struct host_options *options)
{
    return options->latency && strcmp(options->latency, "-") == 0;
}

static int choose_sinks(struct host_options *options)
{
    if (options->save || options->to_stdout || options->window || options->null)
        return EXIT_DONE;
    if (window_available()) {
        options->window = true;
        return EXIT_DONE;
    }
    return complain(EXIT_USAGE, "no display for a window, and no sink is named: give --save DIR, "
                                "--stdout, --window or --null");
}

/* Why was logged by the sink. */
static void on_sink_gone(void *user, const struct sink *sink)
{
    struct program *program = user;
    if (receiver_detach(program->receiver, sink, RECEIVER_NO_SINK))
        log_info("going on without %s", sink == program->pipe ? "standard output" : "--save");
}

/* Runs before the receiver exists, so a sink's thread can't call on_sink_gone() yet: it has no
 * frames. */
static int start_sinks(struct program *program)
{
    const struct host_options *options = &program->options;
    char error[SINK_ERROR_MAX];
    void *state;
    int result = 0;
    if (options->save) {
        if (sink_files_create(&state, options->save, options->name, options->sync, error))
            return complain(EXIT_SINK, error);
        result =
            sink_start(&program->save, &sink_files, state, SINK_LOSSLESS, on_sink_gone, program);
    }
    if (!result && options->to_stdout) {
        if (sink_stdout_create(&state, !options->lossless, error))
            return complain(EXIT_USAGE, error);
        result = sink_start(&program->pipe, &sink_stdout, state,
                            options->lossless ? SINK_LOSSLESS : SINK_LIVE, on_sink_gone, program);
    }
    return result ? complain_of("start a thread for a sink", -result) : EXIT_DONE;
}

static void on_window_status(void *user, struct window_status *status)
{
    struct program *program = user;
    struct report_rates rates = report_rates(program->report, clock_monotonic());
    struct report_totals totals = report_totals(program->report);
    status->fps = rates.fps;
    status->latency_ms = rates.latency_ms;
    status->dropped = report_dropped(&totals) + totals.damaged;
    status->interval_ns = receiver_interval(program->receiver);
    receiver_note(program->receiver, status->note, sizeof(status->note));
}

static void on_window_shown(void *user, const struct pitether_frame *frame, uint64_t decoded_ns,
                            uint64_t shown_ns)
{
    struct program *program = user;
    report_shown(program->report, frame, decoded_ns, shown_ns);
    if (program->latency_log)
        latency_log_shown(program->latency_log, frame, decoded_ns, shown_ns);
}

static void on_window_seen(void *user, bool seen)
{
    struct program *program = user;
    receiver_pause(program->receiver, !seen);
}

static int open_window(struct program *program)
{
    char name[ADDRESS_TEXT_MAX];
    struct error error;
    const struct host_options *options = &program->options;
    if (!options->window)
        return EXIT_DONE;
    address_format(&options->address, name);
    struct window_stream_config config = {
        .name = name,
        .snapshot_dir = options->save ? options->save : ".",
        .status = on_window_status,
        .shown = on_window_shown,
        .seen = on_window_seen,
        .user = program,
    };
    if (window_create(&program->window, &error))
        return complain(EXIT_SINK, error.text);
    int result = window_add_stream(program->window, &program->window_stream, &config);
    return result ? complain_of("add a stream to the window", -result) : EXIT_DONE;
}

static void *run_receiver(void *user)
{
    struct program *program = user;
    program->end = receiver_run(program->receiver, &program->kept);
    program->cut_off = receiver_was_cut_off(program->receiver);
    return NULL;
}

/* What was asked to be kept goes on without the window. */
static void leave_window(struct program *program, enum window_end end)
{
    program->display_lost = end == WINDOW_LOST;
    if (end == WINDOW_LOST)
        log_error("the display is gone, and the window with it");
    if (end != WINDOW_STOPPED &&
        receiver_detach(program->receiver, program->window,
                        end == WINDOW_LOST ? RECEIVER_NO_SINK : RECEIVER_INTERRUPTED)) {
        log_info("going on without the window (Ctrl-C ends)");
        program->skipped = window_skipped(program->window_stream);
        window_destroy(&program->window);
    }
}

/* The window has to have the first thread, so the receiver goes to another one. */
static int run_with_window(struct program *program)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, run_receiver, program);
    if (error)
        return complain_of("start the receiver's thread", error);
    pthread_setname_np(thread, "receiver");
    leave_window(program, window_run(program->window));
    pthread_join(thread, NULL);
    return EXIT_DONE;
}

/* Without a key for this daemon, keys stays empty: then plain text is what it speaks. */
static int find_key(struct program *program)
{
    struct error error;
    int result = keyring_find(program->options.keys, &program->options.address, &program->keys,
                              program->key_hint, &error);
    if (program->keys.count > 0)
        secret_guard_process();
    if (!result)
        return EXIT_DONE;
    return complain(keys_file_is_users_fault(result) ? EXIT_USAGE : EXIT_SYSTEM, error.text);
}

/* Of the connection. A sink may still pass over frames, as standard output does. */
static bool is_lossless(const struct host_options *options)
{
    return options->lossless || (options->save && !options->live);
}

static int receive(struct program *program)
{
    const struct host_options *options = &program->options;
    struct receiver_config config = {
        .address = options->address,
        .session = { .mode = is_lossless(options) ? WIRE_LOSSLESS : WIRE_LIVE,
                     .max_fps_mhz = (uint32_t)(options->max_fps * 1000),
                     .every = (uint32_t)options->every,
                     .max_message = WIRE_MAX_MESSAGE_LIMIT },
        .keys = program->keys.count > 0 ? &program->keys : NULL,
        .key_hint = program->key_hint,
        .reconnect = !options->no_reconnect,
        .progress = isatty(STDERR_FILENO) && options->log_level >= LOG_LEVEL_INFO &&
                    !(logs_to_stdout(options) && isatty(STDOUT_FILENO)),
        .stats = options->stats,
        .frames = options->frames,
        .duration_s = options->duration,
        .timeout_s = options->timeout,
    };
    struct receiver_outputs outputs = { .report = program->report,
                                        .latency_log = program->latency_log,
                                        .window = program->window,
                                        .window_stream = program->window_stream,
                                        .null = options->null };
    if (program->save)
        outputs.sinks[outputs.sink_count++] = program->save;
    if (program->pipe)
        outputs.sinks[outputs.sink_count++] = program->pipe;
    int error = receiver_create(&program->receiver, &config, &outputs);
    if (error)
        return complain_of("prepare for receiving", -error);
    if (program->window)
        return run_with_window(program);
    run_receiver(program);
    return EXIT_DONE;
}

/* Whoever closed the window wants to leave, too. */
static unsigned signals_so_far(const struct program *program)
{
    unsigned signals = program->receiver ? receiver_signals(program->receiver) : 0;
    return signals == 0 && program->end == RECEIVER_INTERRUPTED ? 1 : signals;
}

static void tell_saved(const struct program *program, const struct sink_totals *saved)
{
    fprintf(log_stream(), "saved %llu frames (%.1f MB) in %s", (unsigned long long)saved->written,
            (double)saved->bytes / 1e6, program->options.save);
    if (saved->failed)
        fprintf(log_stream(), "; %llu could not be saved", (unsigned long long)saved->failed);
    fputc('\n', log_stream());
}

static void tell_piped(const struct sink_totals *piped)
{
    fprintf(log_stream(), "wrote %llu frames to standard output",
            (unsigned long long)piped->written);
    if (piped->passed_over)
        fprintf(log_stream(), " and passed over %llu for newer ones",
                (unsigned long long)piped->passed_over);
    fprintf(log_stream(), "; %llu were not taken\n", (unsigned long long)piped->failed);
}

static bool took_all(const struct sink_totals *totals)
{
    return totals->failed == 0 && !totals->gone && totals->close_error == 0;
}

/* Ends the sinks, says what they did, and returns whether they took all that they should have. */
static bool finish_sinks(struct program *program, struct grace *grace)
{
    bool tells = program->options.log_level >= LOG_LEVEL_INFO;
    bool saves = program->save, pipes = program->pipe;
    /* Files were asked for, and wait for nobody but this machine. */
    struct sink_totals saved = sink_finish(&program->save, grace, true);
    if (saves && tells)
        tell_saved(program, &saved);
    struct sink_totals piped = sink_finish(&program->pipe, grace, false);
    if (pipes && tells)
        tell_piped(&piped);
    return took_all(&saved) && took_all(&piped);
}

/* Returns whether all lines were written. */
static bool finish_latency_log(struct program *program, struct grace *grace)
{
    uint64_t unwritten = latency_log_close(&program->latency_log, grace);
    if (unwritten)
        log_error("--latency: %llu lines of %s were lost", (unsigned long long)unwritten,
                  logs_to_stdout(&program->options) ? "standard output" : program->options.latency);
    return unwritten == 0;
}

/* Everything that writes, without end if need be, until the user does not want to wait. */
static bool finish_writing(struct program *program)
{
    struct grace grace;
    grace_begin(&grace, signals_so_far(program));
    bool latency_good = finish_latency_log(program, &grace);
    bool sinks_good = finish_sinks(program, &grace);
    grace_end(&grace);
    return latency_good && sinks_good;
}

/* Frames that a lossless stream should have brought, and did not, or damaged ones. A live stream
 * goes on with the newest frame: where a connection was lost, what it had cut short is as little a
 * fault as what was never sent. */
static bool is_missing_frames(const struct program *program, const struct report_totals *totals)
{
    const struct host_options *options = &program->options;
    /* What was not asked for, or came after the end. */
    uint64_t unwanted = totals->dropped[WIRE_DROP_RATE_LIMITED] +
                        totals->dropped[WIRE_DROP_UNSENT] - totals->unsent_due;
    bool lost = report_dropped(totals) > unwanted || totals->missed > 0;
    /* Where few are wanted, the next frame stands for one that was lost. */
    if (options->max_fps > 0 || options->every > 1)
        lost = lost && (totals->unmet > 0 || totals->unsent_due > 0);
    return totals->damaged > totals->cut || (is_lossless(options) && (totals->damaged > 0 || lost));
}

static int judge(const struct program *program, bool sinks_good)
{
    struct report_totals totals = report_totals(program->report);
    bool bounded = program->options.frames > 0 || program->options.duration > 0;
    if (program->end == RECEIVER_FAILED)
        return EXIT_SYSTEM;
    if (!sinks_good || program->display_lost || program->end == RECEIVER_NO_SINK)
        return EXIT_SINK;
    if (program->end == RECEIVER_CUT || (program->end == RECEIVER_INTERRUPTED && program->cut_off))
        return EXIT_CONNECTION;
    if (program->end == RECEIVER_TIMEOUT)
        return EXIT_TIMEOUT;
    if (bounded && program->end != RECEIVER_DONE)
        return EXIT_SHORT;
    return is_missing_frames(program, &totals) ? EXIT_MISSING : EXIT_DONE;
}

/* skipped: frames that the window passed over. */
static void summarize(const struct program *program, uint64_t skipped)
{
    report_summary(program->report, program->kept, log_stream());
    if (skipped > 0)
        fprintf(log_stream(), "the window passed over %llu frames for newer ones\n",
                (unsigned long long)skipped);
}

static int run(struct program *program)
{
    int code = choose_sinks(&program->options);
    if (!code)
        code = find_key(program);
    if (code)
        return code;
    program->report = report_create();
    if (!program->report) {
        keys_clear(&program->keys);
        return complain(EXIT_SYSTEM, "out of memory");
    }
    char error[LATENCY_LOG_ERROR_MAX];
    if (program->options.latency &&
        latency_log_open(&program->latency_log, program->options.latency, program->options.window,
                         error))
        code = complain(EXIT_SINK, error);
    if (!code)
        code = open_window(program);
    if (!code)
        code = start_sinks(program);
    if (!code)
        code = receive(program);
    bool ran = code == EXIT_DONE && program->receiver;
    bool sinks_good = finish_writing(program);
    if (program->window)
        program->skipped = window_skipped(program->window_stream);
    window_destroy(&program->window);
    receiver_destroy(&program->receiver);
    keys_clear(&program->keys);
    bool connected = ran && report_totals(program->report).connections > 0;
    if (connected && program->options.log_level >= LOG_LEVEL_INFO)
        summarize(program, program->skipped);
    if (connected && (program->options.stats || program->options.latency_report))
        report_stages(program->report, program->options.latency_report, log_stream());
    if (ran)
        code = judge(program, sinks_good);
    report_destroy(program->report);
    return code;
}

/* --help or --version. has_output: standard output was open at the start. */
static int print_about(const struct host_options *options, bool has_output)
{
    if (options->help)
        options_help(&host_option_table, stdout);
    else
        printf("pitether %s, protocol %d\n", PITETHER_VERSION, WIRE_VERSION);
    int error = descriptors_flush_stdout(has_output);
    return error ? complain_of("write to standard output", -error) : EXIT_DONE;
}

/* --import-key or --forget-key. */
static int administer_keys(const struct host_options *options)
{
    struct pitether_error error;
    secret_guard_process();
    int result = options->import_key
                     ? key_import_run(options->keys, options->import_key, &error)
                     : key_import_forget(options->keys, options->forget_key, &error);
    if (!result)
        return EXIT_DONE;
    return complain(keys_file_is_users_fault(result) ? EXIT_USAGE : EXIT_SYSTEM, error.text);
}

int main(int argc, char **argv)
{
    struct program program = { 0 };
    struct host_options *options = &program.options;
    struct error error;
    bool has_output = descriptors_secure();
    signal(SIGXFSZ, SIG_IGN); /* a file that must not grow any more is an error like others */
    log_setup("pitether", LOG_LEVEL_INFO);
    if (host_options_read(options, argc, argv, &error))
        return complain(EXIT_USAGE, error.text);
    log_setup("pitether", (enum log_level)options->log_level);
    if (options->help || options->version)
        return print_about(options, has_output);
    if (options->import_key || options->forget_key)
        return administer_keys(options);
    if (options->to_stdout && !has_output)
        return complain(EXIT_USAGE, "--stdout: standard output is closed");
    if (logs_to_stdout(options) && !has_output)
        return complain(EXIT_USAGE, "--latency -: standard output is closed");
    signals_block(true);
    signal(SIGPIPE, SIG_IGN);
    int code = run(&program);
    if (!program.display_lost)
        return code;
    /* What the display's drivers do at the end might wait for what is no longer there. */
    log_flush();
    _exit(code);
}
