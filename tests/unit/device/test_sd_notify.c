/*
 * Notifications as a service manager receives them.
 */
#include "device/system/sd_notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "shared/base/clock.h"
#include "shared/base/log.h"

/* A socket that stands for systemd's; the name begins with @ if it is abstract. */
static int listen_at(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t size = strlen(name);
    memcpy(address.sun_path, name, size);
    if (*name == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)),
                     0);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static int setup(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return 0;
}

static void told_at(const char *name)
{
    struct sd_notify service;
    char text[1000];
    int fd = listen_at(name);
    sd_notify_open(&service);
    sd_notify_send(&service, "READY=1\nSTATUS=%d of %s", 3, "four");
    ssize_t size = recv(fd, text, sizeof(text) - 1, 0);
    assert_true(size > 0);
    text[size] = '\0';
    assert_string_equal(text, "READY=1\nSTATUS=3 of four");
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    sd_notify_send(&service, "STATUS=%s", text);
    assert_int_equal(recv(fd, text, sizeof(text), 0), 500);
    sd_notify_close(&service);
    sd_notify_send(&service, "nobody");
    assert_int_equal(recv(fd, text, sizeof(text), 0), -1);
    close(fd);
}

static void a_path_and_an_abstract_address(void **state)
{
    (void)state;
    char name[64];
    snprintf(name, sizeof(name), "@pitether-test-%d", (int)getpid());
    told_at(name);
    char folder[] = "/tmp/pitether-service-XXXXXX", path[96];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/socket", folder);
    told_at(path);
    unlink(path);
    rmdir(folder);
}

static void nobody_to_tell(void **state)
{
    (void)state;
    char too_long[200];
    memset(too_long, 'x', sizeof(too_long));
    too_long[0] = '/';
    too_long[sizeof(too_long) - 1] = '\0';
    const char *const names[] = { NULL, "", "relative", "vsock:2:1234", too_long, "/no/such/one" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct sd_notify service;
        if (names[i])
            setenv("NOTIFY_SOCKET", names[i], 1);
        setenv("WATCHDOG_USEC", "1000000", 1);
        sd_notify_open(&service);
        assert_true(service.fd < 0 || i == 5);
        assert_true(service.watchdog_ns == 0 || i == 5);
        sd_notify_send(&service, "READY=1");
        sd_notify_close(&service);
    }
}

/* A manager that reads nothing does not hold up who tells it. */
static void a_full_socket(void **state)
{
    (void)state;
    struct sd_notify service;
    char name[64], text[64];
    snprintf(name, sizeof(name), "@pitether-test-full-%d", (int)getpid());
    int fd = listen_at(name);
    sd_notify_open(&service);
    for (int i = 0; i < 10000; i++)
        sd_notify_send(&service, "WATCHDOG=1");
    assert_int_equal(recv(fd, text, sizeof(text), 0), strlen("WATCHDOG=1"));
    sd_notify_close(&service);
    close(fd);
}

static void watchdog_times(void **state)
{
    (void)state;
    static const struct {
        const char *time;
        uint64_t ns;
    } cases[] = { { "1000000", CLOCK_SECOND / 2 },
                  { "2", 1000 },
                  { "", 0 },
                  { "0", 0 },
                  { "-5", 0 },
                  { "5s", 0 },
                  { " 5", 0 },
                  { "86400000001", 0 },
                  { "99999999999999999999999", 0 } };
    char name[64];
    snprintf(name, sizeof(name), "@pitether-test-dog-%d", (int)getpid());
    int fd = listen_at(name);
    struct sd_notify service;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        setenv("WATCHDOG_USEC", cases[i].time, 1);
        sd_notify_open(&service);
        assert_int_equal(service.watchdog_ns, cases[i].ns);
        sd_notify_close(&service);
    }
    setenv("WATCHDOG_USEC", "1000000", 1);
    setenv("WATCHDOG_PID", "1", 1); /* meant for another process */
    sd_notify_open(&service);
    assert_int_equal(service.watchdog_ns, 0);
    sd_notify_close(&service);
    snprintf(name, sizeof(name), "%d", (int)getpid());
    setenv("WATCHDOG_PID", name, 1);
    sd_notify_open(&service);
    assert_int_equal(service.watchdog_ns, CLOCK_SECOND / 2);
    sd_notify_close(&service);
    close(fd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_path_and_an_abstract_address, setup),
        cmocka_unit_test_setup(nobody_to_tell, setup),
        cmocka_unit_test_setup(a_full_socket, setup),
        cmocka_unit_test_setup(watchdog_times, setup),
    };
    log_setup("test_service", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
