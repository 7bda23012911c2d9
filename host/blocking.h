/*
 * A thread whose system calls may block for ever: on a pipe that nobody reads, on a disk that
 * hangs. Whoever ends it can lose patience; what it is stuck in is interrupted then.
 */
#ifndef PITETHER_HOST_BLOCKING_H
#define PITETHER_HOST_BLOCKING_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A part of the struct that belongs to the thread. The fields are blocking.c's own. */
struct blocking {
    pthread_t thread;
    void (*run)(void *user);
    void *user;
    atomic_bool abandoned;
};

/* Starts run(user) on a thread of that name (at most 15 bytes). 0 or a negative errno. */
int blocking_start(struct blocking *blocking, const char *name, void (*run)(void *user),
                   void *user);

/* Waits for its end; with patience_ns > 0 it is abandoned after so long. One call after each
 * blocking_start() that succeeded. */
void blocking_join(struct blocking *blocking, uint64_t patience_ns);

/* For the thread itself: true once it is abandoned. A system call that blocks then returns EINTR,
 * and nothing that may block should be begun. False on all other threads. */
bool blocking_abandoned(void);

#endif
