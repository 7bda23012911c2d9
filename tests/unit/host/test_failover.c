/*
 * The second connection: the test is the daemon that it leads to, and the first connection, too.
 */
#include "host/lib/failover.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "shared/base/clock.h"

enum { BOUND_MS = 20000 };

struct fixture {
    char path[64];
    struct dialer dialer;
    int listener, peer; /* peer: the daemon's end, once accepted */

    enum { SAYS_NOTHING, SAYS_A_BYTE, CLOSES } daemon;
    bool first_speaks; /* on the first connection, once the daemon has answered on the second */
    unsigned chances;  /* how often that was waited for */

    bool no_memory;
    int handshakes[4]; /* what the handshake returns in turn, up to 0 or an error */
    unsigned handshake_count;
    struct transport_ops ops;
};

static struct fixture *fixture; /* the transport's handshake has no other way to it */

static int handshake(struct transport *transport)
{
    transport->waits_for = POLLOUT;
    return fixture->handshakes[fixture->handshake_count++];
}

static struct transport *open_transport(void *user, int fd)
{
    assert_ptr_equal(user, fixture);
    if (fixture->no_memory) {
        close(fd);
        return NULL;
    }
    struct transport *transport = transport_plain_create(fd);
    assert_non_null(transport);
    fixture->ops = *transport->ops;
    fixture->ops.handshake = handshake;
    transport->ops = &fixture->ops;
    return transport;
}

static bool wait_for(void *user, int fd, short events, int timeout_ms)
{
    assert_ptr_equal(user, fixture);
    assert_in_range(timeout_ms, 1, 3001);
    struct pollfd caller = { fixture->listener, POLLIN, 0 }, ready = { fd, events, 0 };
    if (fixture->peer < 0 && poll(&caller, 1, 0) > 0) {
        fixture->peer = accept(fixture->listener, NULL, NULL);
        if (fixture->daemon == SAYS_A_BYTE)
            assert_int_equal(send(fixture->peer, "x", 1, 0), 1);
        else if (fixture->daemon == CLOSES)
            shutdown(fixture->peer, SHUT_RDWR);
    }
    fixture->chances += fd < 0;
    if (fd < 0 && fixture->first_speaks)
        return true;
    poll(&ready, 1, timeout_ms < 20 ? timeout_ms : 20);
    return false;
}

static int fixture_setup(void **state)
{
    struct fixture *self = fixture = *state = calloc(1, sizeof(*self));
    assert_non_null(self);
    struct socket_address found[ADDRESSES_MAX];
    const char *why;
    char text[sizeof(self->path) + 8];
    strcpy(self->path, "/tmp/pitether-test-XXXXXX");
    assert_non_null(mkdtemp(self->path));
    snprintf(text, sizeof(text), "unix:%.40s/socket", self->path);
    assert_int_equal(address_parse(text, 0, &self->dialer.address), 0);
    assert_int_equal(address_resolve(&self->dialer.address, true, found, &why), 1);
    self->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        bind(self->listener, (const struct sockaddr *)&found[0].storage, found[0].size), 0);
    assert_int_equal(listen(self->listener, 4), 0);
    self->peer = -1;
    self->daemon = SAYS_A_BYTE;
    return 0;
}

static int fixture_teardown(void **state)
{
    struct fixture *self = *state;
    dialer_clear(&self->dialer);
    if (self->listener >= 0)
        close(self->listener);
    if (self->peer >= 0)
        close(self->peer);
    unlink(self->dialer.address.host);
    rmdir(self->path);
    free(self);
    return 0;
}

static struct transport *find(void)
{
    struct dial_waiter waiter = { wait_for, fixture };
    struct failover_opener opener = { open_transport, fixture };
    return failover_find(&fixture->dialer, &waiter, &opener);
}

/* Nothing was found, and nothing was said to the daemon. */
static void assert_none(void)
{
    char byte;
    assert_null(find());
    if (fixture->peer >= 0)
        assert_true(recv(fixture->peer, &byte, 1, 0) <=
                    0); /* reset, if an answer was left unread */
}

static void the_daemon_answers(void **state)
{
    (void)state;
    char byte = 0;
    uint64_t begun = clock_monotonic();
    struct transport *transport = find();
    assert_non_null(transport);
    assert_true(clock_monotonic() - begun >= 400 * CLOCK_MS); /* the first one's chance */
    assert_true(fixture->chances > 1);
    assert_int_equal(recv(transport->fd, &byte, 1, MSG_DONTWAIT), 1); /* it is left unread */
    assert_int_equal(byte, 'x');
    assert_int_equal(recv(fixture->peer, &byte, 1, MSG_DONTWAIT), -1); /* and nothing was said */
    assert_int_equal(errno, EAGAIN);
    transport_close(&transport);
}

static void the_daemon_answers_on_both(void **state)
{
    (void)state;
    fixture->first_speaks = true;
    assert_none();
    assert_int_equal(fixture->chances, 1);
}

static void the_daemon_says_nothing(void **state)
{
    (void)state;
    fixture->daemon = SAYS_NOTHING;
    uint64_t begun = clock_monotonic();
    assert_none();
    assert_in_range(clock_monotonic() - begun, 1900 * CLOCK_MS, BOUND_MS * CLOCK_MS);
    assert_int_equal(fixture->chances, 0);
}

static void the_daemon_closes(void **state)
{
    (void)state;
    fixture->daemon = CLOSES;
    assert_none();
    assert_int_equal(fixture->chances, 0);
}

static void there_is_no_daemon(void **state)
{
    (void)state;
    close(fixture->listener);
    fixture->listener = -1;
    assert_none();
}

static void out_of_memory(void **state)
{
    (void)state;
    fixture->no_memory = true;
    assert_none();
}

static void hands_are_shaken_first(void **state)
{
    (void)state;
    static const int takes_time[] = { -EAGAIN, -EAGAIN, 0 }, refused[] = { -EAGAIN, -EACCES };
    memcpy(fixture->handshakes, takes_time, sizeof(takes_time));
    struct transport *transport = find();
    assert_non_null(transport);
    assert_int_equal(fixture->handshake_count, 3);
    transport_close(&transport);
    close(fixture->peer);
    fixture->peer = -1;
    fixture->handshake_count = 0;
    memcpy(fixture->handshakes, refused, sizeof(refused));
    assert_null(find());
    assert_int_equal(fixture->handshake_count, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_daemon_answers),      TEST(the_daemon_answers_on_both),
        TEST(the_daemon_says_nothing), TEST(the_daemon_closes),
        TEST(there_is_no_daemon),      TEST(out_of_memory),
        TEST(hands_are_shaken_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
