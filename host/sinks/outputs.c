#include "host/sinks/outputs.h"

#include <assert.h>

#include "shared/base/log.h"

static bool keeps(const struct sink *sink)
{
    return sink->policy != SINK_OBSERVER;
}

/* Under the lock. */
static bool any_keeps(const struct outputs *outputs)
{
    for (unsigned i = 0; i < outputs->count; i++)
        if (keeps(outputs->sinks[i]))
            return true;
    return false;
}

/* Under the lock. Whether that has changed. */
static bool update_unseen(struct outputs *outputs)
{
    bool before = outputs->all_unseen;
    outputs->all_unseen = any_keeps(outputs);
    for (unsigned i = 0; i < outputs->count; i++)
        if (keeps(outputs->sinks[i]) && !outputs->unseen[i])
            outputs->all_unseen = false;
    return outputs->all_unseen != before;
}

/* Under the lock. Where it is; count: nowhere. */
static unsigned find(const struct outputs *outputs, const struct sink *sink)
{
    unsigned at = 0;
    while (at < outputs->count && outputs->sinks[at] != sink)
        at++;
    return at;
}

static bool take_out(struct outputs *outputs, const struct sink *sink, bool *any_left)
{
    pthread_mutex_lock(&outputs->lock);
    unsigned at = find(outputs, sink);
    bool found = at < outputs->count;
    if (found) {
        outputs->count--;
        for (unsigned i = at; i < outputs->count; i++) {
            outputs->sinks[i] = outputs->sinks[i + 1];
            outputs->unseen[i] = outputs->unseen[i + 1];
        }
    }
    bool changed = found && update_unseen(outputs), seen = !outputs->all_unseen;
    *any_left = any_keeps(outputs);
    pthread_mutex_unlock(&outputs->lock);
    if (changed)
        outputs->owner.seen(outputs->owner.user, seen);
    return found;
}

static void on_gone(void *user, struct sink *sink, enum sink_gone how)
{
    struct outputs *outputs = user;
    bool any_left;
    if (!take_out(outputs, sink, &any_left))
        return;
    if (!any_left) {
        outputs->owner.left(outputs->owner.user, how);
        return;
    }
    log_info("going on without %s%s", sink->ops->name, how == SINK_CLOSED ? " (Ctrl-C ends)" : "");
    /* It may have been the one that was not full. */
    outputs->owner.space(outputs->owner.user);
}

static void on_space(void *user)
{
    struct outputs *outputs = user;
    outputs->owner.space(outputs->owner.user);
}

static void on_presented(void *user, const struct pitether_frame *frame,
                         const struct sink_presentation *presentation)
{
    struct outputs *outputs = user;
    pthread_mutex_lock(&outputs->lock);
    for (unsigned i = 0; i < outputs->count; i++)
        if (outputs->sinks[i]->ops->presented)
            outputs->sinks[i]->ops->presented(outputs->sinks[i], frame, presentation);
    pthread_mutex_unlock(&outputs->lock);
}

static void on_seen(void *user, struct sink *sink, bool seen)
{
    struct outputs *outputs = user;
    pthread_mutex_lock(&outputs->lock);
    unsigned at = find(outputs, sink);
    if (at < outputs->count)
        outputs->unseen[at] = !seen;
    bool changed = update_unseen(outputs), any_seen = !outputs->all_unseen;
    pthread_mutex_unlock(&outputs->lock);
    if (changed)
        outputs->owner.seen(outputs->owner.user, any_seen);
}

static struct sink_rates on_rates(void *user)
{
    struct outputs *outputs = user;
    return outputs->owner.rates(outputs->owner.user);
}

static int on_set(void *user, const char *assignments, uint32_t *request)
{
    struct outputs *outputs = user;
    return outputs->owner.set(outputs->owner.user, assignments, request);
}

void outputs_init(struct outputs *outputs, const struct outputs_owner *owner)
{
    *outputs = (struct outputs){ .owner = *owner };
    pthread_mutex_init(&outputs->lock, NULL);
}

void outputs_clear(struct outputs *outputs)
{
    pthread_mutex_destroy(&outputs->lock);
}

struct sink_owner outputs_sink_owner(struct outputs *outputs)
{
    return (
        struct sink_owner){ on_gone, on_space, on_presented, on_seen, on_rates, on_set, outputs };
}

void outputs_add(struct outputs *outputs, struct sink *sink)
{
    assert(outputs->count < SINK_KINDS_MAX);
    pthread_mutex_lock(&outputs->lock);
    outputs->unseen[outputs->count] = false;
    outputs->sinks[outputs->count++] = sink;
    pthread_mutex_unlock(&outputs->lock);
}

struct sink_bound outputs_bound(struct outputs *outputs)
{
    struct sink_bound sum = { 0 };
    pthread_mutex_lock(&outputs->lock);
    for (unsigned i = 0; i < outputs->count; i++)
        if (keeps(outputs->sinks[i])) {
            sum.frames += outputs->sinks[i]->bound.frames;
            sum.bytes += outputs->sinks[i]->bound.bytes;
        }
    pthread_mutex_unlock(&outputs->lock);
    return sum;
}

/* Under the lock. */
static bool all_are_full(const struct outputs *outputs)
{
    bool any = false;
    for (unsigned i = 0; i < outputs->count; i++) {
        struct sink *sink = outputs->sinks[i];
        if (!keeps(sink))
            continue;
        if (!sink->ops->is_full || !sink->ops->is_full(sink))
            return false;
        any = true;
    }
    return any;
}

bool outputs_are_full(struct outputs *outputs)
{
    pthread_mutex_lock(&outputs->lock);
    bool full = all_are_full(outputs);
    pthread_mutex_unlock(&outputs->lock);
    return full;
}

bool outputs_frame(struct outputs *outputs, const struct pitether_frame *frame, bool keep)
{
    bool counts = false;
    pthread_mutex_lock(&outputs->lock);
    for (unsigned i = 0; i < outputs->count; i++) {
        struct sink *sink = outputs->sinks[i];
        if (!keep && keeps(sink))
            continue;
        enum sink_result result = sink->ops->frame(sink, frame);
        counts = counts || (keeps(sink) && result == SINK_TAKEN);
    }
    pthread_mutex_unlock(&outputs->lock);
    return counts;
}

void outputs_format(struct outputs *outputs, const struct pitether_stream *stream)
{
    pthread_mutex_lock(&outputs->lock);
    for (unsigned i = 0; i < outputs->count; i++)
        if (outputs->sinks[i]->ops->format)
            outputs->sinks[i]->ops->format(outputs->sinks[i], stream);
    pthread_mutex_unlock(&outputs->lock);
}

void outputs_drops(struct outputs *outputs, const struct pitether_drops *drops)
{
    pthread_mutex_lock(&outputs->lock);
    for (unsigned i = 0; i < outputs->count; i++)
        if (outputs->sinks[i]->ops->drops)
            outputs->sinks[i]->ops->drops(outputs->sinks[i], drops);
    pthread_mutex_unlock(&outputs->lock);
}

void outputs_note(struct outputs *outputs, const char *note)
{
    pthread_mutex_lock(&outputs->lock);
    for (unsigned i = 0; i < outputs->count; i++)
        if (outputs->sinks[i]->ops->note)
            outputs->sinks[i]->ops->note(outputs->sinks[i], note);
    pthread_mutex_unlock(&outputs->lock);
}

void outputs_controls(struct outputs *outputs, const struct pitether_controls *controls)
{
    pthread_mutex_lock(&outputs->lock);
    for (unsigned i = 0; i < outputs->count; i++)
        if (outputs->sinks[i]->ops->controls)
            outputs->sinks[i]->ops->controls(outputs->sinks[i], controls);
    pthread_mutex_unlock(&outputs->lock);
}

void outputs_changed(struct outputs *outputs, const struct pitether_changed *changed)
{
    pthread_mutex_lock(&outputs->lock);
    for (unsigned i = 0; i < outputs->count; i++)
        if (outputs->sinks[i]->ops->changed)
            outputs->sinks[i]->ops->changed(outputs->sinks[i], changed);
    pthread_mutex_unlock(&outputs->lock);
}
