/*
 * The calls of pitether.h that concern one receiver.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/lib/event_payload.h"
#include "host/lib/keyring.h"
#include "host/lib/receiver_private.h"
#include "shared/base/clock.h"
#include "shared/base/wakeup.h"

/* The thread answers no signals: they are the program's own threads' to take. */
static int start_thread(struct pitether *receiver)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&receiver->thread, NULL, receiver_run, receiver);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!error)
        pthread_setname_np(receiver->thread, "pitether");
    return -error;
}

static void destroy(struct pitether *receiver)
{
    event_payload_free(&receiver->taken);
    event_queue_destroy(&receiver->events);
    set_queue_clear(&receiver->sets);
    frame_pool_destroy(receiver->pool);
    tls_destroy(&receiver->tls);
    keys_clear(&receiver->keys);
    if (receiver->wake_fd >= 0)
        close(receiver->wake_fd);
    pthread_mutex_destroy(&receiver->lock);
    free(receiver);
}

/* What may fail of it, but for the key. */
static int prepare(struct pitether *receiver)
{
    const struct receiver_config *config = &receiver->config;
    receiver->wake_fd = wakeup_open();
    if (receiver->wake_fd < 0)
        return receiver->wake_fd;
    receiver->pool = frame_pool_create(config->max_frames, config->max_bytes);
    if (!receiver->pool)
        return -errno;
    if (receiver->keys.count > 0) {
        receiver->tls = tls_create(TLS_RECEIVER, &receiver->keys);
        if (!receiver->tls)
            return -ENOMEM;
    }
    return event_queue_create(&receiver->events, config->max_frames, config->mode == PITETHER_LIVE,
                              receiver->wake_fd);
}

static int open_receiver(struct pitether *receiver, const char *address,
                         const struct pitether_options *options, struct error *error)
{
    int result = receiver_config_read(&receiver->config, address, options, error);
    if (!result)
        result = keyring_find(options->keys_file, &receiver->config.address, &receiver->keys,
                              receiver->config.key_hint, error);
    if (result)
        return result;
    selection_init(&receiver->selection, receiver->config.max_fps_mhz, receiver->config.every,
                   receiver->config.duration_s);
    settling_begin(&receiver->settling, (uint64_t)(receiver->config.settle_s * 1e9));
    result = prepare(receiver);
    if (!result)
        result = start_thread(receiver);
    return result ? error_set(error, result, "can't prepare for receiving: %s", strerror(-result))
                  : 0;
}

struct pitether *pitether_open(const char *address, const struct pitether_options *callers,
                               struct pitether_error *callers_error)
{
    struct pitether_options options;
    struct error error;
    int result = receiver_options_copy(&options, callers, &error);
    struct pitether *receiver = result ? NULL : calloc(1, sizeof(*receiver));
    if (!result && !receiver)
        result = error_set(&error, -ENOMEM, "out of memory");
    if (!result) {
        callers_log_init(&receiver->log, &options);
        receiver->wake_fd = -1;
        pthread_mutex_init(&receiver->lock, NULL);
        set_queue_init(&receiver->sets);
        const struct log_handler *before = log_set_handler(&receiver->log.handler);
        result = open_receiver(receiver, address, &options, &error);
        log_set_handler(before);
    }
    if (!result)
        return receiver;
    if (receiver)
        destroy(receiver);
    callers_error_set(callers_error, result, &error);
    return NULL;
}

void pitether_close(struct pitether **receiver)
{
    if (!receiver || !*receiver)
        return;
    struct pitether *self = *receiver;
    *receiver = NULL;
    atomic_store(&self->closing, true);
    wakeup_send(self->wake_fd);
    pthread_join(self->thread, NULL);
    destroy(self);
}

int pitether_fd(const struct pitether *receiver)
{
    return event_queue_fd(receiver->events);
}

/* The list of the event before is not good any more. */
static bool take(struct pitether *receiver, struct pitether_event *event)
{
    if (!event_queue_take(receiver->events, event, clock_monotonic()))
        return false;
    receiver->end_taken = event->type == PITETHER_END;
    receiver->taken = *event;
    if (event_is_answer(event))
        set_queue_taken(&receiver->sets, event->changed.request);
    return true;
}

int pitether_next(struct pitether *receiver, int timeout_ms, struct pitether_event *event)
{
    struct pollfd ready = { event_queue_fd(receiver->events), POLLIN, 0 };
    uint64_t until = clock_monotonic() + (uint64_t)(timeout_ms > 0 ? timeout_ms : 0) * CLOCK_MS;
    event_payload_free(&receiver->taken);
    receiver->taken.type = PITETHER_NONE;
    while (!receiver->end_taken) {
        if (take(receiver, event))
            return 1;
        int left = timeout_ms < 0 ? -1 : clock_left_ms(until);
        if (left == 0)
            break;
        poll(&ready, 1, left);
    }
    event->type = PITETHER_NONE;
    return 0;
}

void pitether_stop(struct pitether *receiver)
{
    int saved = errno;
    atomic_fetch_add(&receiver->stops, 1);
    wakeup_send(receiver->wake_fd);
    errno = saved;
}

int pitether_set(struct pitether *receiver, const char *assignments, uint32_t *request)
{
    uint32_t number;
    if (atomic_load(&receiver->stops) > 0)
        return -ESHUTDOWN;
    int result = set_queue_add(&receiver->sets, assignments, &number);
    if (result)
        return result;
    if (request)
        *request = number;
    wakeup_send(receiver->wake_fd);
    return 0;
}

void pitether_pause(struct pitether *receiver, bool paused)
{
    pthread_mutex_lock(&receiver->lock);
    receiver->paused_ns = paused ? clock_monotonic() : 0;
    pthread_mutex_unlock(&receiver->lock);
    wakeup_send(receiver->wake_fd);
}

bool pitether_change_is_in_force(const struct pitether_change *change)
{
    return change->result == PITETHER_SET_OK || change->result == PITETHER_SET_CLAMPED ||
           change->result == PITETHER_SET_UNREPORTED;
}

const char *pitether_drop_name(enum pitether_drop_reason reason)
{
    static const char *const own[] = { "DAMAGED",   "CUT",       "MISSED",
                                       "NOT_TAKEN", "AFTER_END", "NOT_SETTLED" };
    unsigned index = (unsigned)reason - PITETHER_DROP_DAMAGED;
    if ((unsigned)reason < WIRE_DROP_REASONS)
        return wire_drop_name((unsigned)reason);
    return index < sizeof(own) / sizeof(own[0]) ? own[index] : "?";
}
