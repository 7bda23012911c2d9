#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "device/serve/admission.h"
#include "shared/base/clock.h"

/* Some time after the machine's start. */
#define BEGIN (1000 * CLOCK_SECOND)

static struct socket_address address_of(const char *text)
{
    struct socket_address address = { 0 };
    struct sockaddr_in *in = (struct sockaddr_in *)&address.storage;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address.storage;
    if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        address.size = sizeof(*in);
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
        in6->sin6_family = AF_INET6;
        address.size = sizeof(*in6);
    }
    return address;
}

static bool take(struct admission *admission, const char *text, uint64_t now)
{
    struct socket_address address = address_of(text);
    return admission_take(admission, &address, now);
}

static void give_back(struct admission *admission, const char *text, uint64_t now)
{
    struct socket_address address = address_of(text);
    admission_give_back(admission, &address, now);
}

/* How many connections in a row it gets. */
static unsigned tokens(struct admission *admission, const char *text, uint64_t now)
{
    unsigned count = 0;
    while (take(admission, text, now))
        assert_in_range(++count, 1, 1000);
    return count;
}

static int setup(void **state)
{
    static struct admission admission;
    admission = (struct admission){ 0 };
    *state = &admission;
    return 0;
}

static void twenty_in_a_row_and_then_one_a_second(void **state)
{
    struct admission *admission = *state;
    assert_int_equal(ADMISSION_BURST, 20);
    assert_int_equal(tokens(admission, "10.0.0.1", BEGIN), 20);
    assert_false(take(admission, "10.0.0.1", BEGIN + CLOCK_SECOND - 1));
    assert_true(take(admission, "10.0.0.1", BEGIN + CLOCK_SECOND));
    assert_false(take(admission, "10.0.0.1", BEGIN + CLOCK_SECOND));
    assert_int_equal(tokens(admission, "10.0.0.1", BEGIN + 8 * CLOCK_SECOND), 7);
    /* To be refused costs nothing: who waits is let in, however often it has knocked. */
    assert_true(take(admission, "10.0.0.1", BEGIN + 9 * CLOCK_SECOND));
}

static void a_full_bucket_holds_no_more(void **state)
{
    struct admission *admission = *state;
    assert_true(take(admission, "10.0.0.1", BEGIN));
    assert_int_equal(tokens(admission, "10.0.0.1", BEGIN + 3600 * CLOCK_SECOND), 20);
}

static void who_proves_itself_gets_it_back(void **state)
{
    struct admission *admission = *state;
    for (unsigned i = 0; i < 1000; i++) {
        assert_true(take(admission, "10.0.0.1", BEGIN));
        give_back(admission, "10.0.0.1", BEGIN);
    }
    assert_int_equal(tokens(admission, "10.0.0.1", BEGIN), 20);
    give_back(admission, "10.0.0.1", BEGIN);
    assert_int_equal(tokens(admission, "10.0.0.1", BEGIN), 1);
    /* Nobody can save up. */
    for (unsigned i = 0; i < 100; i++)
        give_back(admission, "10.0.0.2", BEGIN);
    assert_int_equal(tokens(admission, "10.0.0.2", BEGIN), 20);
}

static void addresses_do_not_pay_for_one_another(void **state)
{
    struct admission *admission = *state;
    assert_int_equal(tokens(admission, "10.0.0.1", BEGIN), 20);
    assert_int_equal(tokens(admission, "10.0.0.2", BEGIN), 20);
    assert_int_equal(tokens(admission, "11.0.0.1", BEGIN), 20);
    assert_int_equal(tokens(admission, "2001:db8::1", BEGIN), 20);
}

static void of_ipv6_a_network_counts_as_one(void **state)
{
    struct admission *admission = *state;
    assert_int_equal(tokens(admission, "2001:db8:0:1::1", BEGIN), 20);
    assert_false(take(admission, "2001:db8:0:1:ffff:ffff:ffff:ffff", BEGIN));
    assert_true(take(admission, "2001:db8:0:2::1", BEGIN));
    assert_true(take(admission, "2001:db8:1:1::1", BEGIN));
}

static void mapped_ipv4_is_ipv4(void **state)
{
    struct admission *admission = *state;
    assert_int_equal(tokens(admission, "10.0.0.1", BEGIN), 20);
    assert_false(take(admission, "::ffff:10.0.0.1", BEGIN));
    /* Not all of IPv4 is one network. */
    assert_int_equal(tokens(admission, "::ffff:10.0.0.2", BEGIN), 20);
    assert_false(take(admission, "10.0.0.2", BEGIN));
}

static const char *numbered(unsigned number)
{
    static char text[16];
    snprintf(text, sizeof(text), "10.1.%u.%u", number / 256, number % 256);
    return text;
}

/* One address too many makes it forget the one whose bucket is full first, which it would have
 * forgiven first. */
static void of_too_many_the_one_is_forgotten_that_took_least(void **state)
{
    struct admission *admission = *state;
    for (unsigned i = 0; i < ADMISSION_ADDRESSES; i++) {
        assert_true(take(admission, numbered(i), BEGIN));
        if (i != 77)
            assert_true(take(admission, numbered(i), BEGIN));
    }
    assert_true(take(admission, "192.0.2.1", BEGIN));
    assert_true(take(admission, "192.0.2.1", BEGIN));
    assert_int_equal(tokens(admission, numbered(0), BEGIN), 18);
    assert_int_equal(tokens(admission, numbered(255), BEGIN), 18);
    assert_int_equal(tokens(admission, "192.0.2.1", BEGIN), 18);
    assert_int_equal(tokens(admission, numbered(77), BEGIN), 20);
}

/* Nor do a thousand others wash away what one that went too far has done. */
static void others_do_not_wash_it_away(void **state)
{
    struct admission *admission = *state;
    assert_int_equal(tokens(admission, "192.0.2.1", BEGIN), 20);
    for (unsigned i = 0; i < 1000; i++)
        assert_true(take(admission, numbered(i), BEGIN + 1));
    assert_false(take(admission, "192.0.2.1", BEGIN + 2));
}

static void any_time_will_do(void **state)
{
    struct admission *admission = *state;
    assert_int_equal(tokens(admission, "10.0.0.1", 0), 20);
    assert_int_equal(tokens(admission, "10.0.0.1", 0), 0);
    uint64_t late = UINT64_MAX - 1000 * CLOCK_SECOND;
    assert_int_equal(tokens(admission, "10.0.0.1", late), 20);
    assert_false(take(admission, "10.0.0.1", late));
    assert_true(take(admission, "10.0.0.1", late + CLOCK_SECOND));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(twenty_in_a_row_and_then_one_a_second, setup),
        cmocka_unit_test_setup(a_full_bucket_holds_no_more, setup),
        cmocka_unit_test_setup(who_proves_itself_gets_it_back, setup),
        cmocka_unit_test_setup(addresses_do_not_pay_for_one_another, setup),
        cmocka_unit_test_setup(of_ipv6_a_network_counts_as_one, setup),
        cmocka_unit_test_setup(mapped_ipv4_is_ipv4, setup),
        cmocka_unit_test_setup(of_too_many_the_one_is_forgotten_that_took_least, setup),
        cmocka_unit_test_setup(others_do_not_wash_it_away, setup),
        cmocka_unit_test_setup(any_time_will_do, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
