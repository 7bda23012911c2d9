#include "device/loop.h"

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

int loop_run(struct loop *loop, void (*after)(void *user), void *user)
{
    struct epoll_event events[EVENTS_MAX];
    while (!loop->stopping) {
        int count = epoll_wait(loop->fd, events, EVENTS_MAX, -1);
        if (count < 0 && errno != EINTR)
            return -errno;
        for (int i = 0; i < count; i++) {
            struct watch *watch = events[i].data.ptr;
            if (watch->ready)
                watch->ready(watch->user, events[i].events);
        }
        after(user);
    }
    return 0;
}

void loop_stop(struct loop *loop)
{
    loop->stopping = true;
}
