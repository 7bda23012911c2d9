#include "shared/net/transport_tls.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/sslerr.h>

/* The first byte of a TLS connection: a handshake record; RFC 8446, 5.1. */
enum { TLS_HANDSHAKE = 22 };

/* A peer that sends one byte in each record must not occupy its reader longer than others. */
enum { RECORDS_AT_ONCE = 16 };

struct secure {
    struct transport transport;
    struct tls *tls;
    SSL *connection; /* NULL: not detected yet, or plain text */
    bool required;
    struct tls_peer peer;
};

static struct secure *secure_of(struct transport *transport)
{
    return (struct secure *)transport;
}

/* OpenSSL has an internal problem, here or at the peer: it says nothing about keys. */
static bool is_internal(unsigned long error)
{
    int reason = ERR_GET_REASON(error);
    return reason == ERR_R_MALLOC_FAILURE || reason == ERR_R_INTERNAL_ERROR ||
           reason == SSL_R_TLSV1_ALERT_INTERNAL_ERROR;
}

/* What a handshake's failure means: by the first of OpenSSL's errors, unless it failed itself. A
 * daemon finds that a receiver has another key than the one it names (the binder), or none that the
 * daemon knows (so that a certificate would be needed); an alert tells the receiver either. Any
 * other defect of a message has nothing to do with keys: it was damaged on its way. */
static int refusal(bool daemon)
{
    int reason = ERR_GET_REASON(ERR_peek_error());
    if (is_internal(ERR_peek_error()) || is_internal(ERR_peek_last_error()))
        return -ECONNABORTED;
    switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_BAD_PROTOCOL_VERSION_NUMBER:
        return -EPROTO;
    case SSL_R_BINDER_DOES_NOT_VERIFY:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_APPLICATION_PROTOCOL:
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_UNKNOWN_PSK_IDENTITY:
    case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
        return -EACCES;
    case SSL_R_NO_SUITABLE_KEY_SHARE:
        return daemon ? -EACCES : -EBADMSG;
    case SSL_R_SSLV3_ALERT_ILLEGAL_PARAMETER: /* of a daemon: the binder */
        return daemon ? -EBADMSG : -EACCES;
    default:
        return -EBADMSG;
    }
}

/* Why a call of OpenSSL failed: -EAGAIN, 0 if the peer has closed its side, or another errno.
 * `result` is what it returned; the error queue was empty before. */
static int failure(struct secure *self, int result)
{
    int system_error = errno;
    switch (SSL_get_error(self->connection, result)) {
    case SSL_ERROR_WANT_READ:
        self->transport.waits_for = POLLIN;
        return -EAGAIN;
    case SSL_ERROR_WANT_WRITE:
        self->transport.waits_for = POLLOUT;
        return -EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    case SSL_ERROR_SYSCALL:
        return system_error ? -system_error : -ECONNRESET;
    default:
        return -EPROTO;
    }
}

static ssize_t tls_read(struct transport *transport, const struct iovec *buffers, int count)
{
    struct secure *self = secure_of(transport);
    size_t total = 0;
    unsigned records = 0;
    transport->more = false;
    transport->ready = 0;
    for (int i = 0; i < count; i++)
        for (size_t used = 0, got; used < buffers[i].iov_len && records < RECORDS_AT_ONCE;
             used += got, total += got, records++) {
            ERR_clear_error();
            errno = 0;
            int result = SSL_read_ex(self->connection, (uint8_t *)buffers[i].iov_base + used,
                                     buffers[i].iov_len - used, &got);
            if (result <= 0)
                return total > 0 ? (ssize_t)total : failure(self, result);
        }
    transport->more = SSL_has_pending(self->connection);
    transport->ready = (size_t)SSL_pending(self->connection);
    return (ssize_t)total;
}

/* The bytes from `offset` on, at most a record of them: in place if they are contiguous. */
static const void *next_record(struct tls *tls, const struct iovec *data, int count, size_t offset,
                               size_t *size)
{
    *size = 0;
    for (; count > 0 && offset >= data->iov_len; data++, count--)
        offset -= data->iov_len;
    if (count == 0)
        return NULL;
    const uint8_t *begin = (const uint8_t *)data->iov_base + offset;
    size_t left = data->iov_len - offset;
    if (left >= TLS_RECORD_MAX || count == 1) {
        *size = left < TLS_RECORD_MAX ? left : TLS_RECORD_MAX;
        return begin;
    }
    for (; count > 0 && *size < TLS_RECORD_MAX; data++, count--, offset = 0) {
        size_t part = data->iov_len - offset, space = TLS_RECORD_MAX - *size;
        part = part < space ? part : space;
        memcpy(tls->record + *size, (const uint8_t *)data->iov_base + offset, part);
        *size += part;
    }
    return tls->record;
}

static ssize_t tls_write(struct transport *transport, const struct iovec *data, int count)
{
    struct secure *self = secure_of(transport);
    size_t total = 0;
    for (;;) {
        size_t size, sent;
        const void *record = next_record(self->tls, data, count, total, &size);
        if (size == 0)
            return (ssize_t)total;
        ERR_clear_error();
        errno = 0;
        int result = SSL_write_ex(self->connection, record, size, &sent);
        if (result <= 0) {
            int error = failure(self, result);
            return total > 0 ? (ssize_t)total : error ? error : -EPIPE;
        }
        total += sent;
    }
}

/* The key may have been revoked during the handshake. */
static int admit(struct secure *self)
{
    bool known = !SSL_is_server(self->connection) || keys_find_id(self->tls->keys, self->peer.id);
    if (!known || !tls_is_trusted(self->connection))
        return -EACCES;
    self->transport.peer = self->peer.name[0] ? &self->peer : NULL;
    return 0;
}

static int tls_handshake(struct transport *transport)
{
    struct secure *self = secure_of(transport);
    ERR_clear_error();
    errno = 0;
    int result = SSL_do_handshake(self->connection);
    if (result == 1)
        return admit(self);
    int why = SSL_get_error(self->connection, result);
    if (why == SSL_ERROR_SSL)
        return refusal(SSL_is_server(self->connection));
    int error = failure(self, result);
    return error ? error : -ECONNRESET;
}

static void tls_finish(struct transport *transport)
{
    struct secure *self = secure_of(transport);
    ERR_clear_error();
    SSL_shutdown(self->connection);
    transport_plain_finish(transport);
}

static void tls_transport_destroy(struct transport *transport)
{
    SSL_free(secure_of(transport)->connection);
    transport_plain_destroy(transport);
}

static const struct transport_ops tls_ops = {
    .read = tls_read,
    .write = tls_write,
    .handshake = tls_handshake,
    .path = transport_plain_path,
    .finish = tls_finish,
    .destroy = tls_transport_destroy,
};

static int begin_tls(struct secure *self)
{
    self->connection = tls_connection(self->tls, self->transport.fd, &self->peer);
    if (!self->connection)
        return -ENOMEM;
    self->transport.ops = &tls_ops;
    return 0;
}

/* The first byte decides, and sets the ops. */
static int detect(struct transport *transport)
{
    struct secure *self = secure_of(transport);
    uint8_t first;
    ssize_t got;
    do
        got = recv(transport->fd, &first, 1, MSG_PEEK);
    while (got < 0 && errno == EINTR);
    transport->waits_for = POLLIN;
    if (got <= 0)
        return got == 0 ? -ECONNRESET : errno == EWOULDBLOCK ? -EAGAIN : -errno;
    if (first == TLS_HANDSHAKE) {
        int error = begin_tls(self);
        return error ? error : transport->ops->handshake(transport);
    }
    transport->ops = &transport_plain_ops;
    return self->required ? -ENOKEY : 0;
}

static ssize_t not_yet(struct transport *transport, const struct iovec *data, int count)
{
    (void)transport;
    (void)data;
    (void)count;
    return -EAGAIN;
}

static const struct transport_ops undetected_ops = {
    .read = not_yet,
    .write = not_yet,
    .handshake = detect,
    .path = transport_plain_path,
    .finish = transport_plain_finish,
    .destroy = transport_plain_destroy,
};

static struct secure *create(int fd, struct tls *tls)
{
    struct secure *self = calloc(1, sizeof(*self));
    if (!self) {
        close(fd);
        return NULL;
    }
    self->tls = tls;
    self->transport = (struct transport){ .ops = &undetected_ops, .fd = fd, .waits_for = POLLIN };
    transport_tune(fd);
    return self;
}

struct transport *transport_tls_connect(int fd, struct tls *tls)
{
    struct secure *self = create(fd, tls);
    struct transport *transport = self ? &self->transport : NULL;
    if (transport && begin_tls(self))
        transport_close(&transport);
    return transport;
}

struct transport *transport_tls_accept(int fd, struct tls *tls, bool required)
{
    struct secure *self = create(fd, tls);
    if (!self)
        return NULL;
    self->required = required;
    return &self->transport;
}

const char *transport_tls_suite(struct transport *transport)
{
    return SSL_get_cipher_name(secure_of(transport)->connection);
}
