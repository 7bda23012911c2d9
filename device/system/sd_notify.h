/*
 * What whoever started the daemon is told of it: systemd's notification protocol, sd_notify(3).
 * Where nobody asked for that, nothing happens. One thread.
 */
#ifndef PITETHER_DEVICE_SYSTEM_SD_NOTIFY_H
#define PITETHER_DEVICE_SYSTEM_SD_NOTIFY_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct sd_notify {
    int fd; /* -1: nobody wants to know */
    struct sockaddr_un to;
    socklen_t to_size;
    uint64_t watchdog_ns; /* how often "WATCHDOG=1" is due; 0: it is not wanted */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. What is wrong with them is logged, and then
 * nobody is told anything. */
void sd_notify_open(struct sd_notify *service);

/* Sends "READY=1", for which a manager that is busy is waited for, a second at most. */
void sd_notify_ready(const struct sd_notify *service);

/* Sends lines of the form NAME=VALUE, with a line feed in between; cut at 500 bytes. What can't be
 * taken at once is lost, as the next WATCHDOG=1 is soon to come, and no service manager may hold
 * the loop up. */
void sd_notify_send(const struct sd_notify *service, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void sd_notify_close(struct sd_notify *service);

#endif
