/*
 * An epoll loop: what descriptors are watched for, and what is called then. The loop's thread
 * alone.
 */
#ifndef PITETHER_DEVICE_SERVE_LOOP_H
#define PITETHER_DEVICE_SERVE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/attributes.h"

/* Embedded in what waits. It must stay where it is until loop_remove(), and its memory until the
 * after() that follows: events of the same round may still name it. */
struct watch {
    int fd;          /* not owned */
    uint32_t events; /* EPOLLIN, EPOLLOUT */
    void (*ready)(void *user, uint32_t events);
    void *user;
};

struct loop {
    int fd;
    bool stopping;
};

/* 0 or a negative errno. */
NODISCARD int loop_init(struct loop *loop);
void loop_destroy(struct loop *loop);

/* Begins to wait. 0 or a negative errno. */
NODISCARD int loop_add(struct loop *loop, struct watch *watch);
/* Waits for other events from now on; no system call if they are the same. Where the kernel refuses
 * it, watch->events stays as it was, and it is for the caller to try again. */
void loop_change(struct loop *loop, struct watch *watch, uint32_t events);
/* ready() is not called any more, not even for an event of this round. */
void loop_remove(struct loop *loop, struct watch *watch);

/* Waits in another loop from now on. 0 or a negative errno: then it waits in neither. */
NODISCARD int loop_move(struct loop *from, struct loop *to, struct watch *watch);

/* Calls one of the watches that are ready, the one that has waited longest: for a loop whose fd is
 * watched in another one. There is no round to wait for then: what was removed may be freed at
 * once. */
void loop_turn(struct loop *loop);

/* Calls the watches that are ready, between(user) between one and the next, and after(user) when a
 * round is done, until loop_stop(). */
NODISCARD int loop_run(struct loop *loop, void (*between)(void *user), void (*after)(void *user),
                       void *user);
void loop_stop(struct loop *loop);

#endif
