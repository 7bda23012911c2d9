#include "shared/net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { DEFAULT_PORT = 7484, UNIX_PATH_MAX = 107 };

static const struct {
    const char *text, *host;
    uint16_t port;
    bool is_unix;
    const char *formatted;
} good[] = {
    { "localhost", "localhost", DEFAULT_PORT, false, "localhost:7484" },
    { "pi.local:80", "pi.local", 80, false, "pi.local:80" },
    { "10.0.0.1", "10.0.0.1", DEFAULT_PORT, false, "10.0.0.1:7484" },
    { "10.0.0.1:1", "10.0.0.1", 1, false, "10.0.0.1:1" },
    { "10.0.0.1:65535", "10.0.0.1", 65535, false, "10.0.0.1:65535" },
    { "10.0.0.1:0", "10.0.0.1", 0, false, "10.0.0.1:0" },
    { "h:00080", "h", 80, false, "h:80" },
    { "::1", "::1", DEFAULT_PORT, false, "[::1]:7484" },
    { "::", "::", DEFAULT_PORT, false, "[::]:7484" },
    { "fe80::1%eth0", "fe80::1%eth0", DEFAULT_PORT, false, "[fe80::1%eth0]:7484" },
    { "[::1]", "::1", DEFAULT_PORT, false, "[::1]:7484" },
    { "[::1]:99", "::1", 99, false, "[::1]:99" },
    { "[fe80::1%eth0]:99", "fe80::1%eth0", 99, false, "[fe80::1%eth0]:99" },
    { "[::ffff:127.0.0.1]:5", "::ffff:127.0.0.1", 5, false, "[::ffff:127.0.0.1]:5" },
    { "unix", "unix", DEFAULT_PORT, false, "[unix]:7484" },
    { "unix:/run/x.sock", "/run/x.sock", DEFAULT_PORT, true, "unix:/run/x.sock" },
    { "unix:/a:b]:80", "/a:b]:80", DEFAULT_PORT, true, "unix:/a:b]:80" },
    { "unix:relative", "relative", DEFAULT_PORT, true, "unix:relative" },
};

static void good_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct address address, again;
        char text[ADDRESS_TEXT_MAX];
        assert_int_equal(address_parse(good[i].text, DEFAULT_PORT, &address), 0);
        assert_string_equal(address.host, good[i].host);
        assert_int_equal(address.port, good[i].port);
        assert_int_equal(address.is_unix, good[i].is_unix);
        address_format(&address, text);
        assert_string_equal(text, good[i].formatted);
        assert_int_equal(address_parse(text, DEFAULT_PORT, &again), 0);
        assert_memory_equal(&again, &address, sizeof(address));
    }
}

static void bad_forms(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",         ":",           ":80",     "host:",        "host:x",   "host:80x",
        "host: 80", "host:-1",     "host:+1", "h:65536",      "h:999999", "h:99999999999999999999",
        "[",        "[]",          "[]:80",   "[::1",         "[::1]80",  "[::1]:",
        "[::1]:x",  "[::1]:65536", "[::1]]",  "[[::1]",       "::1]",     "a]",
        "unix:",    "a\nb",        "a\tb:80", "unix:/\033[m", "a\177",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct address address;
        if (address_parse(bad[i], DEFAULT_PORT, &address) != -EINVAL)
            fail_msg("'%s' was taken", bad[i]);
    }
}

/* A text of a prefix and so many letters. */
static int parse_long(const char *prefix, size_t letters, const char *suffix,
                      struct address *address)
{
    char text[400];
    size_t head = strlen(prefix);
    memcpy(text, prefix, head);
    memset(text + head, 'x', letters);
    strcpy(text + head + letters, suffix);
    return address_parse(text, DEFAULT_PORT, address);
}

static void long_ones(void **state)
{
    (void)state;
    struct address address;
    char text[ADDRESS_TEXT_MAX];
    assert_int_equal(parse_long("", ADDRESS_HOST_MAX, ":65535", &address), 0);
    address_format(&address, text);
    assert_int_equal(strlen(text), ADDRESS_HOST_MAX + 6);
    assert_int_equal(parse_long("", ADDRESS_HOST_MAX + 1, ":65535", &address), -ENAMETOOLONG);
    assert_int_equal(parse_long("", ADDRESS_HOST_MAX + 1, "", &address), -ENAMETOOLONG);
    assert_int_equal(parse_long("[", ADDRESS_HOST_MAX + 1, "]", &address), -ENAMETOOLONG);
    assert_int_equal(parse_long("unix:/", UNIX_PATH_MAX - 1, "", &address), 0);
    assert_int_equal(parse_long("unix:/", UNIX_PATH_MAX, "", &address), -ENAMETOOLONG);
}

static void numbers_are_resolved(void **state)
{
    (void)state;
    static const struct {
        const char *text, *formatted;
        bool local;
    } cases[] = {
        { "127.0.0.1:7484", "127.0.0.1:7484", true },
        { "127.255.3.4:1", "127.255.3.4:1", true },
        { "128.0.0.1:1", "128.0.0.1:1", false },
        { "126.255.255.255:1", "126.255.255.255:1", false },
        { "0.0.0.0:1", "0.0.0.0:1", false },
        { "192.168.0.127:1", "192.168.0.127:1", false },
        { "[::1]:9", "[::1]:9", true },
        { "[::]:9", "[::]:9", false },
        { "[::2]:9", "[::2]:9", false },
        { "[2001:db8::7f00:1]:9", "[2001:db8::7f00:1]:9", false },
        { "[::ffff:127.0.0.1]:9", "[::ffff:127.0.0.1]:9", true },
        { "[::ffff:127.9.9.9]:9", "[::ffff:127.9.9.9]:9", true },
        { "[::ffff:10.0.0.127]:9", "[::ffff:10.0.0.127]:9", false },
        { "unix:/run/x", "unix:/run/x", true },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        for (int listen = 0; listen < 2; listen++) {
            struct address address;
            struct socket_address out[ADDRESSES_MAX];
            char text[ADDRESS_TEXT_MAX];
            const char *why = NULL;
            assert_int_equal(address_parse(cases[i].text, 1, &address), 0);
            assert_int_equal(address_resolve(&address, listen, out, &why), 1);
            socket_address_format(&out[0], text);
            assert_string_equal(text, cases[i].formatted);
            assert_int_equal(socket_address_is_local(&out[0]), cases[i].local);
        }
}

/* A name of one label of more than 63 letters is found wrong without asking the network. */
static void what_can_not_be_resolved_says_why(void **state)
{
    (void)state;
    struct address address;
    struct socket_address out[ADDRESSES_MAX];
    const char *why = NULL;
    assert_int_equal(parse_long("", 200, ":80", &address), 0);
    assert_int_equal(address_resolve(&address, false, out, &why), -ENOENT);
    assert_true(why && *why);
}

static void unix_paths_are_kept_whole(void **state)
{
    (void)state;
    struct address address;
    struct socket_address out[ADDRESSES_MAX];
    const char *why;
    char text[ADDRESS_TEXT_MAX], wanted[ADDRESS_TEXT_MAX];
    assert_int_equal(parse_long("unix:/", UNIX_PATH_MAX - 1, "", &address), 0);
    assert_int_equal(address_resolve(&address, true, out, &why), 1);
    assert_int_equal(out[0].size, offsetof(struct sockaddr_un, sun_path) + UNIX_PATH_MAX + 1);
    socket_address_format(&out[0], text);
    address_format(&address, wanted);
    assert_string_equal(text, wanted);
    /* A peer's socket has no name; the kernel may also give one that fills all the room. */
    out[0].size = sizeof(sa_family_t);
    socket_address_format(&out[0], text);
    assert_string_equal(text, "unix");
    struct sockaddr_un full = { .sun_family = AF_UNIX };
    memset(full.sun_path, 'y', sizeof(full.sun_path));
    memset(&out[0].storage, 'z', sizeof(out[0].storage));
    memcpy(&out[0].storage, &full, sizeof(full));
    out[0].size = sizeof(full);
    socket_address_format(&out[0], text);
    assert_int_equal(strlen(text), 5 + sizeof(full.sun_path));
    assert_true(socket_address_is_local(&out[0]));
}

static void unknown_families(void **state)
{
    (void)state;
    struct socket_address other = { .storage.ss_family = AF_APPLETALK, .size = 16 };
    char text[ADDRESS_TEXT_MAX];
    socket_address_format(&other, text);
    assert_string_equal(text, "?");
    assert_false(socket_address_is_local(&other));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_forms),
        cmocka_unit_test(bad_forms),
        cmocka_unit_test(long_ones),
        cmocka_unit_test(numbers_are_resolved),
        cmocka_unit_test(what_can_not_be_resolved_says_why),
        cmocka_unit_test(unix_paths_are_kept_whole),
        cmocka_unit_test(unknown_families),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
