#include "shared/net/tls_socket.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

static int fd_of(BIO *bio)
{
    return (int)(intptr_t)BIO_get_data(bio);
}

static int write_socket(BIO *bio, const char *data, size_t size, size_t *written)
{
    ssize_t sent = send(fd_of(bio), data, size, MSG_NOSIGNAL);
    BIO_clear_retry_flags(bio);
    if (sent < 0 && (errno == EWOULDBLOCK || errno == EINTR))
        BIO_set_retry_write(bio);
    *written = sent > 0 ? (size_t)sent : 0;
    return sent > 0;
}

static int read_socket(BIO *bio, char *data, size_t size, size_t *received)
{
    ssize_t got = recv(fd_of(bio), data, size, 0);
    BIO_clear_retry_flags(bio);
    if (got < 0 && (errno == EWOULDBLOCK || errno == EINTR))
        BIO_set_retry_read(bio);
    else if (got == 0)
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    *received = got > 0 ? (size_t)got : 0;
    return got > 0;
}

static long control_socket(BIO *bio, int command, long number, void *pointer)
{
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    default:
        return 0;
    }
}

static BIO_METHOD *method;

static void create_method(void)
{
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE");
    if (method && (!BIO_meth_set_write_ex(method, write_socket) ||
                   !BIO_meth_set_read_ex(method, read_socket) ||
                   !BIO_meth_set_ctrl(method, control_socket))) {
        BIO_meth_free(method);
        method = NULL;
    }
}

BIO *tls_socket_create(int fd)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, create_method);
    BIO *bio = method ? BIO_new(method) : NULL;
    if (bio) {
        BIO_set_data(bio, (void *)(intptr_t)fd);
        BIO_set_init(bio, 1);
    }
    return bio;
}
