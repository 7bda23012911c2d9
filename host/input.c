#include "host/input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/clock.h"

/* Events of one input before the next one's turn. */
enum { TAKEN_AT_ONCE = 16 };
/* In addition to what the sinks hold: frames that are being received or wait for the pump. */
enum { FRAMES_IN_FLIGHT = 8, BYTES_IN_FLIGHT = 64 << 20 };

static enum input_stop stop_of(const struct input *input)
{
    return (enum input_stop)atomic_load(&input->stop);
}

static void write_log(void *user, enum pitether_log_level level, const char *line)
{
    const struct input *input = user;
    const char *label = input->config.label;
    log_write((enum log_level)level, "%s%s%s", label, *label ? ": " : "", line);
}

static void on_left(void *user, enum sink_gone how)
{
    input_stop(user, how == SINK_CLOSED ? INPUT_INTERRUPTED : INPUT_NO_SINK);
}

static void on_space(void *user)
{
    struct input *input = user;
    input->config.wake(input->config.user);
}

/* Whether the stream may be interrupted while no sink shows it. */
static bool may_pause(const struct host_options *options)
{
    return !options->frames && options->duration <= 0 && options->timeout <= 0 && !options->latency;
}

static void on_seen(void *user, bool seen)
{
    struct input *input = user;
    if (may_pause(input->config.options))
        pitether_pause(input->receiver, !seen);
}

static struct sink_rates on_rates(void *user)
{
    struct input *input = user;
    struct report_rates rates = report_rates(input->report, clock_monotonic());
    struct report_totals totals = report_totals(input->report);
    return (struct sink_rates){ rates.fps, rates.latency_ms,
                                report_dropped(&totals) + totals.damaged };
}

static int on_set(void *user, const char *assignments, uint32_t *request)
{
    struct input *input = user;
    return input->receiver ? pitether_set(input->receiver, assignments, request) : -ENOTCONN;
}

int input_init(struct input *input, const struct input_config *config)
{
    struct outputs_owner owner = { on_left, on_space, on_seen, on_rates, on_set, input };
    *input = (struct input){ .config = *config };
    atomic_init(&input->stop, INPUT_RUNS);
    input->report = report_create();
    if (!input->report)
        return -ENOMEM;
    outputs_init(&input->outputs, &owner);
    control_start_init(&input->start, config->assignments, config->label);
    return 0;
}

void input_clear(struct input *input)
{
    pitether_close(&input->receiver);
    if (input->report)
        outputs_clear(&input->outputs);
    control_start_clear(&input->start);
    report_destroy(input->report);
    input->report = NULL;
}

/* The connection; a sink may still skip frames, as a live standard output does. */
static bool is_lossless(const struct host_options *options)
{
    return options->lossless || (options->save && !options->live);
}

int input_open(struct input *input, struct error *error)
{
    const struct host_options *options = input->config.options;
    struct sink_bound bound = outputs_bound(&input->outputs);
    struct pitether_options requested = PITETHER_OPTIONS_INIT;
    struct pitether_error why;
    char note[sizeof(why.text)];
    requested.mode = is_lossless(options) ? PITETHER_LOSSLESS : PITETHER_LIVE;
    requested.stream = input->config.stream;
    requested.keys_file = options->keys;
    requested.max_fps = options->max_fps;
    requested.every = (uint32_t)options->every;
    requested.duration_s = options->duration;
    requested.timeout_s = options->timeout;
    requested.settle_s = options->settle;
    requested.no_reconnect = options->no_reconnect;
    requested.max_frames = bound.frames + FRAMES_IN_FLIGHT;
    /* The memory of a frame is up to twice its size. */
    requested.max_bytes = 2 * bound.bytes + BYTES_IN_FLIGHT;
    requested.log = write_log;
    requested.user = input;
    input->receiver = pitether_open(input->config.address, &requested, &why);
    if (!input->receiver)
        return error_set(error, why.code, "%s", why.text);
    snprintf(note, sizeof(note), "connecting to %.200s", input->config.address);
    outputs_note(&input->outputs, note);
    return 0;
}

bool input_stop(struct input *input, enum input_stop why)
{
    int runs = INPUT_RUNS;
    bool ran = atomic_compare_exchange_strong(&input->stop, &runs, why);
    if (ran)
        pitether_stop(input->receiver);
    return ran;
}

void input_interrupt(struct input *input)
{
    if (!input->ended && !input_stop(input, INPUT_INTERRUPTED))
        pitether_stop(input->receiver);
}

static void take_frame(struct input *input, const struct pitether_frame *frame)
{
    uint64_t limit = input->config.options->frames;
    bool keep = stop_of(input) == INPUT_RUNS;
    input->counted += outputs_frame(&input->outputs, frame, keep);
    input->kept += keep;
    pitether_frame_release(frame);
    if (keep && limit && input->counted == limit)
        input_stop(input, INPUT_COMPLETE);
}

/* The daemon speaks of the stream, so it has it. */
static void note_subscription(struct input *input)
{
    if (!input->subscribed)
        report_connected(input->report);
    input->subscribed = true;
}

static void take_status(struct input *input, const struct pitether_status *status)
{
    char note[300] = "";
    note_subscription(input);
    if (status->state == PITETHER_CAMERA_LOST)
        snprintf(note, sizeof(note), "no camera: %.256s", status->text);
    else if (status->state == PITETHER_CAMERA_STARTING)
        snprintf(note, sizeof(note), "waiting for the camera");
    outputs_note(&input->outputs, note);
}

static void take_end(struct input *input, const struct pitether_end *end)
{
    input->ended = true;
    input->end = *end;
    outputs_note(&input->outputs, end->text);
}

/* Frames without what was to be set are not what was asked for. */
static void take_start(struct input *input, const struct pitether_event *event)
{
    if (event->type == PITETHER_FRAME || event->type == PITETHER_DROPS)
        return;
    control_start_event(&input->start, input->receiver, event);
    if (input->start.failed)
        input_stop(input, INPUT_NOT_SET);
}

static void take_event(struct input *input, const struct pitether_event *event)
{
    switch (event->type) {
    case PITETHER_CONNECTED:
        input->subscribed = false;
        outputs_note(&input->outputs, "waiting for the camera");
        break;
    case PITETHER_LOST:
        outputs_note(&input->outputs, event->text);
        break;
    case PITETHER_STREAM:
        note_subscription(input);
        outputs_format(&input->outputs, &event->stream);
        break;
    case PITETHER_STATUS:
        take_status(input, &event->status);
        break;
    case PITETHER_FRAME:
        take_frame(input, event->frame);
        break;
    case PITETHER_DROPS:
        outputs_drops(&input->outputs, &event->drops);
        break;
    case PITETHER_END:
        take_end(input, &event->end);
        break;
    case PITETHER_CONTROLS:
        outputs_controls(&input->outputs, &event->controls);
        break;
    case PITETHER_CHANGED:
        outputs_changed(&input->outputs, &event->changed);
        break;
    case PITETHER_NONE:
        break;
    }
}

/* Frames that come after the end are not kept, and so they need no space. */
static bool is_held_up(struct input *input)
{
    return stop_of(input) == INPUT_RUNS && outputs_are_full(&input->outputs);
}

void input_take(struct input *input)
{
    struct pitether_event event;
    for (unsigned taken = 0; taken < TAKEN_AT_ONCE && !input->ended; taken++) {
        if (is_held_up(input) || pitether_next(input->receiver, 0, &event) == 0)
            return;
        take_start(input, &event);
        take_event(input, &event);
    }
}

int input_fd(struct input *input)
{
    return input->ended || is_held_up(input) ? -1 : pitether_fd(input->receiver);
}

/* Frames are missing from a lossless stream, or arrived damaged. A live stream continues with the
 * newest frame: a frame that a lost connection cut short is no more missing from it than those that
 * were never sent. */
static bool is_missing_frames(const struct input *input)
{
    const struct host_options *options = input->config.options;
    struct report_totals totals = report_totals(input->report);
    /* Frames that were not requested, or were taken after the end. */
    uint64_t unwanted = totals.dropped[PITETHER_DROP_RATE_LIMITED] +
                        totals.dropped[REPORT_NOT_SETTLED] + totals.dropped[REPORT_AFTER_END] +
                        totals.dropped[PITETHER_DROP_UNSENT] - totals.unsent_due;
    bool lost = report_dropped(&totals) > unwanted || totals.missed > 0;
    /* With a reduced rate, the next frame takes the place of one that was lost. */
    if (options->max_fps > 0 || options->every > 1)
        lost = lost && (input->end.unmet > 0 || totals.unsent_due > 0);
    return totals.damaged > totals.cut || (is_lossless(options) && (totals.damaged > 0 || lost));
}

/* Of an orderly end; complete: --frames or --duration was reached. */
static enum exit_code code_at(const struct input *input, bool complete)
{
    const struct host_options *options = input->config.options;
    if (!complete && (options->frames > 0 || options->duration > 0))
        return EXIT_SHORT;
    return is_missing_frames(input) ? EXIT_MISSING : EXIT_DONE;
}

static enum exit_code code_of_stop(const struct input *input)
{
    switch (stop_of(input)) {
    case INPUT_NO_SINK:
        return EXIT_SINK;
    case INPUT_NOT_SET:
        return EXIT_CONTROL;
    case INPUT_COMPLETE:
        return code_at(input, true);
    default:
        return input->end.connected ? code_at(input, false) : EXIT_CONNECTION;
    }
}

/* Apart from what was to be set. */
static enum exit_code code_of_end(const struct input *input)
{
    switch (input->end.reason) {
    case PITETHER_END_STOPPED:
        return code_of_stop(input);
    case PITETHER_END_DURATION:
        return input->end.connected ? code_at(input, true) : EXIT_CONNECTION;
    case PITETHER_END_TIMEOUT:
        return EXIT_TIMEOUT;
    case PITETHER_END_FINISHED:
        return code_at(input, stop_of(input) == INPUT_COMPLETE);
    case PITETHER_END_LOST:
        return EXIT_CONNECTION;
    case PITETHER_END_FAILED:
        return EXIT_SYSTEM;
    }
    return EXIT_SYSTEM;
}

enum exit_code input_exit_code(const struct input *input)
{
    return exit_code_worse(code_of_end(input), input->start.unmet ? EXIT_CONTROL : EXIT_DONE);
}
