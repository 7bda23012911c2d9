#include "shared/net/transport.h"

#include <errno.h>
#include <fcntl.h>
/* The kernel's own tcp.h: the C library's struct tcp_info ends before the fields wanted here. */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Unsent bytes that the kernel may hold. A newer frame can no longer replace them, so it is about
 * what is sent while the loop wakes up: 16 KiB is 6.5 ms at 20 Mbit/s, and with less a fast link
 * would starve between two wake-ups. */
enum { NOTSENT_LOWAT = 16 * 1024 };

static ssize_t plain_read(struct transport *transport, const struct iovec *buffers, int count)
{
    ssize_t got;
    do
        got = readv(transport->fd, buffers, count);
    while (got < 0 && errno == EINTR);
    if (got >= 0)
        return got;
    transport->waits_for = POLLIN;
    return errno == EWOULDBLOCK ? -EAGAIN : -errno;
}

static ssize_t plain_write(struct transport *transport, const struct iovec *data, int count)
{
    struct msghdr message = { .msg_iov = (struct iovec *)data, .msg_iovlen = (size_t)count };
    ssize_t sent;
    do
        sent = sendmsg(transport->fd, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return sent;
    transport->waits_for = POLLOUT;
    return errno == EWOULDBLOCK ? -EAGAIN : -errno;
}

static int plain_handshake(struct transport *transport)
{
    (void)transport;
    return 0;
}

int transport_plain_path(struct transport *transport, struct transport_path *path)
{
    struct tcp_info info = { 0 };
    socklen_t size = sizeof(info);
    if (getsockopt(transport->fd, IPPROTO_TCP, TCP_INFO, &info, &size) ||
        size < offsetof(struct tcp_info, tcpi_delivery_rate) + sizeof(info.tcpi_delivery_rate))
        return -ENOTSUP;
    path->min_rtt_ns = (uint64_t)info.tcpi_min_rtt * 1000;
    path->bytes_per_second = info.tcpi_delivery_rate;
    return 0;
}

void transport_plain_finish(struct transport *transport)
{
    shutdown(transport->fd, SHUT_WR);
}

void transport_plain_destroy(struct transport *transport)
{
    close(transport->fd);
    free(transport);
}

const struct transport_ops transport_plain_ops = {
    .read = plain_read,
    .write = plain_write,
    .handshake = plain_handshake,
    .path = transport_plain_path,
    .finish = transport_plain_finish,
    .destroy = transport_plain_destroy,
};

/* No TCP_USER_TIMEOUT: Linux would take a receiver that stops reading for a dead one, and its PINGs
 * show that it is alive. A Unix socket has none of these options, and a kernel that lacks one still
 * carries the stream: so nothing here can fail. */
void transport_tune(int fd)
{
    int on = 1, lowat = NOTSENT_LOWAT;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat, sizeof(lowat));
}

struct transport *transport_plain_create(int fd)
{
    struct transport *transport = malloc(sizeof(*transport));
    if (!transport) {
        close(fd);
        return NULL;
    }
    *transport = (struct transport){ .ops = &transport_plain_ops, .fd = fd, .waits_for = POLLIN };
    transport_tune(fd);
    return transport;
}

void transport_close(struct transport **transport)
{
    if (!transport || !*transport)
        return;
    (*transport)->ops->destroy(*transport);
    *transport = NULL;
}
