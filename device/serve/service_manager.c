#include "device/serve/service_manager.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "shared/base/clock.h"

static void on_watchdog(void *user, uint32_t events)
{
    (void)events;
    struct service_manager *manager = user;
    uint64_t count;
    if (read(manager->watchdog_watch.fd, &count, sizeof(count)) == sizeof(count))
        sd_notify_send(&manager->service, "WATCHDOG=1");
}

/* Only a loop that turns gets to the pings: one that does not is what the watchdog is for. */
static int start_watchdog(struct service_manager *manager, struct loop *loop)
{
    struct timespec interval = clock_timespec(manager->service.watchdog_ns);
    struct itimerspec timer = { interval, interval };
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd < 0)
        return -errno;
    manager->watchdog_watch = (struct watch){ fd, EPOLLIN, on_watchdog, manager };
    timerfd_settime(fd, 0, &timer, NULL);
    return loop_add(loop, &manager->watchdog_watch);
}

int service_manager_open(struct service_manager *manager, struct loop *loop)
{
    manager->watchdog_watch.fd = -1;
    sd_notify_open(&manager->service);
    return manager->service.watchdog_ns ? start_watchdog(manager, loop) : 0;
}

void service_manager_ready(const struct service_manager *manager)
{
    sd_notify_ready(&manager->service);
}

void service_manager_stopping(const struct service_manager *manager)
{
    sd_notify_send(&manager->service, "STOPPING=1");
}

static const char *state_text(const struct stream *stream)
{
    if (stream->running)
        return "on";
    return stream->status.state == WIRE_STREAM_LOST ? "lost, trying to restart it" : "off";
}

/* Not a status's own text: a camera's name in it could hold a line of the protocol. */
void service_manager_streams(const struct service_manager *manager, struct stream *const *streams,
                             unsigned count)
{
    char text[400] = "";
    size_t used = 0;
    if (count == 1)
        snprintf(text, sizeof(text), "The camera is %s.", state_text(streams[0]));
    for (unsigned i = 0; count > 1 && i < count && used < sizeof(text); i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s: %s", i ? "; " : "",
                                 streams[i]->config.name, state_text(streams[i]));
    sd_notify_send(&manager->service, "STATUS=%s", text);
}

void service_manager_close(struct service_manager *manager)
{
    if (manager->watchdog_watch.fd >= 0)
        close(manager->watchdog_watch.fd);
    sd_notify_close(&manager->service);
}
