/*
 * The sinks of one window: each is a stream of it. The thread that receives offers frames and sets
 * what is shown besides; the window's thread, the process's first, reads that, and reports.
 */
#include "host/sinks/window/window_sink.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "host/sinks/window/window.h"
#include "shared/base/log.h"

enum { FRAMES_HELD = 3 }; /* the newest one, that which is decoded, and that which is shown */

/* What the sinks of one window share. */
struct shared {
    unsigned sinks;        /* first thread only */
    pthread_mutex_t lock;  /* of window, for stop(): the others are not called once it is closed */
    struct window *window; /* NULL: it is closed */
};

struct window_sink {
    struct sink sink;
    struct shared *shared;
    struct window_stream *stream;
    uint64_t skipped; /* once the window is closed */
    const char *label;
    bool is_one_of_several;
    pthread_mutex_t lock;
    /* Under lock. */
    uint64_t interval_ns;
    struct zoom_turn turn;
    char note[sizeof(((struct window_status *)0)->note)];
};

static struct window_sink *window_sink_of(struct sink *sink)
{
    return (struct window_sink *)sink;
}

static void on_status(void *user, struct window_status *status)
{
    struct window_sink *self = user;
    const struct sink_owner *owner = &self->sink.owner;
    struct sink_rates rates = owner->rates(owner->user);
    status->fps = rates.fps;
    status->latency_ms = rates.latency_ms;
    status->dropped = rates.dropped;
    pthread_mutex_lock(&self->lock);
    status->interval_ns = self->interval_ns;
    status->turn = self->turn;
    memcpy(status->note, self->note, sizeof(status->note));
    pthread_mutex_unlock(&self->lock);
}

static void on_shown(void *user, const struct pitether_frame *frame, uint64_t decoded_ns,
                     uint64_t shown_ns)
{
    struct window_sink *self = user;
    const struct sink_owner *owner = &self->sink.owner;
    const struct sink_presentation presentation = { decoded_ns, shown_ns };
    owner->presented(owner->user, frame, &presentation);
}

static void on_seen(void *user, bool seen)
{
    struct window_sink *self = user;
    const struct sink_owner *owner = &self->sink.owner;
    owner->seen(owner->user, &self->sink, seen);
}

static int on_set(void *user, const char *assignments, uint32_t *request)
{
    struct window_sink *self = user;
    const struct sink_owner *owner = &self->sink.owner;
    return owner->set(owner->user, assignments, request);
}

static void set_format(struct sink *sink, const struct pitether_stream *stream)
{
    struct window_sink *self = window_sink_of(sink);
    pthread_mutex_lock(&self->lock);
    self->interval_ns = stream->interval_ns;
    self->turn = (struct zoom_turn){ stream->hflip, stream->vflip, stream->transpose };
    pthread_mutex_unlock(&self->lock);
    window_refresh(self->shared->window);
}

static enum sink_result take_frame(struct sink *sink, const struct pitether_frame *frame)
{
    struct window_sink *self = window_sink_of(sink);
    window_offer(self->stream, frame);
    return SINK_TAKEN;
}

static void set_note(struct sink *sink, const char *note)
{
    struct window_sink *self = window_sink_of(sink);
    pthread_mutex_lock(&self->lock);
    snprintf(self->note, sizeof(self->note), "%s", note);
    pthread_mutex_unlock(&self->lock);
    window_refresh(self->shared->window);
}

static void take_controls(struct sink *sink, const struct pitether_controls *controls)
{
    window_controls(window_sink_of(sink)->stream, controls);
}

static void take_changed(struct sink *sink, const struct pitether_changed *changed)
{
    window_changed(window_sink_of(sink)->stream, changed);
}

static void close_window(struct shared *shared)
{
    pthread_mutex_lock(&shared->lock);
    struct window *window = shared->window;
    shared->window = NULL;
    pthread_mutex_unlock(&shared->lock);
    window_destroy(&window);
}

static void leave(struct shared *shared)
{
    if (--shared->sinks > 0)
        return;
    close_window(shared);
    pthread_mutex_destroy(&shared->lock);
    free(shared);
}

static bool close_sink(struct sink *sink, struct grace *grace, FILE *out)
{
    struct window_sink *self = window_sink_of(sink);
    struct shared *shared = self->shared;
    (void)grace;
    if (shared->window && self->stream) /* NULL: it could not be added */
        self->skipped = window_skipped(self->stream);
    if (out && self->skipped > 0)
        fprintf(out, "%s%sthe window passed over %" PRIu64 " frames for newer ones\n",
                self->is_one_of_several ? self->label : "", self->is_one_of_several ? ": " : "",
                self->skipped);
    leave(shared);
    pthread_mutex_destroy(&self->lock);
    free(self);
    return true;
}

static const struct sink_ops ops = {
    .name = "the window",
    .format = set_format,
    .frame = take_frame,
    .note = set_note,
    .controls = take_controls,
    .changed = take_changed,
    .close = close_sink,
};

static bool is_requested(const struct host_options *options)
{
    return options->window;
}

/* The window and what its sinks share, with the first of them; 0 or a negative errno. */
static int share(struct window_sink *self, unsigned index, struct sink *sinks[],
                 struct error *error)
{
    if (index > 0) {
        self->shared = window_sink_of(sinks[0])->shared;
        return 0;
    }
    self->shared = calloc(1, sizeof(*self->shared));
    if (!self->shared)
        return error_set(error, -ENOMEM, "out of memory");
    int result = window_create(&self->shared->window, error);
    if (result)
        free(self->shared);
    else
        pthread_mutex_init(&self->shared->lock, NULL);
    return result;
}

/* Frames that are saved have their snapshots beside them. */
static int add_stream(struct window_sink *self, const struct sink_setup *setup, unsigned index,
                      struct error *error)
{
    const struct sink_stream *stream = &setup->streams[index];
    const char *save = setup->options->save;
    char *dir = NULL;
    if (save && asprintf(&dir, "%s%s%s", save, *stream->place ? "/" : "", stream->place) < 0)
        return error_set(error, -ENOMEM, "out of memory");
    const struct window_stream_config config = { .name = stream->label,
                                                 .snapshot_dir = dir ? dir : ".",
                                                 .address = setup->options->addresses.items[index],
                                                 .stream = setup->options->stream,
                                                 .keys_file = setup->options->keys,
                                                 .status = on_status,
                                                 .shown = on_shown,
                                                 .seen = on_seen,
                                                 .set = on_set,
                                                 .user = self };
    int result = window_add_stream(self->shared->window, &self->stream, &config);
    free(dir);
    return result
               ? error_set(error, result, "can't add a stream to the window: %s", strerror(-result))
               : 0;
}

static int open_sink(const struct sink_setup *setup, unsigned index, struct sink *sinks[],
                     struct error *error)
{
    struct window_sink *self = calloc(1, sizeof(*self));
    if (!self)
        return error_set(error, -ENOMEM, "out of memory");
    self->sink = (struct sink){ .ops = &ops,
                                .policy = SINK_NEWEST,
                                .bound = { .frames = FRAMES_HELD },
                                .owner = setup->streams[index].owner };
    self->label = setup->streams[index].label;
    self->is_one_of_several = setup->count > 1;
    int result = share(self, index, sinks, error);
    if (result) {
        free(self);
        return result;
    }
    pthread_mutex_init(&self->lock, NULL);
    self->shared->sinks++;
    result = add_stream(self, setup, index, error);
    if (result)
        (void)close_sink(&self->sink, NULL, NULL);
    else
        sinks[index] = &self->sink;
    return result;
}

/* The others go on without a window that the user has closed. */
static bool run(struct sink *const sinks[])
{
    struct shared *shared = window_sink_of(sinks[0])->shared;
    enum window_end end = window_run(shared->window);
    if (end == WINDOW_STOPPED)
        return true;
    if (end == WINDOW_LOST)
        log_error("the display is gone, and the window with it");
    for (unsigned i = 0; i < shared->sinks; i++) {
        struct window_sink *self = window_sink_of(sinks[i]);
        const struct sink_owner *owner = &self->sink.owner;
        owner->gone(owner->user, &self->sink, end == WINDOW_LOST ? SINK_BROKEN : SINK_CLOSED);
        self->skipped = window_skipped(self->stream);
    }
    close_window(shared);
    return end != WINDOW_LOST;
}

static void stop(struct sink *const sinks[])
{
    struct shared *shared = window_sink_of(sinks[0])->shared;
    pthread_mutex_lock(&shared->lock);
    if (shared->window)
        window_stop(shared->window);
    pthread_mutex_unlock(&shared->lock);
}

const struct sink_kind sink_window = {
    .is_requested = is_requested, .open = open_sink, .run = run, .stop = stop
};
