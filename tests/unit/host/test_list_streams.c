/*
 * Asking a daemon for its streams. The daemon is a thread that sends what it is given to whoever
 * connects.
 */
#include "receiver_fixture.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/base/clock.h"
#include "shared/protocol/wire_streams.h"

/* Sends fixture->script, and waits until the other side has closed. Nobody may come, where a call
 * fails. */
static void *serve_once(void *user)
{
    struct fixture *fixture = user;
    char bytes[512];
    struct pollfd visitor = { .fd = fixture->listener, .events = POLLIN };
    if (poll(&visitor, 1, 10000) != 1)
        return NULL;
    int fd = accept4(fixture->listener, NULL, NULL, SOCK_CLOEXEC);
    send(fd, fixture->script.bytes, fixture->script.size, MSG_NOSIGNAL);
    while (recv(fd, bytes, sizeof(bytes), 0) > 0)
        ;
    close(fd);
    return NULL;
}

static int list(struct fixture *fixture, struct pitether_stream_info *streams, size_t max,
                struct pitether_error *error)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, serve_once, fixture), 0);
    int result = pitether_list_streams(fixture->address, &fixture->options, streams, max, error);
    pthread_join(thread, NULL);
    return result;
}

static void add_list(struct fixture *fixture)
{
    static const struct wire_streams streams = {
        .count = 3,
        .entries = { { .number = 0,
                       .state = WIRE_STREAM_RUNNING,
                       .width = 1280,
                       .height = 720,
                       .fps_mhz = 29970,
                       .name = "front",
                       .model = "imx708" },
                     { .number = 1, .state = WIRE_STREAM_LOST, .name = "rear", .model = "" },
                     { .number = 2, .state = 99, .name = "top", .model = "x" } },
    };
    uint8_t bytes[WIRE_STREAMS_ENCODED_MAX];
    script_add(&fixture->script, wire_opening, WIRE_OPENING_SIZE);
    script_say(&fixture->script, &(struct wire_message){ .type = WIRE_HELLO,
                                                         .hello = { .max_message = WIRE_CONTROL_MAX,
                                                                    .epoch = SCRIPT_EPOCH,
                                                                    .name = "bench" } });
    script_add(&fixture->script, bytes, wire_encode_streams(&streams, bytes));
}

static void all_streams(void **state)
{
    struct fixture *fixture = *state;
    struct pitether_stream_info streams[4];
    add_list(fixture);
    memset(streams, 0x55, sizeof(streams));
    assert_int_equal(list(fixture, streams, 4, NULL), 3);
    assert_string_equal(streams[0].name, "front");
    assert_string_equal(streams[0].model, "imx708");
    assert_int_equal(streams[0].width, 1280);
    assert_int_equal(streams[0].height, 720);
    assert_true(streams[0].fps == 29.97);
    assert_int_equal(streams[0].state, PITETHER_CAMERA_RUNNING);
    assert_string_equal(streams[1].name, "rear");
    assert_int_equal(streams[1].state, PITETHER_CAMERA_LOST);
    assert_int_equal(streams[1].width, 0);
    assert_string_equal(streams[2].name, "top");
    assert_int_equal(streams[2].state, PITETHER_CAMERA_STARTING); /* one that is not known */
    assert_int_equal(streams[3].name[0], 0x55);
}

/* How many there are is said, even if they don't fit. */
static void more_than_fit(void **state)
{
    struct fixture *fixture = *state;
    struct pitether_stream_info streams[2];
    add_list(fixture);
    memset(streams, 0x55, sizeof(streams));
    assert_int_equal(list(fixture, streams, 1, NULL), 3);
    assert_string_equal(streams[0].name, "front");
    assert_int_equal(streams[1].name[0], 0x55);
    assert_int_equal(list(fixture, NULL, 0, NULL), 3);
}

static void a_daemon_that_says_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct pitether_error error;
    uint64_t begun = clock_monotonic();
    fixture->options.timeout_s = 0.2;
    assert_int_equal(list(fixture, NULL, 0, &error), -ETIMEDOUT);
    assert_in_range(clock_monotonic() - begun, 200 * CLOCK_MS, 3 * CLOCK_SECOND);
    assert_non_null(strstr(error.text, "did not list its streams in time"));
    assert_int_equal(error.code, -ETIMEDOUT);
}

static void what_else_answers(void **state)
{
    struct fixture *fixture = *state;
    struct pitether_error error;
    script_add(&fixture->script, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
    assert_int_equal(list(fixture, NULL, 0, &error), -EPROTO);
    assert_non_null(strstr(error.text, "not a pitetherd"));
    fixture->script.size = 0;
    script_add(&fixture->script, wire_opening, WIRE_OPENING_SIZE);
    script_error(&fixture->script, WIRE_ERROR_TLS_REQUIRED, "a key is needed");
    assert_int_equal(list(fixture, NULL, 0, &error), -EACCES);
    assert_non_null(strstr(error.text, "a key is needed"));
}

static void nobody_to_ask(void **state)
{
    struct fixture *fixture = *state;
    struct pitether_error error;
    stop_listening(fixture);
    assert_int_equal(pitether_list_streams(fixture->address, NULL, NULL, 0, &error), -ENOENT);
    assert_non_null(strstr(error.text, "is pitetherd running there?"));
    assert_int_equal(pitether_list_streams("127.0.0.1/front", NULL, NULL, 0, &error), -EINVAL);
    assert_int_equal(pitether_list_streams("127.0.0.1:x", NULL, NULL, 0, &error), -EINVAL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RECEIVER_TEST(all_streams),
        RECEIVER_TEST(more_than_fit),
        RECEIVER_TEST(a_daemon_that_says_nothing),
        RECEIVER_TEST(what_else_answers),
        RECEIVER_TEST(nobody_to_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
