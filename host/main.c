/*
 * pitether: opens the sinks and the receivers, runs them, closes them again, and judges whether all
 * that was requested was done.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/base/grace.h"
#include "host/command.h"
#include "host/input.h"
#include "host/options.h"
#include "host/pump.h"
#include "host/sinks/sink_set.h"
#include "host/stream_label.h"
#include "shared/base/descriptors.h"
#include "shared/base/log.h"
#include "shared/base/signals.h"
#include "shared/keys/keys_file.h"
#include "shared/keys/secret.h"

struct program {
    struct host_options options;
    struct control_assignments assignments;
    unsigned count; /* of inputs */
    struct stream_label labels[OPTION_LIST_MAX];
    struct input inputs[OPTION_LIST_MAX];
    struct summary_stream summaries[OPTION_LIST_MAX];
    struct sink_set sinks;
    struct pump pump;
    bool display_lost;
};

static enum exit_code fail(enum exit_code code, const char *line)
{
    log_error("%s", line);
    return code;
}

static enum exit_code fail_to(const char *what, int error)
{
    log_error("can't %s: %s", what, strerror(error));
    return EXIT_SYSTEM;
}

static bool logs_to_stdout(const struct host_options *options)
{
    return options->latency && strcmp(options->latency, "-") == 0;
}

static bool draws_progress(const struct host_options *options)
{
    return isatty(STDERR_FILENO) && options->log_level >= LOG_LEVEL_INFO &&
           !(logs_to_stdout(options) && isatty(STDOUT_FILENO));
}

static enum exit_code create_inputs(struct program *program)
{
    const struct host_options *options = &program->options;
    int result = pump_init(&program->pump, draws_progress(options), options->stats);
    if (result)
        return fail_to("prepare for receiving", -result);
    for (unsigned i = 0; i < options->addresses.count; i++) {
        struct input_config config = {
            .options = options,
            .address = options->addresses.items[i],
            .stream = options->stream,
            .assignments = &program->assignments,
            .label = options->addresses.count > 1 ? program->labels[i].text : "",
            .wake = pump_wake,
            .user = &program->pump,
        };
        if (input_init(&program->inputs[i], &config))
            return fail(EXIT_SYSTEM, "out of memory");
        program->summaries[i].label = config.label;
        program->summaries[i].report = program->inputs[i].report;
        program->count++;
    }
    return EXIT_DONE;
}

static enum exit_code open_sinks(struct program *program)
{
    struct sink_stream streams[OPTION_LIST_MAX];
    struct sink_setup setup = { &program->options, streams, program->count };
    struct error error;
    for (unsigned i = 0; i < program->count; i++)
        streams[i] = (struct sink_stream){ program->labels[i].text, program->labels[i].place,
                                           program->inputs[i].report,
                                           outputs_sink_owner(&program->inputs[i].outputs) };
    int result = sink_set_open(&program->sinks, &setup, &error);
    if (result)
        return fail(result == -EINVAL ? EXIT_USAGE : EXIT_SINK, error.text);
    for (unsigned i = 0; i < program->count; i++)
        sink_set_add(&program->sinks, i, &program->inputs[i].outputs);
    return EXIT_DONE;
}

/* A key in memory must not reach core dumps and other processes of the user. */
static void guard_keys(const struct host_options *options)
{
    char path[4096];
    const char *keys = options->keys;
    if (!keys && pitether_keys_path(path, sizeof(path), NULL) == 0)
        keys = path;
    if (keys && access(keys, F_OK) == 0)
        secret_guard_process();
}

static enum exit_code open_inputs(struct program *program)
{
    struct error error;
    guard_keys(&program->options);
    for (unsigned i = 0; i < program->count; i++) {
        int result = input_open(&program->inputs[i], &error);
        if (result)
            return fail(keys_file_is_users_fault(result) ? EXIT_USAGE : EXIT_SYSTEM, error.text);
    }
    return EXIT_DONE;
}

/* Where the summary is written; NULL: nowhere. */
static FILE *summary_stream(const struct program *program)
{
    return program->options.log_level >= LOG_LEVEL_INFO ? log_stream() : NULL;
}

static void *run_pump(void *user)
{
    struct program *program = user;
    pump_run(&program->pump, program->inputs, program->summaries, program->count);
    sink_set_stop(&program->sinks);
    return NULL;
}

/* The window requires the first thread, so the pump runs on another one. */
static enum exit_code run_with_window(struct program *program)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, run_pump, program);
    if (error)
        return fail_to("start the receiver's thread", error);
    pthread_setname_np(thread, "receiver");
    program->display_lost = !sink_set_run(&program->sinks);
    pthread_join(thread, NULL);
    return program->display_lost ? EXIT_SINK : EXIT_DONE;
}

/* Closing the window counts as the first signal. */
static unsigned signals_so_far(const struct program *program)
{
    unsigned signals = program->pump.signals;
    for (unsigned i = 0; i < program->count; i++)
        if (signals == 0 && atomic_load(&program->inputs[i].stop) == INPUT_INTERRUPTED)
            signals = 1;
    return signals;
}

/* Lets all sinks write what they have, until the user ends the wait. Returns whether they took
 * everything that they should have taken. */
static bool close_sinks(struct program *program)
{
    struct grace grace;
    grace_begin(&grace, signals_so_far(program));
    bool took_all = sink_set_close(&program->sinks, &grace, summary_stream(program));
    grace_end(&grace);
    return took_all;
}

static void summarize(struct program *program)
{
    const struct host_options *options = &program->options;
    bool connected = false;
    for (unsigned i = 0; i < program->count; i++) {
        program->summaries[i].kept = program->inputs[i].kept;
        connected = connected || report_totals(program->inputs[i].report).connections > 0;
    }
    if (connected && summary_stream(program))
        summary_write(program->summaries, program->count, summary_stream(program));
    if (connected && (options->stats || options->latency_report))
        summary_write_stages(program->summaries, program->count, options->latency_report,
                             log_stream());
}

static enum exit_code judge(const struct program *program, enum exit_code code)
{
    for (unsigned i = 0; i < program->count; i++)
        code = exit_code_worse(code, input_exit_code(&program->inputs[i]));
    return code;
}

static enum exit_code run(struct program *program)
{
    enum exit_code code = create_inputs(program);
    if (!code)
        code = open_sinks(program);
    if (!code)
        code = open_inputs(program);
    bool ran = !code;
    if (ran && sink_set_has_runner(&program->sinks))
        code = run_with_window(program);
    else if (ran)
        run_pump(program);
    if (!close_sinks(program))
        code = exit_code_worse(code, EXIT_SINK);
    if (ran && code != EXIT_SYSTEM) {
        summarize(program);
        code = judge(program, code);
    }
    for (unsigned i = 0; i < program->count; i++)
        input_clear(&program->inputs[i]);
    pump_clear(&program->pump);
    return code;
}

int main(int argc, char **argv)
{
    static struct program program;
    struct host_options *options = &program.options;
    struct error error;
    bool has_output = descriptors_secure();
    signal(SIGXFSZ, SIG_IGN); /* a file that must not grow any more is an error like others */
    log_setup("pitether", LOG_LEVEL_INFO);
    if (host_options_read(options, argc, argv, &error))
        return fail(EXIT_USAGE, error.text);
    log_setup("pitether", (enum log_level)options->log_level);
    if (command_is_requested(options))
        return command_run(options, has_output);
    if (stream_labels_make(&options->addresses, options->stream, program.labels, &error) ||
        sink_set_choose(options, &error))
        return fail(EXIT_USAGE, error.text);
    int result = control_assignments_read(&program.assignments, options, &error);
    if (result)
        return fail(control_assignments_code(result), error.text);
    if (options->to_stdout && !has_output)
        return fail(EXIT_USAGE, "--stdout: standard output is closed");
    if (logs_to_stdout(options) && !has_output)
        return fail(EXIT_USAGE, "--latency -: standard output is closed");
    signals_block(true);
    signal(SIGPIPE, SIG_IGN);
    enum exit_code code = run(&program);
    if (!program.display_lost)
        return code;
    /* At exit, the display's drivers might wait for the display that is lost. */
    log_flush();
    _exit(code);
}
