/*
 * A thread whose system calls may block for ever: on a pipe that is not read, or on a disk that
 * hangs. Whoever joins it can stop waiting; its system call is interrupted then, if the kernel
 * allows it: a call that waits for a broken disk or an absent server may not be interruptible.
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

/* A part of the struct that belongs to the thread. The fields are cancellable.c's own. */
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

/* Waits for its end. When grace_wait() gives up, the thread is abandoned, which ends it as soon as
 * its system call can be interrupted. past_grace: see there. grace: NULL waits without a limit. One
 * call after each cancellable_start() that succeeded. */
void cancellable_join(struct cancellable *cancellable, struct grace *grace, bool past_grace);

/* For the thread itself: true once it is abandoned. Blocking system calls return EINTR from then
 * on, and none should be begun. False on all other threads. */
bool cancellable_abandoned(void);

/* Writes all of it, however long it takes. 0 or a negative errno, -EINTR once the thread is
 * abandoned; *done gets how much was written in any case. Any thread. */
int cancellable_write(int fd, const void *data, size_t size, size_t *done);

#endif
