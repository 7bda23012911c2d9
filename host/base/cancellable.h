/*
 * A thread whose system calls may block for ever: on a pipe that nobody reads, on a disk that
 * hangs. Whoever ends it can stop waiting; what it is stuck in is interrupted then, if the kernel
 * lets it be: a call that waits for a broken disk or a server that is away may not.
 */
#ifndef PITETHER_HOST_BASE_CANCELLABLE_H
#define PITETHER_HOST_BASE_CANCELLABLE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/grace.h"
#include "shared/base/attributes.h"

/* A part of the struct that belongs to the thread. The fields are blocking.c's own. */
struct cancellable {
    pthread_t thread;
    const char *name;
    void (*run)(void *user);
    void *user;
    atomic_bool abandoned, ended;
    int ended_fd;
};

/* Starts run(user) on a thread of that name (at most 15 bytes, static). 0 or a negative errno. */
NODISCARD int cancellable_start(struct cancellable *cancellable, const char *name,
                                void (*run)(void *user), void *user);

/* Waits for its end. Once grace_wait() says that it need not be waited for, it is abandoned, which
 * ends it as soon as its system call can be interrupted. grace: NULL waits without a limit. One
 * call after each cancellable_start() that succeeded. */
void cancellable_join(struct cancellable *cancellable, struct grace *grace, bool patient);

/* For the thread itself: true once it is abandoned. A system call that blocks then returns EINTR,
 * and nothing that may block should be begun. False on all other threads. */
bool cancellable_abandoned(void);

/* Writes all of it, however long it takes. 0 or a negative errno, -EINTR once the thread is
 * abandoned; *done gets how much was written in any case. Any thread. */
int cancellable_write(int fd, const void *data, size_t size, size_t *done);

#endif
