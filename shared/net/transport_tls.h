/*
 * Transports that are, or may turn out to be, TLS 1.3: see tls.h. One thread.
 */
#ifndef PITETHER_SHARED_NET_TRANSPORT_TLS_H
#define PITETHER_SHARED_NET_TRANSPORT_TLS_H

#include "shared/base/attributes.h"
#include "shared/net/tls.h"
#include "shared/net/transport.h"

/*
 * A receiver's side over fd, which it takes over like transport_plain_create() does. Its handshake
 * returns -EACCES if the daemon rejects the key, -EPROTO if it doesn't speak TLS, -EBADMSG if the
 * received data was damaged. Data damaged on its way to the daemon may look to it like another key,
 * and so be -EACCES: a second attempt shows it.
 * NULL: out of memory, and fd is closed.
 */
NODISCARD struct transport *transport_tls_connect(int fd, struct tls *tls);

/*
 * A daemon's side: its handshake waits for the peer's first byte, which shows whether it speaks TLS
 * or plain text. It returns -EACCES if the peer has no key of ours, -EPROTO if it speaks neither,
 * -EBADMSG if the data is damaged, and, if TLS is required, -ENOKEY if it speaks plain text: then
 * an ERROR can still be sent to it in plain text.
 */
NODISCARD struct transport *transport_tls_accept(int fd, struct tls *tls, bool required);

/* The cipher suite of a connection of transport_tls_connect(), as RFC 8446, B.4, names it. */
const char *transport_tls_suite(struct transport *transport);

#endif
