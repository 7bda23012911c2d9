/*
 * A session's bytes over a transport. One thread.
 */
#ifndef PITETHER_HOST_LIB_EXCHANGE_H
#define PITETHER_HOST_LIB_EXCHANGE_H

#include "host/lib/session.h"
#include "shared/base/attributes.h"
#include "shared/net/transport.h"

/* What to poll() the transport for. reading: whether the session wants bytes. */
short exchange_events(const struct session *session, const struct transport *transport,
                      bool reading);

/* Writes what the session has to say, as far as the transport accepts it. 0, or the negative errno
 * of a transport that accepts no more at all. */
int exchange_write(struct session *session, struct transport *transport);

/* Reads once, as much as fits, and works through it. 0; -EAGAIN: nothing is there, or the session
 * wants nothing; -EPIPE: the peer has closed its side; or another negative errno. */
NODISCARD int exchange_read(struct session *session, struct transport *transport);

#endif
