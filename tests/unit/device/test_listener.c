#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "device/serve/listener.h"

enum { BOUND_MS = 5000 };

/* The kernel may not offer what is asked for. */
static bool refuses_bbr;
static unsigned asked_for_bbr;

int __real_setsockopt(int fd, int level, int option, const void *value, socklen_t size);
int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t size);

int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
    if (level == IPPROTO_TCP && option == TCP_CONGESTION) {
        assert_int_equal(size, 3);
        assert_memory_equal(value, "bbr", 3);
        asked_for_bbr++;
        if (refuses_bbr) {
            errno = ENOENT;
            return -1;
        }
    }
    return __real_setsockopt(fd, level, option, value, size);
}

struct fixture {
    struct listeners listeners;
    char folder[64], path[96], text[128]; /* a socket's path, and the same as --listen takes it */
    struct error error;
};

static int setup(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){ .folder = "/tmp/pitether-test-XXXXXX" };
    *state = &fixture;
    if (!mkdtemp(fixture.folder))
        return -1;
    snprintf(fixture.path, sizeof(fixture.path), "%s/socket", fixture.folder);
    snprintf(fixture.text, sizeof(fixture.text), "unix:%s", fixture.path);
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    listeners_close(&fixture->listeners);
    unlink(fixture->path);
    return rmdir(fixture->folder);
}

static int open_text(struct fixture *fixture, const char *text, bool allow_remote)
{
    fixture->error = (struct error){ "" };
    int result = listeners_open(&fixture->listeners, text, allow_remote, &fixture->error);
    assert_true(result <= 0);
    assert_int_equal(result != 0, fixture->error.text[0] != '\0');
    assert_null(strchr(fixture->error.text, '\n'));
    return result;
}

static unsigned port_of(const struct socket_address *address)
{
    if (address->storage.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&address->storage)->sin6_port);
    return ntohs(((const struct sockaddr_in *)&address->storage)->sin_port);
}

/* Does someone accept a connection there? */
static bool answers(const struct socket_address *address)
{
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool yes = connect(fd, (const struct sockaddr *)&address->storage, address->size) == 0;
    close(fd);
    return yes;
}

static struct socket_address unix_address(const char *path)
{
    struct socket_address address = { .size = sizeof(struct sockaddr_un) };
    struct sockaddr_un *un = (struct sockaddr_un *)&address.storage;
    un->sun_family = AF_UNIX;
    snprintf(un->sun_path, sizeof(un->sun_path), "%s", path);
    return address;
}

/* A socket bound to the path; alive: it listens. */
static int occupy(const char *path, bool alive)
{
    struct socket_address address = unix_address(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address.storage, address.size), 0);
    if (alive)
        assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static bool have_ipv6(void)
{
    struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool yes = fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0;
    if (fd >= 0)
        close(fd);
    return yes;
}

static void port_0_becomes_real(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(open_text(fixture, "127.0.0.1:0", false), 0);
    assert_int_equal(fixture->listeners.count, 1);
    const struct listener *listener = &fixture->listeners.items[0];
    assert_in_range(port_of(&listener->address), 1, 65535);
    assert_true(answers(&listener->address));
    /* Someone who connects and goes away again never holds up the loop. */
    struct pollfd waiting = { .fd = listener->fd, .events = POLLIN };
    assert_int_equal(poll(&waiting, 1, BOUND_MS), 1);
    int fd = accept(listener->fd, NULL, NULL);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(accept(listener->fd, NULL, NULL), -1);
    assert_int_equal(errno, EAGAIN);
}

static void default_addresses(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(listeners_open_default(&fixture->listeners, 0, &fixture->error), 0);
    assert_int_equal(fixture->listeners.count, have_ipv6() ? 2 : 1);
    for (unsigned i = 0; i < fixture->listeners.count; i++) {
        assert_true(socket_address_is_local(&fixture->listeners.items[i].address));
        assert_true(answers(&fixture->listeners.items[i].address));
    }
    assert_int_equal(fixture->listeners.items[0].address.storage.ss_family, AF_INET);
}

static void busy_port_is_explained(void **state)
{
    struct fixture *fixture = *state;
    char text[64];
    assert_int_equal(open_text(fixture, "127.0.0.1:0", false), 0);
    unsigned port = port_of(&fixture->listeners.items[0].address);
    snprintf(text, sizeof(text), "127.0.0.1:%u", port);
    assert_int_equal(open_text(fixture, text, false), -EADDRINUSE);
    assert_non_null(strstr(fixture->error.text, text));
    assert_non_null(strstr(fixture->error.text, "--listen"));
    assert_int_equal(fixture->listeners.count, 1);
    /* The default port is no exception, even if [::1] has it free. */
    assert_int_equal(listeners_open_default(&fixture->listeners, port, &fixture->error),
                     -EADDRINUSE);
    assert_non_null(strstr(fixture->error.text, text));
}

static void remote_addresses_need_leave(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(open_text(fixture, "0.0.0.0:0", false), -EINVAL);
    assert_non_null(strstr(fixture->error.text, "--insecure-plaintext"));
    assert_int_equal(open_text(fixture, "[::]:0", false), -EINVAL);
    /* Refused before anything is tried: this address is nobody's here (RFC 5737). */
    assert_int_equal(open_text(fixture, "192.0.2.1:0", false), -EINVAL);
    assert_int_equal(fixture->listeners.count, 0);
    assert_int_equal(open_text(fixture, "0.0.0.0:0", true), 0);
    assert_int_equal(fixture->listeners.count, 1);
}

static void no_addresses(void **state)
{
    struct fixture *fixture = *state;
    static const char *const texts[] = { "", ":1", "host:", "[::1", "127.0.0.1:65536", "unix:" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(open_text(fixture, texts[i], true), -EINVAL);
    assert_int_equal(fixture->listeners.count, 0);
}

static void unix_socket_comes_and_goes(void **state)
{
    struct fixture *fixture = *state;
    struct socket_address address = unix_address(fixture->path);
    assert_int_equal(open_text(fixture, fixture->text, false), 0);
    assert_true(answers(&address));
    listeners_close(&fixture->listeners);
    assert_int_equal(fixture->listeners.count, 0);
    assert_int_equal(access(fixture->path, F_OK), -1);
}

static void dead_unix_socket_is_taken_over(void **state)
{
    struct fixture *fixture = *state;
    struct socket_address address = unix_address(fixture->path);
    close(occupy(fixture->path, true));
    assert_int_equal(access(fixture->path, F_OK), 0);
    assert_int_equal(open_text(fixture, fixture->text, false), 0);
    assert_true(answers(&address));
}

static void living_unix_socket_is_not(void **state)
{
    struct fixture *fixture = *state;
    struct socket_address address = unix_address(fixture->path);
    int fd = occupy(fixture->path, true);
    assert_int_equal(open_text(fixture, fixture->text, false), -EADDRINUSE);
    assert_non_null(strstr(fixture->error.text, fixture->path));
    assert_int_equal(fixture->listeners.count, 0);
    listeners_close(&fixture->listeners);
    /* The question took one place in the queue, this takes the other. */
    assert_true(answers(&address));
    close(fd);
}

/* One with so many waiting that it can't answer for now lives, too. */
static void busy_unix_socket_is_not(void **state)
{
    struct fixture *fixture = *state;
    struct socket_address address = unix_address(fixture->path);
    int fd = occupy(fixture->path, true), waiting[16], count = 0, error = 0;
    for (; count < 16 && !error; count++) {
        waiting[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (connect(waiting[count], (struct sockaddr *)&address.storage, address.size))
            error = errno;
    }
    assert_int_equal(error, EAGAIN);
    assert_int_equal(open_text(fixture, fixture->text, false), -EADDRINUSE);
    assert_int_equal(access(fixture->path, F_OK), 0);
    while (count > 0)
        close(waiting[--count]);
    close(fd);
}

static void other_files_stay(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    close(open(fixture->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    assert_int_equal(open_text(fixture, fixture->text, false), -EADDRINUSE);
    assert_int_equal(lstat(fixture->path, &status), 0);
    assert_true(S_ISREG(status.st_mode));
    unlink(fixture->path);
    /* Nor is a link followed to what lies behind it. */
    assert_int_equal(symlink("/nonexistent/target", fixture->path), 0);
    assert_true(open_text(fixture, fixture->text, false) < 0);
    assert_int_equal(lstat(fixture->path, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
}

static void missing_folder_is_told(void **state)
{
    struct fixture *fixture = *state;
    char text[160];
    snprintf(text, sizeof(text), "unix:%s/none/socket", fixture->folder);
    assert_int_equal(open_text(fixture, text, false), -ENOENT);
    assert_non_null(strstr(fixture->error.text, "/none/socket"));
}

static void too_long_a_path(void **state)
{
    struct fixture *fixture = *state;
    char text[200] = "unix:";
    memset(text + 5, 'x', sizeof(text) - 6);
    assert_true(open_text(fixture, text, false) < 0);
    assert_int_equal(fixture->listeners.count, 0);
}

/* Addresses for documentation (RFC 5737, RFC 3849), which no machine has. */
static void addresses_that_are_not_there_yet(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(open_text(fixture, "192.0.2.1:0", true), 0);
    assert_true(fixture->listeners.items[0].absent);
    assert_true(fixture->listeners.items[0].remote);
    assert_in_range(port_of(&fixture->listeners.items[0].address), 1, 65535);
    assert_int_equal(open_text(fixture, "0.0.0.0:0", true), 0);
    assert_false(fixture->listeners.items[1].absent);
    if (!have_ipv6())
        return;
    assert_int_equal(open_text(fixture, "[2001:db8::1]:0", true), 0);
    assert_true(fixture->listeners.items[2].absent);
}

static void no_more_than_fit(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 0; i < LISTENERS_MAX; i++)
        assert_int_equal(open_text(fixture, "127.0.0.1:0", false), 0);
    assert_int_equal(open_text(fixture, "127.0.0.1:0", false), -EINVAL);
    assert_int_equal(fixture->listeners.count, LISTENERS_MAX);
}

/* TCP alone has it, and nothing depends on it. See also tests/e2e/test_path.py. */
static void bbr_where_it_is_offered(void **state)
{
    struct fixture *fixture = *state;
    for (int refuses = 0; refuses < 2; refuses++) {
        refuses_bbr = refuses;
        asked_for_bbr = 0;
        assert_int_equal(open_text(fixture, fixture->text, false), 0);
        assert_int_equal(asked_for_bbr, 0);
        assert_int_equal(open_text(fixture, "127.0.0.1:0", false), 0);
        assert_int_equal(asked_for_bbr, 1);
        listeners_close(&fixture->listeners);
    }
    refuses_bbr = false;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(port_0_becomes_real),
        TEST(default_addresses),
        TEST(busy_port_is_explained),
        TEST(remote_addresses_need_leave),
        TEST(no_addresses),
        TEST(unix_socket_comes_and_goes),
        TEST(dead_unix_socket_is_taken_over),
        TEST(living_unix_socket_is_not),
        TEST(busy_unix_socket_is_not),
        TEST(other_files_stay),
        TEST(missing_folder_is_told),
        TEST(too_long_a_path),
        TEST(addresses_that_are_not_there_yet),
        TEST(no_more_than_fit),
        TEST(bbr_where_it_is_offered),
    };
    return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
