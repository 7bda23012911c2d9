/*
 * --stdout with a pipe in the place of standard output; what the test itself says goes to stderr.
 */
#include "host/sinks/stdout.h"

#include "host_support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/base/clock.h"

enum { BOUND_MS = 20000, PIPE_SIZE = 4096 };

struct fixture {
    int saved, reader;
    struct frame_pool *pool;
    struct host_options options;
    struct sink *sink; /* or NULL */
    uint8_t *got;
    size_t got_size;
};

static int fixture_setup(void **state)
{
    struct fixture *fixture = *state = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    int ends[2];
    assert_non_null(fixture);
    signal(SIGPIPE, SIG_IGN);
    fflush(stdout);
    fixture->saved = dup(STDOUT_FILENO);
    fixture->pool = frame_pool_create(8, SIZE_MAX);
    assert_non_null(fixture->pool);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE), PIPE_SIZE);
    assert_int_equal(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
    close(ends[1]);
    fixture->reader = ends[0];
    return 0;
}

static int start(struct fixture *fixture, bool lossless, struct error *error)
{
    fixture->options.lossless = lossless;
    return open_sink(&sink_stdout, &fixture->options, "pi", &fixture->sink, error);
}

/* What the sink says at its end of its frames. */
struct totals {
    unsigned written, passed_over, failed;
    bool took_all;
};

static struct totals finish(struct fixture *fixture, struct grace *grace)
{
    struct totals totals = { 0 };
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    totals.took_all = sink_close(&fixture->sink, grace, out);
    fclose(out);
    if (sscanf(text, "wrote %u frames to standard output; %u were not taken\n", &totals.written,
               &totals.failed) != 2)
        assert_int_equal(sscanf(text,
                                "wrote %u frames to standard output and passed over %u for newer "
                                "ones; %u were not taken\n",
                                &totals.written, &totals.passed_over, &totals.failed),
                         3);
    free(text);
    return totals;
}

static void give(struct fixture *fixture, uint64_t id, size_t size)
{
    struct pitether_frame *frame = frame_make(fixture->pool, id, size);
    fixture->sink->ops->frame(fixture->sink, frame);
    pitether_frame_release(frame);
}

static void close_reader(struct fixture *fixture)
{
    if (fixture->reader >= 0)
        close(fixture->reader);
    fixture->reader = -1;
}

static void restore(struct fixture *fixture)
{
    if (fixture->saved >= 0) {
        dup2(fixture->saved, STDOUT_FILENO);
        close(fixture->saved);
    }
    fixture->saved = -1;
}

static int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    close_reader(fixture); /* which ends a sink that is left over from a test that failed */
    sink_close(&fixture->sink, NULL, NULL);
    restore(fixture);
    frame_pool_destroy(fixture->pool);
    free(fixture->got);
    free(fixture);
    return 0;
}

/* Reads to the end of the pipe, or until nothing comes for long. */
static void *read_all(void *user)
{
    struct fixture *fixture = user;
    struct pollfd ready = { .fd = fixture->reader, .events = POLLIN };
    size_t capacity = 0;
    for (;;) {
        if (fixture->got_size == capacity) {
            capacity = 2 * capacity + 1000;
            fixture->got = realloc(fixture->got, capacity);
            assert_non_null(fixture->got);
        }
        ssize_t got = poll(&ready, 1, BOUND_MS) == 1
                          ? read(fixture->reader, fixture->got + fixture->got_size,
                                 capacity - fixture->got_size)
                          : 0;
        if (got <= 0) {
            close_reader(fixture); /* so that no writer waits for ever */
            return NULL;
        }
        fixture->got_size += (size_t)got;
    }
}

static void write_three(struct fixture *fixture)
{
    pthread_t thread;
    struct error error;
    assert_int_equal(pthread_create(&thread, NULL, read_all, fixture), 0);
    assert_int_equal(start(fixture, true, &error), 0);
    for (unsigned id = 0; id < 3; id++)
        give(fixture, id, 1 + 50000 * id);
    struct totals totals = finish(fixture, NULL);
    restore(fixture); /* the only writer's end: the reader sees the end */
    pthread_join(thread, NULL);
    assert_true(totals.took_all);
    assert_int_equal(totals.written, 3);
    assert_int_equal(totals.failed, 0);
    assert_int_equal(fixture->got_size, 1 + 50001 + 100001);
    assert_true(frame_is_right(fixture->got, 0, 1));
    assert_true(frame_is_right(fixture->got + 1, 1, 50001));
    assert_true(frame_is_right(fixture->got + 50002, 2, 100001));
}

static void frames_follow_one_another(void **state)
{
    write_three(*state);
}

/* Some program that shares the pipe has made it non-blocking: a slow reader is no error. */
static void a_pipe_that_does_not_block(void **state)
{
    int flags = fcntl(STDOUT_FILENO, F_GETFL);
    assert_int_equal(fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK), 0);
    write_three(*state);
}

static void nobody_reads(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    close_reader(fixture);
    assert_int_equal(start(fixture, true, &error), 0);
    give(fixture, 1, 100);
    give(fixture, 2, 100);
    struct totals totals = finish(fixture, NULL);
    assert_false(totals.took_all);
    assert_int_equal(totals.written, 0);
    assert_int_equal(totals.failed, 2);
}

/* Reads a few bytes, then goes: the frame that is being written fails. */
static void *read_little(void *user)
{
    struct fixture *fixture = user;
    char bytes[10];
    struct pollfd ready = { .fd = fixture->reader, .events = POLLIN };
    if (poll(&ready, 1, BOUND_MS) == 1 && read(fixture->reader, bytes, sizeof(bytes)) > 0)
        close_reader(fixture);
    return NULL;
}

static void the_reader_leaves_half_way(void **state)
{
    struct fixture *fixture = *state;
    pthread_t thread;
    struct error error;
    assert_int_equal(start(fixture, true, &error), 0);
    give(fixture, 1, 10 * PIPE_SIZE);
    assert_int_equal(pthread_create(&thread, NULL, read_little, fixture), 0);
    struct totals totals = finish(fixture, NULL);
    pthread_join(thread, NULL);
    assert_false(totals.took_all);
    assert_int_equal(totals.failed, 1);
}

/* On a pipe that nobody reads, blocking or not: the user does not wait for ever. */
static void abandoned(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    for (int blocks = 0; blocks < 2; blocks++) {
        int flags = fcntl(STDOUT_FILENO, F_GETFL) & ~O_NONBLOCK;
        assert_int_equal(fcntl(STDOUT_FILENO, F_SETFL, flags | (blocks ? 0 : O_NONBLOCK)), 0);
        assert_int_equal(start(fixture, true, &error), 0);
        for (unsigned id = 0; id < 3; id++)
            give(fixture, id, 2 * PIPE_SIZE);
        struct grace grace = grace_of(50 * CLOCK_MS);
        struct totals totals = finish(fixture, &grace);
        assert_int_equal(totals.written, 0);
        assert_int_equal(totals.failed, 3);
    }
}

/* Live. */

/* Ten minutes at 30 fps. */
enum { MANY = 10 * 60 * 30 };

/* Puts new ends in the place of standard output and its reader, as long as their defaults are. */
static void connect_anew(struct fixture *fixture, bool is_socket)
{
    int ends[2];
    close_reader(fixture);
    if (is_socket)
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    else
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
    close(ends[1]);
    fixture->reader = ends[0];
}

/* Reads one frame of that size to its end; returns the id that it begins with. */
static uint64_t read_frame(struct fixture *fixture, size_t size)
{
    struct pollfd ready = { .fd = fixture->reader, .events = POLLIN };
    fixture->got = realloc(fixture->got, size);
    for (size_t done = 0; done < size;) {
        assert_int_equal(poll(&ready, 1, BOUND_MS), 1);
        ssize_t got = read(fixture->reader, fixture->got + done, size - done);
        assert_true(got > 0);
        done += (size_t)got;
    }
    uint64_t id;
    memcpy(&id, fixture->got, sizeof(id));
    return id;
}

static void push(struct fixture *fixture, uint64_t id, size_t size)
{
    struct pitether_frame *frame = frame_pool_take(fixture->pool);
    assert_non_null(frame);
    assert_int_equal(frame_reserve(frame, size), 0);
    memcpy(frame_data(frame), &id, sizeof(id));
    frame->size = size;
    frame->id = id;
    fixture->sink->ops->frame(fixture->sink, frame);
    pitether_frame_release(frame);
}

/* A reader that takes so many of six frames, and its pauses lie between two frames: each frame is
 * no older than what was newest when it had read the one before. */
static void fall_behind(struct fixture *fixture, bool is_socket, unsigned of_six, uint64_t frames,
                        size_t size)
{
    struct error error;
    uint64_t newest = 0, last = 0, reads = 0;
    connect_anew(fixture, is_socket);
    assert_int_equal(start(fixture, false, &error), 0);
    for (uint64_t id = 1; id <= frames; id++) {
        push(fixture, id, size);
        if (id % 6 >= of_six)
            continue;
        uint64_t read = read_frame(fixture, size);
        assert_true(read > last && read >= newest);
        newest = id;
        last = read;
        reads++;
    }
    close_reader(fixture);
    struct totals totals = finish(fixture, NULL);
    assert_in_range(totals.written, reads, reads + 1);
    assert_int_equal(totals.written + totals.passed_over + totals.failed, frames);
}

static void a_reader_of_25_fps(void **state)
{
    fall_behind(*state, false, 5, MANY, 20000);
}

static void a_reader_of_5_fps(void **state)
{
    fall_behind(*state, false, 1, MANY, 20000);
}

/* More than one would fit in the pipe. */
static void small_frames(void **state)
{
    fall_behind(*state, false, 1, MANY, 500);
}

static void a_socket(void **state)
{
    fall_behind(*state, true, 1, MANY, 20000);
}

/* Bytes on a terminal are of no use to anybody. */
static void terminals_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0 || !isatty(terminal))
        skip();
    int piped = dup(STDOUT_FILENO);
    dup2(terminal, STDOUT_FILENO);
    int result = start(fixture, false, &error);
    dup2(piped, STDOUT_FILENO);
    close(piped);
    close(terminal);
    assert_int_equal(result, -EINVAL);
    assert_null(fixture->sink);
    assert_non_null(strstr(error.text, "terminal"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frames_follow_one_another),
        TEST(a_pipe_that_does_not_block),
        TEST(nobody_reads),
        TEST(the_reader_leaves_half_way),
        TEST(abandoned),
        TEST(a_reader_of_25_fps),
        TEST(a_reader_of_5_fps),
        TEST(small_frames),
        TEST(a_socket),
        TEST(terminals_are_refused),
    };
    /* cmocka reports on stdout; while a test runs that is the pipe, so it must have nothing
     * buffered. */
    setvbuf(stdout, NULL, _IONBF, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
