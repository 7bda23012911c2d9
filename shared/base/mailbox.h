/*
 * One slot between two threads: a newer item replaces the one in it, which goes back to the caller
 * that put the newer one. Lock-free; any thread may put, any thread may take. The mailbox owns an
 * item until it is taken or displaced; whoever gets it must release it.
 */
#ifndef PITETHER_SHARED_BASE_MAILBOX_H
#define PITETHER_SHARED_BASE_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mailbox {
    _Atomic(void *) slot;
    atomic_uint displaced; /* items that were replaced; wraps: ARMv6 has no 64-bit atomics */
};

/* Puts item (not NULL); returns the one that it displaced, or NULL. */
static inline void *mailbox_put(struct mailbox *mailbox, void *item)
{
    void *old = atomic_exchange(&mailbox->slot, item);
    if (old)
        atomic_fetch_add(&mailbox->displaced, 1);
    return old;
}

/* Takes the item, or NULL. */
static inline void *mailbox_take(struct mailbox *mailbox)
{
    return atomic_exchange(&mailbox->slot, NULL);
}

/* Whether there is an item, unless another thread takes it first. */
static inline bool mailbox_has_item(struct mailbox *mailbox)
{
    return atomic_load(&mailbox->slot) != NULL;
}

static inline unsigned mailbox_displaced(struct mailbox *mailbox)
{
    return atomic_load(&mailbox->displaced);
}

#endif
