/*
 * What the kernel tells of a connection, as it was seen in network namespaces; see also
 * tests/e2e/test_path.py.
 */
#include "host/lib/black_hole.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { SMALL = 1220, SMALLEST = 536 };

static void first_the_one_then_the_other(void **state)
{
    (void)state;
    assert_int_equal(black_hole_smaller(0), SMALL);
    assert_int_equal(black_hole_smaller(1460), SMALL);
    assert_int_equal(black_hole_smaller(SMALL), SMALLEST);
    assert_int_equal(black_hole_smaller(SMALLEST), 0);
}

/* A PING went out 1.5 s after the last byte had come, and was acknowledged. */
static const struct tcp_info hole = {
    .tcpi_rcv_mss = 536, .tcpi_advmss = 1208, .tcpi_last_data_recv = 2528, .tcpi_last_ack_recv = 816
};

static void a_black_hole(void **state)
{
    (void)state;
    struct tcp_info info = hole;
    assert_true(black_hole_shows(&info, 0));
    assert_true(black_hole_shows(&info, SMALL));
    info.tcpi_rcv_mss = 1030; /* small messages in one packet */
    assert_true(black_hole_shows(&info, 0));
    assert_true(black_hole_shows(&info, SMALL));
    /* Sent again because the acknowledgement was late: the peer says that it has it twice. */
    info.tcpi_total_retrans = info.tcpi_dsack_dups = 1;
    assert_true(black_hole_shows(&info, 0));
}

/* What we say does not get there, either. */
static void a_cut(void **state)
{
    (void)state;
    struct tcp_info info = hole;
    info.tcpi_last_ack_recv = info.tcpi_last_data_recv;
    assert_false(black_hole_shows(&info, 0));
}

/* What was said in it had to be said again, even if all is acknowledged by now; the peer waits for
 * its own timer. */
static void a_short_cut(void **state)
{
    (void)state;
    struct tcp_info info = hole;
    info.tcpi_total_retrans = 1;
    assert_false(black_hole_shows(&info, 0));
}

/* Something large did get through. */
static void a_peer_that_pauses(void **state)
{
    (void)state;
    struct tcp_info info = hole;
    info.tcpi_rcv_mss = info.tcpi_advmss = 1448;
    assert_false(black_hole_shows(&info, 0));
    info.tcpi_rcv_mss = info.tcpi_advmss = 1208; /* as it was asked for */
    assert_false(black_hole_shows(&info, SMALL));
}

static void other_sockets(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_false(black_hole_suspected(fds[0], 0));
    close(fds[0]);
    close(fds[1]);
    assert_false(black_hole_suspected(-1, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_the_one_then_the_other),
        cmocka_unit_test(a_black_hole),
        cmocka_unit_test(a_cut),
        cmocka_unit_test(a_short_cut),
        cmocka_unit_test(a_peer_that_pauses),
        cmocka_unit_test(other_sockets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
