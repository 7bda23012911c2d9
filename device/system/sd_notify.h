/*
 * Notifications for the service manager: systemd's protocol, sd_notify(3). Without one that asked
 * for them, nothing happens. One thread.
 */
#ifndef PITETHER_DEVICE_SYSTEM_SD_NOTIFY_H
#define PITETHER_DEVICE_SYSTEM_SD_NOTIFY_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "shared/base/attributes.h"

struct sd_notify {
    int fd; /* -1: no notifications */
    struct sockaddr_un to;
    socklen_t to_size;
    uint64_t watchdog_ns; /* interval of "WATCHDOG=1"; 0: none */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. If they are wrong, logs that and sends no
 * notifications. */
void sd_notify_open(struct sd_notify *service);

/* Sends "READY=1"; waits up to a second for a busy service manager. */
void sd_notify_ready(const struct sd_notify *service);

/* Sends lines of the form NAME=VALUE, with a line feed in between; cut at 500 bytes. What can't be
 * sent at once is lost: the next WATCHDOG=1 follows soon, and no service manager may block the
 * loop. */
void sd_notify_send(const struct sd_notify *service, const char *format, ...) PRINTF_LIKE(2, 3);

void sd_notify_close(struct sd_notify *service);

#endif
