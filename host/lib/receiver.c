#include "host/lib/receiver.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "host/lib/receiver_internal.h"
#include "shared/base/signals.h"

/* Frames that may wait for slow sinks; what they hold is bounded in bytes as well. */
enum { POOL_FRAMES = SINK_QUEUE, POOL_BYTES = 256 << 20 };

#define RETRY_MOST_NS (2 * CLOCK_SECOND / 5)
#define LOOKUP_GOOD_NS CLOCK_SECOND

void receiver_refresh_window(struct receiver *receiver)
{
    pthread_mutex_lock(&receiver->outputs_lock);
    if (receiver->outputs.window)
        window_refresh(receiver->outputs.window);
    pthread_mutex_unlock(&receiver->outputs_lock);
}

void receiver_set_note(struct receiver *receiver, const char *note)
{
    pthread_mutex_lock(&receiver->lock);
    bool changed = strncmp(receiver->note, note, sizeof(receiver->note) - 1) != 0;
    snprintf(receiver->note, sizeof(receiver->note), "%s", note);
    pthread_mutex_unlock(&receiver->lock);
    if (changed)
        receiver_refresh_window(receiver);
}

void receiver_note(struct receiver *receiver, char *note, size_t size)
{
    pthread_mutex_lock(&receiver->lock);
    snprintf(note, size, "%s", receiver->note);
    pthread_mutex_unlock(&receiver->lock);
}

uint64_t receiver_interval(struct receiver *receiver)
{
    pthread_mutex_lock(&receiver->lock);
    uint64_t interval_ns = receiver->interval_ns;
    pthread_mutex_unlock(&receiver->lock);
    return interval_ns;
}

static void wake(struct receiver *receiver)
{
    uint64_t one = 1;
    ssize_t written = write(receiver->wake_fd, &one, sizeof(one));
    (void)written;
}

void receiver_stop(struct receiver *receiver, enum receiver_end reason)
{
    pthread_mutex_lock(&receiver->lock);
    if (!receiver->stopping)
        receiver->reason = reason;
    receiver->stopping = true;
    pthread_mutex_unlock(&receiver->lock);
    wake(receiver);
}

void receiver_pause(struct receiver *receiver, bool paused)
{
    pthread_mutex_lock(&receiver->lock);
    receiver->paused_ns = paused ? clock_monotonic() : 0;
    pthread_mutex_unlock(&receiver->lock);
    wake(receiver);
}

unsigned receiver_signals(const struct receiver *receiver)
{
    return receiver->signals;
}

bool receiver_is_stopping(struct receiver *receiver)
{
    pthread_mutex_lock(&receiver->lock);
    bool stopping = receiver->stopping;
    pthread_mutex_unlock(&receiver->lock);
    return stopping;
}

bool receiver_is_done(struct receiver *receiver)
{
    pthread_mutex_lock(&receiver->lock);
    bool done = receiver->stopping && receiver->reason == RECEIVER_DONE;
    pthread_mutex_unlock(&receiver->lock);
    return done;
}

static void pause_before_retry(struct receiver *receiver)
{
    uint64_t until = clock_monotonic() + receiver->retry_ns;
    for (int left; (left = clock_left_ms(until)) > 0 && !receiver_wait(receiver, -1, 0, -1, left);)
        ;
    receiver->retry_ns =
        2 * receiver->retry_ns < RETRY_MOST_NS ? 2 * receiver->retry_ns : RETRY_MOST_NS;
}

/* While nobody sees the window, no daemon is looked for. */
static void rest(struct receiver *receiver)
{
    while (!receiver_is_stopping(receiver) && clock_monotonic() >= receiver_rest_due(receiver))
        receiver_wait(receiver, -1, 0, -1, INT_MAX);
}

/* Connects once, and talks. False: no more. */
static bool attempt(struct receiver *receiver)
{
    struct error error;
    char text[ADDRESS_TEXT_MAX], note[sizeof(receiver->note)];
    struct dial_waiter waiter = { receiver_wait_connecting, receiver };
    address_format(&receiver->config.address, text);
    snprintf(note, sizeof(note), "connecting to %.100s", text);
    if (!receiver->told_untrusted)
        receiver_set_note(receiver, note);
    int fd = dial(&receiver->dialer, &waiter, &error);
    if (fd >= 0) {
        receiver->told_unreachable = false;
        return receiver_talk_over(receiver, fd);
    }
    if (fd == -ECANCELED)
        return false;
    if (!receiver->config.reconnect || fd == -EACCES || fd == -EPERM) {
        log_error("%s", error.text);
        receiver_stop(receiver, RECEIVER_CUT);
        return false;
    }
    if (!receiver->told_unreachable)
        log_warning("%s; trying again until it works (Ctrl-C ends)", error.text);
    receiver->told_unreachable = true;
    return true;
}

enum receiver_end receiver_run(struct receiver *receiver, uint64_t *kept)
{
    receiver->retry_ns = RECEIVER_RETRY_FIRST_NS;
    receiver->last_frame_ns = clock_monotonic();
    receiver->dialer.address = receiver->config.address;
    receiver->dialer.good_ns = LOOKUP_GOOD_NS;
    while (!receiver_is_stopping(receiver) && attempt(receiver)) {
        pause_before_retry(receiver);
        rest(receiver);
    }
    receiver_sees_stop(receiver);
    dialer_clear(&receiver->dialer);
    progress_end(&receiver->progress, receiver->outputs.report, clock_monotonic());
    pthread_mutex_lock(&receiver->outputs_lock);
    if (receiver->outputs.window)
        window_stop(receiver->outputs.window);
    pthread_mutex_unlock(&receiver->outputs_lock);
    *kept = receiver->kept;
    pthread_mutex_lock(&receiver->lock);
    enum receiver_end reason = receiver->stopping ? receiver->reason : RECEIVER_FAILED;
    pthread_mutex_unlock(&receiver->lock);
    return reason;
}

bool receiver_was_cut_off(const struct receiver *receiver)
{
    return receiver->cut_off;
}

/* What may fail of it; each says why at once. 0 or a negative errno. */
static int prepare(struct receiver *receiver)
{
    sigset_t signals = signals_to_end();
    receiver->pool = frame_pool_create(POOL_FRAMES, POOL_BYTES);
    if (!receiver->pool)
        return -errno;
    receiver->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (receiver->wake_fd < 0)
        return -errno;
    receiver->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (receiver->signal_fd < 0)
        return -errno;
    if (!receiver->config.keys)
        return 0;
    receiver->tls = tls_create(TLS_RECEIVER, receiver->config.keys);
    return receiver->tls ? 0 : -ENOMEM;
}

int receiver_create(struct receiver **receiver, const struct receiver_config *config,
                    const struct receiver_outputs *outputs)
{
    struct receiver *self = *receiver = calloc(1, sizeof(*self));
    if (!self)
        return -ENOMEM;
    self->config = *config;
    self->config.session.clock = &self->clock;
    self->outputs = *outputs;
    self->wake_fd = self->signal_fd = -1;
    selection_init(&self->selection, config->session.max_fps_mhz, config->session.every,
                   config->duration_s);
    self->progress = (struct progress){ .draws = config->progress, .logs = config->stats };
    pthread_mutex_init(&self->lock, NULL);
    pthread_mutex_init(&self->outputs_lock, NULL);
    int error = prepare(self);
    if (error)
        receiver_destroy(receiver);
    return error;
}

void receiver_destroy(struct receiver **receiver)
{
    if (!receiver || !*receiver)
        return;
    struct receiver *self = *receiver;
    frame_pool_destroy(self->pool);
    tls_destroy(&self->tls);
    if (self->wake_fd >= 0)
        close(self->wake_fd);
    if (self->signal_fd >= 0)
        close(self->signal_fd);
    pthread_mutex_destroy(&self->outputs_lock);
    pthread_mutex_destroy(&self->lock);
    free(self);
    *receiver = NULL;
}
