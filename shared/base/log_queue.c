#include "shared/base/log_queue.h"

#include <string.h>

enum { SIZE_BYTES = 2 };

static void put_bytes(struct log_queue *queue, const void *from, size_t size)
{
    size_t at = (queue->first + queue->used) % LOG_QUEUE_BYTES;
    size_t straight = size < LOG_QUEUE_BYTES - at ? size : LOG_QUEUE_BYTES - at;
    memcpy(queue->bytes + at, from, straight);
    memcpy(queue->bytes, (const uint8_t *)from + straight, size - straight);
    queue->used += size;
}

static void take_bytes(struct log_queue *queue, void *to, size_t size)
{
    size_t rest = LOG_QUEUE_BYTES - queue->first, straight = size < rest ? size : rest;
    memcpy(to, queue->bytes + queue->first, straight);
    memcpy((uint8_t *)to + straight, queue->bytes, size - straight);
    queue->first = (queue->first + size) % LOG_QUEUE_BYTES;
    queue->used -= size;
    queue->before_loss -= size < queue->before_loss ? size : queue->before_loss;
}

void log_queue_put(struct log_queue *queue, const char *line, size_t size)
{
    uint16_t length = (uint16_t)size;
    if (queue->used + SIZE_BYTES + size > LOG_QUEUE_BYTES) {
        if (queue->lost++ == 0)
            queue->before_loss = queue->used;
        return;
    }
    put_bytes(queue, &length, SIZE_BYTES);
    put_bytes(queue, line, size);
}

size_t log_queue_take(struct log_queue *queue, char *line)
{
    uint16_t length = 0;
    if (queue->used == 0)
        return 0;
    take_bytes(queue, &length, SIZE_BYTES);
    take_bytes(queue, line, length);
    return length;
}

uint64_t log_queue_take_loss(struct log_queue *queue)
{
    uint64_t lost = queue->before_loss == 0 ? queue->lost : 0;
    queue->lost -= lost;
    return lost;
}

void log_queue_lose(struct log_queue *queue, uint64_t lines)
{
    queue->lost += lines;
    queue->before_loss = 0;
}
