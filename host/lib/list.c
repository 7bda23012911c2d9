/*
 * pitether_list_streams(): a conversation that ends with the list, on the caller's thread.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/lib/callers.h"
#include "host/lib/dial.h"
#include "host/lib/exchange.h"
#include "host/lib/from_wire.h"
#include "host/lib/handshake.h"
#include "host/lib/options.h"
#include "shared/base/clock.h"
#include "shared/net/transport_tls.h"

#define TIMEOUT_DEFAULT_S 10.0
#define TIMEOUT_MAX_S 1e9

struct listing {
    struct receiver_config config;
    struct keys keys;
    struct tls *tls; /* NULL: plain text */
    uint64_t due;    /* CLOCK_MONOTONIC */
    struct transport *transport;
    struct clock_sync clock;
    struct session session;
    struct pitether_stream_info *streams;
    size_t max;
    unsigned count; /* 0: the list is not here yet */
};

static void on_streams(void *user, const struct wire_streams *wire)
{
    struct listing *listing = user;
    listing->count = wire->count;
    for (size_t i = 0; i < wire->count && i < listing->max; i++)
        listing->streams[i] = from_wire_stream_entry(&wire->entries[i]);
}

/* As struct dial_waiter wants it: true when it is too late. */
static bool wait_until_due(void *user, int fd, short events, int timeout_ms)
{
    const struct listing *listing = user;
    struct pollfd ready = { events ? fd : -1, events, 0 };
    int left = clock_left_ms(listing->due);
    poll(&ready, 1, left < timeout_ms ? left : timeout_ms);
    return clock_left_ms(listing->due) == 0;
}

static int too_late(const struct listing *listing, struct error *error)
{
    char text[ADDRESS_TEXT_MAX];
    address_format(&listing->config.address, text);
    return error_set(error, -ETIMEDOUT, "%s did not list its streams in time", text);
}

/* Connects, and proves both sides to one another. 0 or a negative errno. */
static int connect_daemon(struct listing *listing, struct error *error)
{
    struct dial_waiter waiter = { wait_until_due, listing };
    struct dialer dialer = { .address = listing->config.address };
    int fd = dial(&dialer, &waiter, error);
    dialer_clear(&dialer);
    if (fd < 0)
        return fd == -ECANCELED ? too_late(listing, error) : fd;
    listing->transport =
        listing->tls ? transport_tls_connect(fd, listing->tls) : transport_plain_create(fd);
    if (!listing->transport)
        return error_set(error, -ENOMEM, "out of memory for a connection");
    int result = handshake_wait(listing->transport, &waiter, listing->due);
    if (result == -ECANCELED || result == -ETIMEDOUT)
        return too_late(listing, error);
    return result ? error_set(error, result, "%s %s", listing->config.address.host,
                              handshake_why(result))
                  : 0;
}

static int describe_failure(const struct listing *listing, struct error *error)
{
    const struct session *session = &listing->session;
    const char *hint = session->key_needed ? listing->config.key_hint : "";
    return error_set(error, session->key_needed ? -EACCES : -EPROTO, "%s%s%s", session->error.text,
                     *hint ? "; " : "", hint);
}

/* Talks until the list is here, or never will be. */
static int talk(struct listing *listing, struct error *error)
{
    struct session *session = &listing->session;
    int result = 0;
    while (listing->count == 0 && session->state < SESSION_ENDED) {
        exchange_write(session, listing->transport);
        short events = exchange_events(session, listing->transport, true);
        int left = listing->transport->more ? 0 : clock_left_ms(session_due(session, true));
        if (wait_until_due(listing, listing->transport->fd, events, left))
            return too_late(listing, error);
        result = exchange_read(session, listing->transport);
        if (result && result != -EAGAIN)
            break;
        session_tick(session, true, clock_monotonic());
    }
    exchange_write(session, listing->transport);
    if (listing->count > 0)
        return 0;
    if (session->state == SESSION_FAILED)
        return describe_failure(listing, error);
    return error_set(error, result ? result : -EPIPE,
                     "the daemon closed the connection without listing its streams");
}

static int list(struct listing *listing, struct error *error)
{
    struct session_config session = { .list_only = true,
                                      .max_message = WIRE_MAX_MESSAGE_LIMIT,
                                      .clock = &listing->clock };
    struct session_handler handler = { .on_streams = on_streams, .user = listing };
    if (listing->keys.count > 0 && !(listing->tls = tls_create(TLS_RECEIVER, &listing->keys)))
        return error_set(error, -ENOMEM, "out of memory for a connection");
    int result = connect_daemon(listing, error);
    if (result)
        return result;
    session_init(&listing->session, &session, &handler, clock_monotonic());
    result = talk(listing, error);
    session_clear(&listing->session);
    return result;
}

/* The same, with what the caller said: how many streams there are, or a negative errno. */
static int list_as_configured(struct listing *listing, const char *address,
                              const struct pitether_options *options, struct error *error)
{
    double timeout_s = options->timeout_s > 0 ? options->timeout_s : TIMEOUT_DEFAULT_S;
    int result = receiver_config_read(&listing->config, address, options, error);
    if (!result && listing->config.stream[0])
        return error_set(error, -EINVAL, "'%.200s' names a stream: all are listed", address);
    if (!result)
        result = keyring_find(options->keys_file, &listing->config.address, &listing->keys,
                              listing->config.key_hint, error);
    if (result)
        return result;
    listing->due =
        timeout_s < TIMEOUT_MAX_S ? clock_monotonic() + (uint64_t)(timeout_s * 1e9) : UINT64_MAX;
    result = list(listing, error);
    transport_close(&listing->transport);
    tls_destroy(&listing->tls);
    keys_clear(&listing->keys);
    return result ? result : (int)listing->count;
}

int pitether_list_streams(const char *address, const struct pitether_options *callers,
                          struct pitether_stream_info *streams, size_t max,
                          struct pitether_error *callers_error)
{
    struct error error;
    struct pitether_options options;
    struct callers_log log;
    int result = receiver_options_copy(&options, callers, &error);
    struct listing *listing = result ? NULL : calloc(1, sizeof(*listing));
    if (!result && !listing)
        result = error_set(&error, -ENOMEM, "out of memory");
    if (!result) {
        listing->streams = streams;
        listing->max = max;
        callers_log_init(&log, &options);
        const struct log_handler *before = log_set_handler(&log.handler);
        result = list_as_configured(listing, address, &options, &error);
        log_set_handler(before);
    }
    free(listing);
    return result < 0 ? callers_error_set(callers_error, result, &error) : result;
}
