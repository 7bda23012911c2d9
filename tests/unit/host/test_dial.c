/*
 * Connecting to what is there, what is not, and what never answers.
 */
#include "host/lib/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "shared/base/clock.h"

enum { BOUND_MS = 20000 };

struct waiter {
    unsigned calls, give_up_at; /* 0: never */
    bool give_up_names;
    int last_timeout_ms;
};

/* As receiver.c waits: it may return before anything has happened. */
static bool wait_for(void *user, int fd, short events, int timeout_ms)
{
    struct waiter *waiter = user;
    struct pollfd ready = { .fd = fd, .events = events };
    if (events == POLLIN) { /* for the name: how often is none of our business */
        poll(&ready, 1, timeout_ms);
        return waiter->give_up_names;
    }
    waiter->last_timeout_ms = timeout_ms;
    if (++waiter->calls == waiter->give_up_at)
        return true;
    poll(&ready, 1, timeout_ms < 20 ? timeout_ms : 20);
    return false;
}

static int dial_once(struct dialer *dialer, struct waiter *waiter, struct error *error)
{
    error->text[0] = '\0';
    return dial(dialer, &(struct dial_waiter){ wait_for, waiter }, error);
}

static int dial_text(const char *text, struct waiter *waiter, struct error *error)
{
    struct dialer dialer = { 0 };
    assert_int_equal(address_parse(text, 7484, &dialer.address), 0);
    int result = dial_once(&dialer, waiter, error);
    dialer_clear(&dialer);
    return result;
}

/* The connection works, both ways, and does not block. */
static void assert_connected(int fd, int listener)
{
    char text[2];
    struct pollfd ready = { .fd = listener, .events = POLLIN };
    assert_true(fd >= 0);
    assert_int_equal(poll(&ready, 1, BOUND_MS), 1);
    int peer = accept(listener, NULL, NULL);
    assert_true(peer >= 0);
    assert_int_equal(recv(fd, text, 1, 0), -1);
    assert_int_equal(errno, EAGAIN);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(send(fd, "a", 1, 0), 1);
    assert_int_equal(recv(peer, text, 1, MSG_WAITALL), 1);
    assert_int_equal(send(peer, "b", 1, 0), 1);
    ready.fd = fd;
    assert_int_equal(poll(&ready, 1, BOUND_MS), 1);
    assert_int_equal(recv(fd, text + 1, 1, 0), 1);
    assert_memory_equal(text, "ab", 2);
    close(peer);
    close(fd);
}

/* Listens on a port of the kernel's choice. */
static int listen_tcp(uint16_t *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return listener;
}

static void over_tcp(void **state)
{
    (void)state;
    static const char *const hosts[] = { "127.0.0.1", "[::ffff:127.0.0.1]" };
    uint16_t port;
    int listener = listen_tcp(&port);
    for (int i = 0; i < 2; i++) {
        char text[40];
        struct error error;
        struct waiter waiter = { 0 };
        snprintf(text, sizeof(text), "%s:%u", hosts[i], port);
        assert_connected(dial_text(text, &waiter, &error), listener);
    }
    close(listener);
}

/* What the peer may send at once is announced with the connection. */
static void small_segments(void **state)
{
    (void)state;
    static const unsigned sizes[] = { 0, 1220, 536 };
    uint16_t port;
    int listener = listen_tcp(&port);
    for (int i = 0; i < 3; i++) {
        char text[40];
        struct error error;
        struct waiter waiter = { 0 };
        struct dialer dialer = { .max_segment = sizes[i] };
        int segment = 0;
        socklen_t size = sizeof(segment);
        snprintf(text, sizeof(text), "127.0.0.1:%u", port);
        assert_int_equal(address_parse(text, 7484, &dialer.address), 0);
        int fd = dial_once(&dialer, &waiter, &error);
        assert_true(fd >= 0);
        int peer = accept(listener, NULL, NULL);
        assert_int_equal(getsockopt(peer, IPPROTO_TCP, TCP_MAXSEG, &segment, &size), 0);
        if (sizes[i])
            assert_in_range(segment, sizes[i] - 40, sizes[i]); /* less TCP's options */
        else
            assert_in_range(segment, 1460, 65536);
        close(peer);
        close(fd);
        dialer_clear(&dialer);
    }
    close(listener);
}

static void over_a_unix_socket(void **state)
{
    (void)state;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char root[] = "/tmp/pitether-test-XXXXXX", text[128];
    struct error error;
    struct waiter waiter = { 0 };
    assert_non_null(mkdtemp(root));
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", root);
    snprintf(text, sizeof(text), "unix:%s", address.sun_path);
    assert_int_equal(dial_text(text, &waiter, &error), -ENOENT);
    assert_non_null(strstr(error.text, text));
    assert_non_null(strstr(error.text, "is pitetherd running there?"));
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(dial_text(text, &waiter, &error), -ECONNREFUSED); /* does not listen */
    assert_int_equal(listen(listener, 1), 0);
    assert_connected(dial_text(text, &waiter, &error), listener);
    close(listener);
    assert_int_equal(dial_text(text, &waiter, &error), -ECONNREFUSED); /* as a dead daemon's */
    unlink(address.sun_path);
    rmdir(root);
}

static void nobody_listens(void **state)
{
    (void)state;
    uint16_t port;
    char text[40];
    struct error error;
    struct waiter waiter = { 0 };
    close(listen_tcp(&port)); /* so this one is free */
    snprintf(text, sizeof(text), "127.0.0.1:%u", port);
    assert_int_equal(dial_text(text, &waiter, &error), -ECONNREFUSED);
    assert_non_null(strstr(error.text, text));
    assert_non_null(strstr(error.text, strerror(ECONNREFUSED)));
    assert_non_null(strstr(error.text, "is pitetherd running there?"));
    assert_null(strchr(error.text, '\n'));
}

/* RFC 6761, 6.4: no resolver knows such a name. */
static void no_such_host(void **state)
{
    (void)state;
    struct error error;
    struct waiter waiter = { 0 };
    uint64_t begun = clock_monotonic();
    assert_int_equal(dial_text("nosuch.invalid", &waiter, &error), -ENOENT);
    assert_true(clock_monotonic() - begun < BOUND_MS * CLOCK_MS);
    assert_non_null(strstr(error.text, "can't look up nosuch.invalid: "));
    assert_int_equal(waiter.calls, 0);
}

static void long_names(void **state)
{
    (void)state;
    struct dialer dialer = { .address.port = 1 };
    struct error error;
    struct waiter waiter = { 0 };
    memset(dialer.address.host, 'x', ADDRESS_HOST_MAX);
    assert_int_equal(dial_once(&dialer, &waiter, &error), -ENOENT);
    assert_in_range(strlen(error.text), 10, sizeof(error.text) - 1);
    dialer_clear(&dialer);
}

/* A listener that takes no more: the kernel drops what comes, as a host that is switched off does.
 * Its queue holds one more than asked for; connections to it are kept in `queued`. */
static int listen_deaf(uint16_t *port, int queued[4])
{
    int listener = listen_tcp(port);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(*port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    assert_int_equal(listen(listener, 0), 0);
    for (int i = 0; i < 4; i++) {
        queued[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        connect(queued[i], (struct sockaddr *)&address, sizeof(address));
    }
    return listener;
}

static void who_never_answers(struct waiter *waiter, int expected)
{
    int queued[4];
    uint16_t port;
    char text[40];
    struct error error;
    int listener = listen_deaf(&port, queued);
    snprintf(text, sizeof(text), "127.0.0.1:%u", port);
    uint64_t begun = clock_monotonic();
    assert_int_equal(dial_text(text, waiter, &error), expected);
    uint64_t took = clock_monotonic() - begun;
    if (expected == -ETIMEDOUT) {
        assert_in_range(took, 2900 * CLOCK_MS, BOUND_MS * CLOCK_MS);
        assert_non_null(strstr(error.text, strerror(ETIMEDOUT)));
        assert_in_range(waiter->last_timeout_ms, 1, 3001);
    } else {
        assert_true(took < 2000 * CLOCK_MS);
    }
    for (int i = 0; i < 4; i++)
        close(queued[i]);
    close(listener);
}

static void given_up_at_once(void **state)
{
    (void)state;
    struct waiter waiter = { .give_up_at = 1 };
    who_never_answers(&waiter, -ECANCELED);
    assert_int_equal(waiter.calls, 1);
    waiter = (struct waiter){ .give_up_at = 3 };
    who_never_answers(&waiter, -ECANCELED);
    assert_int_equal(waiter.calls, 3);
}

static void given_up_in_the_end(void **state)
{
    (void)state;
    struct waiter waiter = { 0 };
    who_never_answers(&waiter, -ETIMEDOUT);
    assert_true(waiter.calls > 10);
}

/* What the names lead to. */

/* The resolver, where a test asks for one of its own: 0 addresses is "no such host". */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under lock. */
    bool fake, hangs;
    unsigned calls;
    uint16_t ports[2];
    int count;
} resolver = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

int __real_address_resolve(const struct address *address, bool to_listen,
                           struct socket_address out[ADDRESSES_MAX], const char **why);
int __wrap_address_resolve(const struct address *address, bool to_listen,
                           struct socket_address out[ADDRESSES_MAX], const char **why);

int __wrap_address_resolve(const struct address *address, bool to_listen,
                           struct socket_address out[ADDRESSES_MAX], const char **why)
{
    pthread_mutex_lock(&resolver.lock);
    resolver.calls++;
    while (resolver.hangs)
        pthread_cond_wait(&resolver.changed, &resolver.lock);
    bool fake = resolver.fake;
    int count = resolver.count;
    for (int i = 0; i < count; i++) {
        struct sockaddr_in *in = (struct sockaddr_in *)&out[i].storage;
        memset(&out[i], 0, sizeof(out[i]));
        *in = (struct sockaddr_in){ .sin_family = AF_INET,
                                    .sin_port = htons(resolver.ports[i]),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        out[i].size = sizeof(*in);
    }
    pthread_mutex_unlock(&resolver.lock);
    if (!fake)
        return __real_address_resolve(address, to_listen, out, why);
    *why = "the name is gone";
    return count > 0 ? count : -ENOENT;
}

static void resolver_says(bool hangs, int count, uint16_t first, uint16_t second)
{
    pthread_mutex_lock(&resolver.lock);
    resolver.fake = true;
    resolver.hangs = hangs;
    resolver.count = count;
    resolver.ports[0] = first;
    resolver.ports[1] = second;
    pthread_cond_broadcast(&resolver.changed);
    pthread_mutex_unlock(&resolver.lock);
}

static unsigned resolver_calls(void)
{
    pthread_mutex_lock(&resolver.lock);
    unsigned calls = resolver.calls;
    pthread_mutex_unlock(&resolver.lock);
    return calls;
}

static int resolver_restore(void **state)
{
    (void)state;
    resolver_says(false, 0, 0, 0);
    pthread_mutex_lock(&resolver.lock);
    resolver.fake = false;
    pthread_mutex_unlock(&resolver.lock);
    return 0;
}

/* Each call looks the name up again; a resolver that fails or knows nothing takes nothing away. */
static void the_address_changes(void **state)
{
    (void)state;
    uint16_t before, after;
    int old = listen_tcp(&before), new = listen_tcp(&after);
    struct dialer dialer = { .address = { .host = "pi.test", .port = 1 } };
    struct waiter waiter = { 0 };
    struct error error;
    resolver_says(false, 0, 0, 0);
    assert_int_equal(dial_once(&dialer, &waiter, &error), -ENOENT);
    assert_non_null(strstr(error.text, "can't look up pi.test: the name is gone"));
    assert_null(strstr(error.text, "mDNS"));
    struct dialer local = { .address = { .host = "PI.Local", .port = 1 } };
    assert_int_equal(dial_once(&local, &waiter, &error), -ENOENT);
    assert_non_null(strstr(error.text,
                           "can't look up PI.Local: the name is gone (names in .local are "
                           "found by mDNS, which needs libnss-mdns here"));
    resolver_says(false, 1, before, 0);
    assert_connected(dial_once(&dialer, &waiter, &error), old);
    resolver_says(false, 1, after, 0);
    assert_connected(dial_once(&dialer, &waiter, &error), new);
    resolver_says(false, 0, 0, 0);
    assert_connected(dial_once(&dialer, &waiter, &error), new);
    close(new);
    assert_int_equal(dial_once(&dialer, &waiter, &error), -ECONNREFUSED);
    close(old);
}

/* What was found need not be looked up again for so long as it is good. */
static void a_look_up_is_good_for_a_while(void **state)
{
    (void)state;
    uint16_t port;
    int listener = listen_tcp(&port);
    struct dialer dialer = { .address = { .host = "pi.test", .port = 1 },
                             .good_ns = 3600 * CLOCK_SECOND };
    struct waiter waiter = { 0 };
    struct error error;
    unsigned calls = resolver_calls();
    resolver_says(false, 0, 0, 0);
    assert_int_equal(dial_once(&dialer, &waiter, &error), -ENOENT);
    resolver_says(false, 1, port, 0);
    for (int i = 0; i < 3; i++)
        assert_connected(dial_once(&dialer, &waiter, &error), listener);
    assert_int_equal(resolver_calls(), calls + 2);
    dialer.found_ns -= dialer.good_ns;
    assert_connected(dial_once(&dialer, &waiter, &error), listener);
    assert_int_equal(resolver_calls(), calls + 3);
    close(listener);
}

/* The second of two addresses is the one that works: from then on it goes first. */
static void what_worked_goes_first(void **state)
{
    (void)state;
    int queued[4];
    uint16_t deaf_port, port;
    int deaf = listen_deaf(&deaf_port, queued), listener = listen_tcp(&port);
    struct dialer dialer = { .address = { .host = "pi.test", .port = 1 } };
    struct waiter waiter = { 0 };
    struct error error;
    resolver_says(false, 2, deaf_port, port);
    assert_connected(dial_once(&dialer, &waiter, &error), listener);
    assert_true(waiter.calls > 10); /* the first one got its time */
    waiter.calls = 0;
    assert_connected(dial_once(&dialer, &waiter, &error), listener);
    assert_in_range(waiter.calls, 0, 10);
    resolver_says(false, 1, deaf_port, 0); /* from then on it is given up sooner, too */
    assert_int_equal(dial_once(&dialer, &waiter, &error), -ETIMEDOUT);
    assert_in_range(waiter.last_timeout_ms, 1, 1201);
    for (int i = 0; i < 4; i++)
        close(queued[i]);
    close(deaf);
    close(listener);
}

/* While the resolver keeps everybody waiting, what is known is tried; its answer counts once it is
 * there, and it is asked only once for that. */
static void a_slow_resolver(void **state)
{
    (void)state;
    uint16_t before, after;
    int old = listen_tcp(&before), new = listen_tcp(&after);
    struct dialer dialer = { .address = { .host = "pi.test", .port = 1 } };
    struct waiter waiter = { 0 };
    struct error error;
    unsigned calls = resolver_calls();
    resolver_says(false, 1, before, 0);
    assert_connected(dial_once(&dialer, &waiter, &error), old);
    resolver_says(true, 1, after, 0);
    assert_connected(dial_once(&dialer, &waiter, &error), old);
    close(old);
    assert_int_equal(dial_once(&dialer, &waiter, &error), -ECONNREFUSED);
    assert_int_equal(dial_once(&dialer, &waiter, &error), -ECONNREFUSED);
    resolver_says(false, 1, after, 0);
    assert_connected(dial_once(&dialer, &waiter, &error), new);
    assert_int_equal(resolver_calls(), calls + 3); /* one for each that got through */
    close(new);
}

/* Whatever becomes of it, no descriptor is left. */
static void no_descriptor_is_left(void **state)
{
    int before = dup(STDERR_FILENO);
    close(before);
    nobody_listens(state);
    given_up_at_once(state);
    over_a_unix_socket(state);
    int after = dup(STDERR_FILENO);
    close(after);
    assert_int_equal(after, before);
}

/* The look-up's thread goes on by itself, and frees what it was given. */
static void a_look_up_is_given_up(void **state)
{
    (void)state;
    struct error error;
    struct waiter waiter = { .give_up_names = true };
    int result = dial_text("nosuch.invalid", &waiter, &error);
    assert_true(result == -ECANCELED || result == -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_tcp),
        cmocka_unit_test(small_segments),
        cmocka_unit_test(over_a_unix_socket),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(no_such_host),
        cmocka_unit_test(long_names),
        cmocka_unit_test(given_up_at_once),
        cmocka_unit_test(given_up_in_the_end),
        cmocka_unit_test_teardown(the_address_changes, resolver_restore),
        cmocka_unit_test_teardown(a_look_up_is_good_for_a_while, resolver_restore),
        cmocka_unit_test_teardown(what_worked_goes_first, resolver_restore),
        cmocka_unit_test(no_descriptor_is_left),
        /* Last: their threads' descriptors go when the resolver is done. */
        cmocka_unit_test_teardown(a_slow_resolver, resolver_restore),
        cmocka_unit_test(a_look_up_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
