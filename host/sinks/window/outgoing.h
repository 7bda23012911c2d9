/*
 * Settings of the user that wait to be sent. An answer takes as long as some frames; what is set
 * meanwhile is merged to the newest value of each control, so that a held key or a turning wheel
 * does not queue more than the camera can do. Pure.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_OUTGOING_H
#define PITETHER_HOST_SINKS_WINDOW_OUTGOING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OUTGOING_UNANSWERED = 4, /* sent at once */
    OUTGOING_WAITING = 8,    /* controls */
    OUTGOING_NAME_MAX = 48,
    OUTGOING_VALUE_MAX = 160,
    OUTGOING_TEXT_SIZE = OUTGOING_WAITING * (OUTGOING_NAME_MAX + OUTGOING_VALUE_MAX + 2) + 1
};

struct outgoing_item {
    char name[OUTGOING_NAME_MAX + 1], value[OUTGOING_VALUE_MAX + 1];
};

/* All zeroes at first. */
struct outgoing {
    struct outgoing_item waiting[OUTGOING_WAITING];
    unsigned waiting_count;
    uint32_t unanswered[OUTGOING_UNANSWERED]; /* requests */
    unsigned unanswered_count;
};

/* In the place of an earlier value of that control. False: too many wait, or it is too long. */
bool outgoing_put(struct outgoing *outgoing, const char *name, const char *value);

/* Writes all that waits as "NAME=VALUE,NAME=VALUE" to text, OUTGOING_TEXT_SIZE bytes. False:
 * nothing does, or answers must come first. It goes on waiting until outgoing_sent(). */
bool outgoing_text(const struct outgoing *outgoing, char *text);

/* What waited was sent with this request. */
void outgoing_sent(struct outgoing *outgoing, uint32_t request);

/* Nothing waits to be sent any more. Answers may still be due. */
void outgoing_clear(struct outgoing *outgoing);

/* Whether the answer is to one of those that were sent. */
bool outgoing_answered(struct outgoing *outgoing, uint32_t request);

/* The value of that control that waits to be sent, or NULL. */
const char *outgoing_find(const struct outgoing *outgoing, const char *name);

#endif
