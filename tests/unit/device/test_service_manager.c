/*
 * How a service manager is told of one stream, and of several.
 */
#include "device/serve/service_manager.h"

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

#include "fake_stream.h"

enum { STREAMS = 16 };

struct fixture {
    int fd; /* the service manager's */
    struct loop loop;
    struct service_manager manager;
    struct stream streams[STREAMS], *pointers[STREAMS];
    char names[STREAMS][WIRE_NAME_MAX + 1];
};

static int setup(void **state)
{
    static struct fixture fixture;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char name[64];
    fixture = (struct fixture){ 0 };
    *state = &fixture;
    unsetenv("WATCHDOG_USEC");
    snprintf(name, sizeof(name), "@pitether-test-%ld", (long)getpid());
    setenv("NOTIFY_SOCKET", name, 1);
    size_t size = strlen(name);
    memcpy(address.sun_path, name, size);
    address.sun_path[0] = '\0';
    fixture.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (fixture.fd < 0 || bind(fixture.fd, (struct sockaddr *)&address,
                               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)))
        return -1;
    for (unsigned i = 0; i < STREAMS; i++) {
        snprintf(fixture.names[i], sizeof(fixture.names[i]), "stream-%u-with-a-very-long-name", i);
        fake_stream_init(&fixture.streams[i], i, fixture.names[i]);
        fixture.pointers[i] = &fixture.streams[i];
    }
    if (loop_init(&fixture.loop))
        return -1;
    return service_manager_open(&fixture.manager, &fixture.loop);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    service_manager_close(&fixture->manager);
    loop_destroy(&fixture->loop);
    for (unsigned i = 0; i < STREAMS; i++)
        fake_stream_destroy(&fixture->streams[i]);
    close(fixture->fd);
    unsetenv("NOTIFY_SOCKET");
    return 0;
}

static void expect(struct fixture *fixture, const char *text)
{
    char received[1000];
    ssize_t size = recv(fixture->fd, received, sizeof(received) - 1, 0);
    assert_true(size > 0);
    received[size] = '\0';
    assert_string_equal(received, text);
}

static void one_stream(void **state)
{
    struct fixture *fixture = *state;
    service_manager_streams(&fixture->manager, fixture->pointers, 1);
    expect(fixture, "STATUS=The camera is off.");
    fake_stream_on(&fixture->streams[0], 640);
    service_manager_streams(&fixture->manager, fixture->pointers, 1);
    expect(fixture, "STATUS=The camera is on.");
    fixture->streams[0].running = false;
    fixture->streams[0].status.state = WIRE_STREAM_LOST;
    service_manager_streams(&fixture->manager, fixture->pointers, 1);
    expect(fixture, "STATUS=The camera is lost, trying to restart it.");
}

static void several_streams(void **state)
{
    struct fixture *fixture = *state;
    fixture->streams[0].config.name = "front";
    fixture->streams[1].config.name = "rear";
    fake_stream_on(&fixture->streams[1], 640);
    service_manager_streams(&fixture->manager, fixture->pointers, 2);
    expect(fixture, "STATUS=front: off; rear: on");
}

/* What does not fit is cut, and nothing is written beyond. */
static void many_streams(void **state)
{
    struct fixture *fixture = *state;
    char received[1000];
    service_manager_streams(&fixture->manager, fixture->pointers, STREAMS);
    ssize_t size = recv(fixture->fd, received, sizeof(received), 0);
    assert_in_range(size, 300, 500);
    assert_memory_equal(received, "STATUS=stream-0-with-a-very-long-name: off; stream-1-", 53);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_stream),
        TEST(several_streams),
        TEST(many_streams),
    };
    return cmocka_run_group_tests_name("service_manager", tests, NULL, NULL);
}
