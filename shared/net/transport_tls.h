/*
 * Transports that are, or may turn out to be, TLS 1.3: see tls.h. One thread.
 */
#ifndef PITETHER_SHARED_NET_TRANSPORT_TLS_H
#define PITETHER_SHARED_NET_TRANSPORT_TLS_H

#include "shared/net/tls.h"
#include "shared/net/transport.h"

/*
 * A receiver's side over fd, which it takes over like transport_plain_create() does. Its handshake
 * gives -EACCES if the daemon doesn't take the key, -EPROTO if it doesn't speak TLS, -EBADMSG if
 * what came was damaged on its way. What was damaged on the way to the daemon may look to it like
 * another key, and so be -EACCES: a second attempt tells.
 * NULL: out of memory, and fd is closed.
 */
struct transport *transport_tls_connect(int fd, struct tls *tls);

/*
 * A daemon's side: its handshake waits for the peer's first byte to tell whether it speaks TLS or
 * plainly. It gives -EACCES if the peer has no key of ours, -EPROTO if it speaks neither,
 * -EBADMSG if what came is damaged, and, if TLS is demanded, -ENOKEY if it speaks plainly: then it
 * may still be told so, plainly.
 */
struct transport *transport_tls_accept(int fd, struct tls *tls, bool demanded);

/* What a connection of transport_tls_connect()'s is encrypted with, as RFC 8446, B.4, names it. */
const char *transport_tls_suite(struct transport *transport);

#endif
