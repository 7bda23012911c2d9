#include "device/stream/changes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/controls/pairs.h"
#include "device/stream/decision.h"

int changes_create(struct changes **changes, const struct changes_config *config)
{
    struct changes *self = *changes = calloc(1, sizeof(*self));
    if (!self)
        return -ENOMEM;
    self->config = *config;
    pthread_mutex_init(&self->lock, NULL);
    settings_init(&self->settings, config->controls);
    return 0;
}

void changes_destroy(struct changes **changes)
{
    if (!changes || !*changes)
        return;
    struct changes *self = *changes;
    change_list_free(&self->pending);
    change_list_free(&self->decided);
    control_table_clear(&self->table);
    pthread_mutex_destroy(&self->lock);
    free(self);
    *changes = NULL;
}

/* Moves changes that are decided from the pending ones to those that are to be answered. */
static void sort_out(struct changes *changes)
{
    struct change_list left = { NULL, NULL };
    struct change *change;
    bool any = false;
    while ((change = change_list_take(&changes->pending))) {
        change_list_add(change->decided ? &changes->decided : &left, change);
        any |= change->decided;
    }
    changes->pending = left;
    if (any)
        events_notify(changes->config.events);
}

static void set_table(struct changes *changes, struct control_table *table)
{
    control_table_clear(&changes->table);
    changes->table = *table;
    changes->generation++;
    changes->timeout = (struct stall_timeout){ 0 };
    changes->seen.size = 0;
}

void changes_expect(struct changes *changes)
{
    pthread_mutex_lock(&changes->lock);
    if (!changes->running)
        set_table(changes, &(struct control_table){ .items = NULL });
    pthread_mutex_unlock(&changes->lock);
}

void changes_started(struct changes *changes, bool exact)
{
    pthread_mutex_lock(&changes->lock);
    changes->running = true; /* also one that has no controls */
    changes->exact |= exact;
    pthread_mutex_unlock(&changes->lock);
}

void changes_stop(struct changes *changes, bool runs_again)
{
    pthread_mutex_lock(&changes->lock);
    changes->running &= runs_again;
    for (struct change *change = changes->pending.first; change; change = change->next) {
        change->taken = false;
        change->looks = 0;
        if (!runs_again)
            decision_lose(change);
    }
    sort_out(changes);
    pthread_mutex_unlock(&changes->lock);
}

int changes_begin(void *user, const struct control_table *table, struct control_list *list,
                  struct error *error)
{
    struct changes *changes = user;
    struct control_table copy = { .items = NULL };
    if (control_table_copy(&copy, table))
        return error_set(error, -ENOMEM, "out of memory for the camera's controls");
    pthread_mutex_lock(&changes->lock);
    set_table(changes, &copy);
    int result =
        settings_begin(&changes->settings, changes->config.label, &changes->table, list, error);
    settings_fill(&changes->settings, &changes->table);
    changes->running = result == 0;
    if (result == 0)
        stall_timeout_set(&changes->timeout, list);
    pthread_mutex_unlock(&changes->lock);
    return result;
}

int changes_fill(struct changes *changes, const struct control_table *table,
                 struct control_list *list, struct error *error)
{
    pthread_mutex_lock(&changes->lock);
    int result = settings_begin(&changes->settings, changes->config.label, table, list, error);
    if (result == 0)
        stall_timeout_set(&changes->timeout, list);
    pthread_mutex_unlock(&changes->lock);
    return result;
}

void changes_given(struct changes *changes, const struct control_list *list)
{
    pthread_mutex_lock(&changes->lock);
    given_note(&changes->settings.given, list);
    pthread_mutex_unlock(&changes->lock);
}

/* False: the list can't hold it. */
static bool add_to(struct control_list *list, const struct change *change)
{
    struct control_list more = *list;
    for (unsigned i = 0; i < change->count; i++) {
        const struct change_item *item = &change->items[i];
        if (item->given.type == VALUE_NONE)
            continue;
        pairs_supersede(&more, item->name, &item->given);
        if (!control_list_set(&more, item->name, &item->given))
            return false;
        more.items[more.count - 1].given_back = change_item_is_given_back(item);
    }
    *list = more;
    return true;
}

/* Of a control that several of the changes up to `last` set, only the last one's value counts. */
static void replace_up_to(struct change *first, uint64_t last)
{
    for (struct change *change = first; change; change = change->next)
        for (struct change *later = change->next;
             later && later->number <= last && !change->decided; later = later->next)
            decision_replace(change, later);
}

static struct change *first_untaken(const struct changes *changes)
{
    struct change *change = changes->pending.first;
    while (change && change->taken)
        change = change->next;
    return change;
}

uint64_t changes_take(void *user, struct control_list *list)
{
    struct changes *changes = user;
    uint64_t number = 0;
    pthread_mutex_lock(&changes->lock);
    struct change *first = first_untaken(changes);
    if (first)
        list->count = 0;
    for (struct change *change = first; change && add_to(list, change); change = change->next) {
        change->taken = true;
        number = change->number;
    }
    if (first) {
        control_list_arrange(list);
        stall_timeout_set(&changes->timeout, list);
        given_note(&changes->settings.given, list);
        replace_up_to(first, number);
        for (struct change *change = first; change && change->taken; change = change->next) {
            change->batch = number;
            change->kept_before = first->kept_before;
        }
        sort_out(changes);
    }
    pthread_mutex_unlock(&changes->lock);
    return number;
}

/* Merges a change that is still to be shown into the settings once more. */
static void keep_again(struct settings *settings, const struct change *change)
{
    for (unsigned i = 0; i < change->count; i++) {
        const struct change_item *item = &change->items[i];
        settings_keep(settings, item->name, &item->given, change_item_is_given_back(item));
    }
}

/* The camera has none of it, unless it had that before; and would refuse to be given it back. */
static void forget_given(struct settings *settings, const struct change *change)
{
    for (unsigned i = 0; i < change->count; i++)
        if (!control_list_find(&change->kept_before, change->items[i].name))
            given_forget(&settings->given, change->items[i].name);
}

/* Settings that the camera refuses are forgotten, since it would refuse them at each start: it
 * keeps what was set before, and what was requested later is still to be set. */
void changes_refuse(void *user, uint64_t number)
{
    struct changes *changes = user;
    struct change *first = NULL;
    pthread_mutex_lock(&changes->lock);
    for (struct change *change = changes->pending.first; change; change = change->next) {
        if (!change->taken || change->batch != number)
            continue;
        decision_refuse(change);
        first = first ? first : change;
    }
    if (first)
        changes->settings.kept = first->kept_before;
    for (struct change *change = first; change; change = change->next)
        if (!change->decided)
            keep_again(&changes->settings, change);
    for (struct change *change = first; change; change = change->next)
        if (change->decided)
            forget_given(&changes->settings, change);
    settings_fill(&changes->settings, &changes->table);
    changes->generation++;
    sort_out(changes);
    pthread_mutex_unlock(&changes->lock);
}

/* Once a later change is decided, no frame can show a value that it replaced, whether earlier
 * frames did or not. */
static void replace_by_decided(struct changes *changes)
{
    for (struct change *change = changes->pending.first; change; change = change->next)
        for (struct change *later = change->next; later && !change->decided; later = later->next)
            if (later->decided)
                decision_replace(change, later);
}

/* Parts of a later change may show before all of it does. */
static void overtake(struct change *decided, uint64_t applied)
{
    for (const struct change *later = decided->next; later && later->number <= applied;
         later = later->next)
        decision_overtake(decided, later);
}

static void look(struct changes *changes, const struct raw_frame *frame)
{
    const struct decision_frame seen = { .id = frame->id,
                                         .applied = frame->applied_change,
                                         .shown = frame->shown_change,
                                         .metadata = &frame->metadata,
                                         .names = changes->config.names,
                                         .exact = changes->exact };
    replace_up_to(changes->pending.first, frame->shown_change);
    for (struct change *change = changes->pending.first; change; change = change->next) {
        if (change->decided)
            continue;
        decision_look(change, &seen);
        if (change->decided)
            overtake(change, frame->applied_change);
    }
    replace_by_decided(changes);
    sort_out(changes);
}

void changes_frame(struct changes *changes, const struct raw_frame *frame)
{
    pthread_mutex_lock(&changes->lock);
    stall_timeout_frame(&changes->timeout, &frame->metadata, changes->config.names);
    changes->exact |= frame->shown_change != 0;
    changes->seen = frame->metadata;
    if (changes->pending.first)
        look(changes, frame);
    pthread_mutex_unlock(&changes->lock);
}

uint64_t changes_timeout_ns(struct changes *changes, double fps)
{
    pthread_mutex_lock(&changes->lock);
    uint64_t timeout = stall_timeout_ns(&changes->timeout, fps);
    pthread_mutex_unlock(&changes->lock);
    return timeout;
}

/* Adds the change that is in the scratch, and merges it into the settings. As consider(). */
static struct change *accept(struct changes *changes, const struct change_request *request,
                             struct change **answer)
{
    struct change *change = change_create(request, WIRE_CHANGED_DONE, "", &changes->scratch);
    if (!change)
        return NULL;
    change->kept_before = changes->settings.kept;
    if (!settings_merge(&changes->settings, &changes->scratch)) {
        free(change);
        return *answer = change_create(request, WIRE_CHANGED_REJECTED,
                                       "more controls are set than can be kept", NULL);
    }
    settings_fill(&changes->settings, &changes->table);
    change->number = ++changes->newest;
    change->before = changes->seen;
    change_list_add(&changes->pending, change);
    changes->count++;
    return change;
}

static struct change *reject(struct changes *changes, const struct change_request *request)
{
    struct error error;
    assignments_explain(&changes->scratch, request->text, &error);
    return change_create(request, WIRE_CHANGED_REJECTED, error.text, &changes->scratch);
}

/* With the lock. *answer is set if there is one already. NULL: out of memory. */
static struct change *consider(struct changes *changes, const struct change_request *request,
                               struct change **answer)
{
    if (!changes->running)
        return *answer = change_create(request, WIRE_CHANGED_NO_CAMERA, "the camera is not running",
                                       NULL);
    if (changes->count == CHANGES_MAX)
        return *answer = change_create(request, WIRE_CHANGED_BUSY,
                                       "many changes wait for a frame that shows them", NULL);
    if (assignments_read(&changes->scratch, request->text, &changes->table, ASSIGNMENTS_CLAMP))
        return *answer = reject(changes, request);
    return accept(changes, request, answer);
}

int changes_request(struct changes *changes, const struct change_request *request,
                    struct change **answer)
{
    *answer = NULL;
    pthread_mutex_lock(&changes->lock);
    struct change *change = consider(changes, request, answer);
    pthread_mutex_unlock(&changes->lock);
    return change ? 0 : -ENOMEM;
}

struct change *changes_decided(struct changes *changes)
{
    pthread_mutex_lock(&changes->lock);
    struct change *change = change_list_take(&changes->decided);
    if (change)
        changes->count--;
    pthread_mutex_unlock(&changes->lock);
    return change;
}

static void forget(const struct change_list *list, const void *requester)
{
    for (struct change *change = list->first; change; change = change->next)
        if (change->requester == requester)
            change->requester = NULL;
}

void changes_forget(struct changes *changes, const void *requester)
{
    pthread_mutex_lock(&changes->lock);
    forget(&changes->pending, requester);
    forget(&changes->decided, requester);
    pthread_mutex_unlock(&changes->lock);
}

size_t changes_encode_table(struct changes *changes, uint8_t stream, struct changes_cursor *cursor,
                            uint8_t *out)
{
    pthread_mutex_lock(&changes->lock);
    if (cursor->generation != changes->generation)
        *cursor = (struct changes_cursor){ .generation = changes->generation };
    size_t size = wire_encode_controls(stream, &changes->table, &cursor->next, out);
    cursor->done = cursor->next == changes->table.count;
    pthread_mutex_unlock(&changes->lock);
    return size;
}
