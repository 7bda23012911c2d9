/*
 * The lines that wait to be written to standard error, and the count of those that no room was left
 * for. Bounded; no I/O and no locks of its own: one thread at a time.
 */
#ifndef PITETHER_SHARED_BASE_LOG_QUEUE_H
#define PITETHER_SHARED_BASE_LOG_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOG_LINE_MAX = 1024, LOG_QUEUE_BYTES = 64 << 10 };

/* Zeroed at first. */
struct log_queue {
    uint8_t bytes[LOG_QUEUE_BYTES]; /* a ring of lines, each with its size in front */
    size_t first, used;
    uint64_t lost;      /* lines */
    size_t before_loss; /* of what is used, so much came before the first line that was lost */
};

/* Adds a line of 1..LOG_LINE_MAX bytes; where there is no room, it is lost. */
void log_queue_put(struct log_queue *queue, const char *line, size_t size);

/* Takes the oldest line into line (LOG_LINE_MAX bytes), and returns its size; 0: there is none. */
size_t log_queue_take(struct log_queue *queue, char *line);

/* How many lines are lost, once all that came before them is taken; they count no more then. */
uint64_t log_queue_take_loss(struct log_queue *queue);

/* Counts as lost what was taken and could not be written. */
void log_queue_lose(struct log_queue *queue, uint64_t lines);

#endif
