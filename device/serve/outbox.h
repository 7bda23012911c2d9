/*
 * Messages about controls that wait to be written to one client: answers to its SETs, and notices
 * of what others set. A message for several clients is encoded and kept once.
 *
 * Bounded: a client that does not read loses notices, and is sent the whole list of controls
 * instead. Answers are kept: there can be no more than the SETs that a client may have unanswered.
 * The loop thread alone.
 *
 *
 */
#ifndef PITETHER_DEVICE_SERVE_OUTBOX_H
#define PITETHER_DEVICE_SERVE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/serve/write_batch.h"
#include "shared/base/attributes.h"

enum { OUTBOX_ANSWERS = 64, OUTBOX_NOTICES = 32, OUTBOX_MAX = OUTBOX_ANSWERS + OUTBOX_NOTICES };

/* An encoded message. */
struct shared_message {
    unsigned holders;
    size_t size; /* at most WIRE_MESSAGE_MAX */
    uint8_t bytes[];
};

/* A copy of the bytes, with one reference. NULL: out of memory. */
NODISCARD struct shared_message *shared_message_create(const uint8_t *bytes, size_t size);
/* Releases one reference; the last one frees the message. NULL is fine. */
void shared_message_release(struct shared_message *message);

struct outbox {
    struct outbox_item {
        struct shared_message *message;
        bool answer;
    } items[OUTBOX_MAX]; /* a ring */
    unsigned first, count;
    unsigned notices; /* of those */
    unsigned due;     /* answers that are not written yet, including those that are not known yet */
};

static inline bool outbox_empty(const struct outbox *outbox)
{
    return outbox->count == 0;
}

/* Adds an answer, of which it takes a reference. One must be due. */
void outbox_answer(struct outbox *outbox, struct shared_message *message);
/* Adds a notice likewise. False: there are too many; all are dropped. */
NODISCARD bool outbox_notice(struct outbox *outbox, struct shared_message *message);

/* Moves messages to the batch, as many as there is space for: at least `most` bytes, if there are
 * that many, and one message more at most. */
void outbox_fill(struct outbox *outbox, struct write_batch *write_batch, size_t most);

/* Releases all. */
void outbox_clear(struct outbox *outbox);

#endif
