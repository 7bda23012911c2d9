#include "fake_socket.h"

#include <errno.h>
#include <poll.h>

#include "fuzz.h"

static ssize_t socket_read(struct transport *transport, const struct iovec *room, int count)
{
    struct fake_socket *socket = (struct fake_socket *)transport;
    size_t total = 0;
    for (int i = 0; i < count; i++) {
        size_t left = socket->end - socket->begin;
        size_t size = room[i].iov_len < left ? room[i].iov_len : left;
        memcpy(room[i].iov_base, socket->inbound + socket->begin, size);
        socket->begin += size;
        total += size;
    }
    if (total > 0)
        return (ssize_t)total;
    return socket->read_error ? socket->read_error : socket->closed ? 0 : -EAGAIN;
}

/* The bytes from `skip` on, as many as are remembered. */
static void remember_offer(struct fake_socket *socket, const struct iovec *data, int count,
                           size_t skip)
{
    socket->offered_size = 0;
    for (int i = 0; i < count; i++) {
        size_t begin = skip < data[i].iov_len ? skip : data[i].iov_len;
        size_t left = data[i].iov_len - begin, room = FAKE_OFFER_MAX - socket->offered_size;
        size_t size = left < room ? left : room;
        memcpy(socket->offered + socket->offered_size, (uint8_t *)data[i].iov_base + begin, size);
        socket->offered_size += size;
        skip -= begin;
    }
}

static void check_offer(struct fake_socket *socket, const struct iovec *data, int count)
{
    uint8_t before[FAKE_OFFER_MAX];
    size_t size = socket->offered_size;
    memcpy(before, socket->offered, size);
    remember_offer(socket, data, count, 0);
    CHECK(socket->offered_size >= size && memcmp(socket->offered, before, size) == 0);
}

static ssize_t socket_write(struct transport *transport, const struct iovec *data, int count)
{
    struct fake_socket *socket = (struct fake_socket *)transport;
    CHECK(!socket->finished && socket->handshake_rounds == 0);
    check_offer(socket, data, count);
    ssize_t total = 0;
    for (int i = 0; i < count && socket->room > 0; i++) {
        size_t size = data[i].iov_len < socket->room ? data[i].iov_len : socket->room;
        peer_receive(socket->peer, data[i].iov_base, size);
        socket->room -= size;
        total += (ssize_t)size;
    }
    remember_offer(socket, data, count, (size_t)total);
    if (total > 0)
        return total;
    return socket->write_error ? socket->write_error : -EAGAIN;
}

static int socket_handshake(struct transport *transport)
{
    struct fake_socket *socket = (struct fake_socket *)transport;
    CHECK(socket->handshake_rounds > 0);
    return --socket->handshake_rounds > 0 ? -EAGAIN : socket->handshake_error;
}

static int socket_path(struct transport *transport, struct transport_path *path)
{
    *path = ((struct fake_socket *)transport)->path;
    return path->min_rtt_ns ? 0 : -ENOTSUP;
}

static void socket_finish(struct transport *transport)
{
    ((struct fake_socket *)transport)->finished = true;
}

static void socket_destroy(struct transport *transport)
{
    free(transport);
}

static const struct transport_ops socket_ops = {
    .read = socket_read,
    .write = socket_write,
    .handshake = socket_handshake,
    .path = socket_path,
    .finish = socket_finish,
    .destroy = socket_destroy,
};

struct fake_socket *fake_socket_create(int fd, struct peer *peer)
{
    struct fake_socket *socket = calloc(1, sizeof(*socket));
    CHECK(socket);
    socket->transport = (struct transport){ .ops = &socket_ops, .fd = fd, .waits_for = POLLIN };
    socket->peer = peer;
    socket->room = SIZE_MAX;
    socket->handshake_rounds = 1;
    return socket;
}

bool fake_socket_put(struct fake_socket *socket, const void *bytes, size_t size)
{
    if (socket->begin == socket->end)
        socket->begin = socket->end = 0;
    if (size > sizeof(socket->inbound) - socket->end)
        return false;
    if (size > 0)
        memcpy(socket->inbound + socket->end, bytes, size);
    socket->end += size;
    return true;
}
