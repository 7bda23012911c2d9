/*
 * The allocated lists behind the events CONTROLS and CHANGED. Any thread; one at a time for an
 * event.
 */
#ifndef PITETHER_HOST_LIB_EVENT_PAYLOAD_H
#define PITETHER_HOST_LIB_EVENT_PAYLOAD_H

#include <stdbool.h>

#include "host/lib/pitether.h"

/* The answer to a request of this receiver's, of which each must come. */
bool event_is_answer(const struct pitether_event *event);

/* It says what another receiver set. */
bool event_is_notice(const struct pitether_event *event);

/* Frees the event's list, if its type has one. */
void event_payload_free(const struct pitether_event *event);

/* Makes one notice of two: the newer one, and for each control that it has not, what the older one
 * says. The older one's list is freed; so is what exceeds the bound of a list, or memory. */
void event_merge_notices(const struct pitether_event *older, struct pitether_event *newer);

#endif
