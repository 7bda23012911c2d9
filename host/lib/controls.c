/*
 * The camera's controls at a receiver: what is set goes to the daemon as soon as it can, what comes
 * of it becomes events, and what will have no answer gets one that says so.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/lib/event_payload.h"
#include "host/lib/from_wire.h"
#include "host/lib/receiver_private.h"
#include "shared/base/text.h"

void receiver_send_sets(struct pitether *receiver)
{
    struct wire_set set;
    while (set_queue_next(&receiver->sets, &set) && session_set(&receiver->session, &set))
        set_queue_sent(&receiver->sets, set.request);
}

static const char *why_there_is_no_answer(const struct pitether *receiver)
{
    const struct session *session = &receiver->session;
    if (session->state == SESSION_FAILED)
        return session->error.text;
    return receiver->stopping || session->state == SESSION_ENDED ? "receiving ended first"
                                                                 : "the connection was lost";
}

void receiver_give_up_sets(struct pitether *receiver, bool unsent)
{
    struct pitether_event event = { .type = PITETHER_CHANGED };
    struct pitether_changed *changed = &event.changed;
    changed->status = PITETHER_CHANGED_CUT;
    changed->first_id = UINT64_MAX;
    if (unsent)
        snprintf(changed->text, sizeof(changed->text),
                 "the receiver ended before this could be sent, so nothing was set");
    else
        snprintf(changed->text, sizeof(changed->text),
                 "no answer came, so it may have been set: %.200s",
                 why_there_is_no_answer(receiver));
    text_trim(changed->text);
    while ((changed->request = set_queue_give_up(&receiver->sets, unsent)))
        receiver_put(receiver, &event);
}

void receiver_take_controls(struct pitether *receiver, const struct control_table *controls)
{
    struct pitether_event event = { .type = PITETHER_CONTROLS };
    if (from_wire_controls(controls, &event.controls))
        log_warning("out of memory for the camera's controls");
    else
        receiver_put(receiver, &event);
}

/* "ExposureTime to 9987 µs" */
static size_t describe_change(struct pitether *receiver, const struct pitether_change *change,
                              char *text, size_t size)
{
    const struct control_table *table = &receiver->session.controls;
    const struct control_info *info = control_table_find(table, change->name, strlen(change->name));
    const char *word = NULL;
    char number[VALUE_TEXT_SIZE];
    bool known = change->now.type != PITETHER_VALUE_NONE;
    const struct pitether_value *value = known ? &change->now : &change->asked;
    pitether_value_format(value, NULL, number, sizeof(number));
    if (info && value->type == PITETHER_VALUE_INT32 && value->count == 1)
        word = control_word(info, value->int32[0]);
    bool unit = info && *info->unit && value->type != PITETHER_VALUE_NONE;
    return (size_t)snprintf(text, size, "%s to %.100s%s%s", change->name, word ? word : number,
                            unit ? " " : "", unit ? info->unit : "");
}

/* Logs what another receiver set and is in force. */
static void log_notice(struct pitether *receiver, const struct pitether_changed *changed)
{
    char text[400] = "";
    size_t used = 0;
    for (size_t i = 0; i < changed->count && used < sizeof(text); i++) {
        if (!pitether_change_is_in_force(&changed->changes[i]))
            continue;
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", used > 0 ? ", " : "");
        if (used < sizeof(text))
            used +=
                describe_change(receiver, &changed->changes[i], text + used, sizeof(text) - used);
    }
    text_trim(text);
    if (changed->status != PITETHER_CHANGED_DONE || used == 0 ||
        !log_passes(&receiver->changed_limit))
        return;
    if (changed->first_id != UINT64_MAX)
        log_info("%s set %s from frame %" PRIu64, changed->by, text, changed->first_id);
    else
        log_info("%s set %s", changed->by, text);
}

bool receiver_take_changed(struct pitether *receiver, const struct wire_changed *wire)
{
    struct pitether_event event = { .type = PITETHER_CHANGED };
    uint32_t request = wire->head.request;
    if (request != 0 && !set_queue_answered(&receiver->sets, request))
        return false;
    if (from_wire_changed(wire, receiver->session.epoch, &event.changed))
        log_warning("out of memory for what became of each control that was set");
    if (request == 0)
        log_notice(receiver, &event.changed);
    receiver_put(receiver, &event);
    return true;
}
