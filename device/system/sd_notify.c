/*
 * The protocol is one datagram for each message. libsystemd has a function for that, but would add
 * a library and its dependencies to a program that faces the network.
 */
#include "device/system/sd_notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/clock.h"
#include "shared/base/log.h"

enum { TEXT_MAX = 500 };

/* A decimal number up to `max`; 0 if it is not one. */
static uint64_t read_number(const char *text, uint64_t max)
{
    uint64_t number = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18 || text[digits] != '\0')
        return 0;
    number = strtoull(text, NULL, 10);
    return number <= max ? number : 0;
}

/* Half the timeout: a late ping has a second chance. */
static uint64_t watchdog_interval(void)
{
    const char *time = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    if (!time || (pid && read_number(pid, INT32_MAX) != (uint64_t)getpid()))
        return 0;
    uint64_t us = read_number(time, 86400 * UINT64_C(1000000));
    if (us == 0)
        log_warning("WATCHDOG_USEC=%.40s is not a time in microseconds: no watchdog", time);
    return us * 1000 / 2;
}

void sd_notify_open(struct sd_notify *service)
{
    const char *path = getenv("NOTIFY_SOCKET");
    *service = (struct sd_notify){ .fd = -1, .to.sun_family = AF_UNIX };
    if (!path || !*path)
        return;
    size_t size = strlen(path);
    if ((*path != '/' && *path != '@') || size >= sizeof(service->to.sun_path)) {
        log_warning("NOTIFY_SOCKET=%.120s is not the path of a socket: no notifications", path);
        return;
    }
    memcpy(service->to.sun_path, path, size);
    service->to_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
    if (*path == '@')
        service->to.sun_path[0] = '\0'; /* an abstract address: no zero ends it */
    else
        service->to_size++;
    service->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct timeval timeout = { .tv_sec = 1 };
    if (service->fd >= 0)
        setsockopt(service->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    if (service->fd < 0)
        log_warning("can't open a socket to notify %.120s: %s", path, strerror(errno));
    else
        service->watchdog_ns = watchdog_interval();
}

static bool send_text(const struct sd_notify *service, const char *text, size_t size, int flags)
{
    return sendto(service->fd, text, size, flags | MSG_NOSIGNAL,
                  (const struct sockaddr *)&service->to, service->to_size) >= 0;
}

void sd_notify_ready(const struct sd_notify *service)
{
    static const char text[] = "READY=1\nSTATUS=The camera is off.";
    if (service->fd >= 0 && !send_text(service, text, sizeof(text) - 1, 0))
        log_warning("can't notify the service manager that pitetherd is ready: %s",
                    strerror(errno));
}

void sd_notify_send(const struct sd_notify *service, const char *format, ...)
{
    char text[TEXT_MAX + 1];
    if (service->fd < 0)
        return;
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (!send_text(service, text, size < TEXT_MAX ? (size_t)size : TEXT_MAX, MSG_DONTWAIT))
        log_debug("the service manager did not receive %.40s: %s", text, strerror(errno));
}

void sd_notify_close(struct sd_notify *service)
{
    if (service->fd >= 0)
        close(service->fd);
    service->fd = -1;
}
