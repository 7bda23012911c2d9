/*
 * The lines waiting to be written to standard error, and the count of those that did not fit.
 * Bounded; no I/O and no locks of its own: one thread at a time.
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
    size_t before_loss; /* how much of what is used came before the first lost line */
};

/* Adds a line of 1..LOG_LINE_MAX bytes; if the queue is full, the line is lost. */
void log_queue_put(struct log_queue *queue, const char *line, size_t size);

/* Takes the oldest line into line (LOG_LINE_MAX bytes), and returns its size; 0: there is none. */
size_t log_queue_take(struct log_queue *queue, char *line);

/* The number of lost lines, once all lines before them have been taken, and resets it; 0 until
 * then. */
uint64_t log_queue_take_loss(struct log_queue *queue);

/* Counts lines as lost that were taken but could not be written. */
void log_queue_lose(struct log_queue *queue, uint64_t lines);

#endif
