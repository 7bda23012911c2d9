#include "device/serve/outbox.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct shared_message *shared_message_create(const uint8_t *bytes, size_t size)
{
    struct shared_message *message = malloc(sizeof(*message) + size);
    if (!message)
        return NULL;
    message->holders = 1;
    message->size = size;
    memcpy(message->bytes, bytes, size);
    return message;
}

void shared_message_release(struct shared_message *message)
{
    if (message && --message->holders == 0)
        free(message);
}

static void add(struct outbox *outbox, struct shared_message *message, bool answer)
{
    assert(outbox->count < OUTBOX_MAX);
    message->holders++;
    outbox->items[(outbox->first + outbox->count++) % OUTBOX_MAX] =
        (struct outbox_item){ message, answer };
    outbox->notices += !answer;
}

static struct outbox_item take(struct outbox *outbox)
{
    struct outbox_item item = outbox->items[outbox->first];
    outbox->first = (outbox->first + 1) % OUTBOX_MAX;
    outbox->count--;
    outbox->notices -= !item.answer;
    return item;
}

void outbox_answer(struct outbox *outbox, struct shared_message *message)
{
    assert(outbox->due > outbox->count - outbox->notices);
    add(outbox, message, true);
}

static void drop_notices(struct outbox *outbox)
{
    for (unsigned left = outbox->count; left > 0; left--) {
        struct outbox_item item = take(outbox);
        if (item.answer)
            add(outbox, item.message, true);
        shared_message_release(item.message);
    }
}

bool outbox_notice(struct outbox *outbox, struct shared_message *message)
{
    if (outbox->notices == OUTBOX_NOTICES) {
        drop_notices(outbox);
        return false;
    }
    add(outbox, message, false);
    return true;
}

void outbox_fill(struct outbox *outbox, struct write_batch *write_batch, size_t most)
{
    size_t used = 0;
    uint8_t *space;
    while (!outbox_empty(outbox) && used < most && (space = write_batch_reserve(write_batch))) {
        struct outbox_item item = take(outbox);
        memcpy(space, item.message->bytes, item.message->size);
        write_batch_add(write_batch, item.message->size);
        used += item.message->size;
        outbox->due -= item.answer;
        shared_message_release(item.message);
    }
}

void outbox_clear(struct outbox *outbox)
{
    while (!outbox_empty(outbox))
        shared_message_release(take(outbox).message);
}
