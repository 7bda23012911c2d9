#include "device/serve/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS_MAX = 64 };

int loop_init(struct loop *loop)
{
    loop->stopping = false;
    loop->fd = epoll_create1(EPOLL_CLOEXEC);
    return loop->fd < 0 ? -errno : 0;
}

void loop_destroy(struct loop *loop)
{
    close(loop->fd);
}

int loop_add(struct loop *loop, struct watch *watch)
{
    struct epoll_event event = { .events = watch->events, .data.ptr = watch };
    return epoll_ctl(loop->fd, EPOLL_CTL_ADD, watch->fd, &event) ? -errno : 0;
}

void loop_change(struct loop *loop, struct watch *watch, uint32_t events)
{
    if (watch->events == events)
        return;
    struct epoll_event event = { .events = events, .data.ptr = watch };
    if (epoll_ctl(loop->fd, EPOLL_CTL_MOD, watch->fd, &event) == 0)
        watch->events = events;
}

void loop_remove(struct loop *loop, struct watch *watch)
{
    epoll_ctl(loop->fd, EPOLL_CTL_DEL, watch->fd, NULL);
    watch->ready = NULL;
}

int loop_move(struct loop *from, struct loop *to, struct watch *watch)
{
    epoll_ctl(from->fd, EPOLL_CTL_DEL, watch->fd, NULL);
    return loop_add(to, watch);
}

static void call(const struct epoll_event *event)
{
    struct watch *watch = event->data.ptr;
    if (watch->ready)
        watch->ready(watch->user, event->events);
}

/* The kernel puts what was reported, and is still ready, behind the others. */
void loop_turn(struct loop *loop)
{
    struct epoll_event event;
    if (epoll_wait(loop->fd, &event, 1, 0) == 1)
        call(&event);
}

int loop_run(struct loop *loop, void (*between)(void *user), void (*after)(void *user), void *user)
{
    struct epoll_event events[EVENTS_MAX];
    while (!loop->stopping) {
        int count = epoll_wait(loop->fd, events, EVENTS_MAX, -1);
        if (count < 0 && errno != EINTR)
            return -errno;
        for (int i = 0; i < count; i++) {
            if (i > 0)
                between(user);
            call(&events[i]);
        }
        after(user);
    }
    return 0;
}

void loop_stop(struct loop *loop)
{
    loop->stopping = true;
}
