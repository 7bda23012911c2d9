/*
 * The allocated lists behind the events CONTROLS and CHANGED. Any thread; one at a time for an
 * event.
 */
#ifndef PITETHER_HOST_LIB_EVENT_PAYLOAD_H
#define PITETHER_HOST_LIB_EVENT_PAYLOAD_H

#include <stdbool.h>

#include "host/lib/pitether.h"

/* Whether it answers a request of this receiver; such an event must never be dropped. */
bool event_is_answer(const struct pitether_event *event);

/* Whether it says what another receiver set. */
bool event_is_notice(const struct pitether_event *event);

/* Frees the event's list, if its type has one. */
void event_payload_free(const struct pitether_event *event);

/* Merges an older notice into a newer one, which gets the controls that only the older one has.
 * The older one's list is freed. Controls without space or memory for them are dropped. */
void event_merge_notices(const struct pitether_event *older, struct pitether_event *newer);

#endif
