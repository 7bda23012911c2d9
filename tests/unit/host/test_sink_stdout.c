/*
 * --stdout with a pipe in the place of standard output; what the test itself says goes to stderr.
 */
#include "host/sinks/sink.h"

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

struct world {
    int saved, reader;
    struct frame_pool *pool;
    void *state;
    struct sink *sink; /* or NULL */
    uint8_t *got;
    size_t got_size;
};

static int world_setup(void **state)
{
    struct world *world = *state = calloc(1, sizeof(*world));
    int ends[2];
    char error[SINK_ERROR_MAX];
    signal(SIGPIPE, SIG_IGN);
    fflush(stdout);
    world->saved = dup(STDOUT_FILENO);
    world->pool = frame_pool_create(8, SIZE_MAX);
    assert_non_null(world->pool);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE), PIPE_SIZE);
    assert_int_equal(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
    close(ends[1]);
    world->reader = ends[0];
    return sink_stdout_create(&world->state, false, error);
}

static void close_reader(struct world *world)
{
    if (world->reader >= 0)
        close(world->reader);
    world->reader = -1;
}

static void restore(struct world *world)
{
    if (world->saved >= 0) {
        dup2(world->saved, STDOUT_FILENO);
        close(world->saved);
    }
    world->saved = -1;
}

static int world_teardown(void **state)
{
    struct world *world = *state;
    close_reader(world); /* which ends a sink that is left over from a test that failed */
    sink_finish(&world->sink, NULL, false);
    restore(world);
    sink_stdout.close(world->state);
    frame_pool_destroy(world->pool);
    free(world->got);
    free(world);
    return 0;
}

/* Reads to the end of the pipe, or until nothing comes for long. */
static void *read_all(void *user)
{
    struct world *world = user;
    struct pollfd ready = { .fd = world->reader, .events = POLLIN };
    size_t capacity = 0;
    for (;;) {
        if (world->got_size == capacity) {
            capacity = 2 * capacity + 1000;
            world->got = realloc(world->got, capacity);
        }
        ssize_t got =
            poll(&ready, 1, BOUND_MS) == 1
                ? read(world->reader, world->got + world->got_size, capacity - world->got_size)
                : 0;
        if (got <= 0)
            return NULL;
        world->got_size += (size_t)got;
    }
}

static void write_three(struct world *world)
{
    pthread_t thread;
    int errors[3];
    assert_int_equal(pthread_create(&thread, NULL, read_all, world), 0);
    for (unsigned id = 0; id < 3; id++) {
        struct pitether_frame *frame = frame_make(world->pool, id, 1 + 50000 * id);
        errors[id] = sink_stdout.write(world->state, frame);
        pitether_frame_release(frame);
    }
    restore(world); /* the only writer's end: the reader sees the end */
    pthread_join(thread, NULL);
    for (unsigned id = 0; id < 3; id++)
        assert_int_equal(errors[id], 0);
    assert_int_equal(world->got_size, 1 + 50001 + 100001);
    assert_true(frame_is_right(world->got, 0, 1));
    assert_true(frame_is_right(world->got + 1, 1, 50001));
    assert_true(frame_is_right(world->got + 50002, 2, 100001));
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
    struct world *world = *state;
    struct pitether_frame *frame = frame_make(world->pool, 1, 100);
    close_reader(world);
    assert_int_equal(sink_stdout.write(world->state, frame), -EPIPE);
    assert_int_equal(sink_stdout.write(world->state, frame), -EPIPE);
    pitether_frame_release(frame);
}

/* Reads a few bytes, then goes: the frame that is being written fails. */
static void *read_little(void *user)
{
    struct world *world = user;
    char bytes[10];
    struct pollfd ready = { .fd = world->reader, .events = POLLIN };
    if (poll(&ready, 1, BOUND_MS) == 1 && read(world->reader, bytes, sizeof(bytes)) > 0)
        close_reader(world);
    return NULL;
}

static void the_reader_leaves_half_way(void **state)
{
    struct world *world = *state;
    struct pitether_frame *frame = frame_make(world->pool, 1, 10 * PIPE_SIZE);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, read_little, world), 0);
    int error = sink_stdout.write(world->state, frame);
    pthread_join(thread, NULL);
    pitether_frame_release(frame);
    assert_int_equal(error, -EPIPE);
}

static void never(void *user, const struct sink *sink)
{
    (void)user;
    (void)sink;
}

/* The whole sink on a pipe that nobody reads, blocking or not: the user does not wait for ever. */
static void abandoned(void **state)
{
    struct world *world = *state;
    for (int blocks = 0; blocks < 2; blocks++) {
        int flags = fcntl(STDOUT_FILENO, F_GETFL) & ~O_NONBLOCK;
        assert_int_equal(fcntl(STDOUT_FILENO, F_SETFL, flags | (blocks ? 0 : O_NONBLOCK)), 0);
        assert_int_equal(
            sink_start(&world->sink, &sink_stdout, world->state, SINK_LOSSLESS, never, NULL), 0);
        for (unsigned id = 0; id < 3; id++) {
            struct pitether_frame *frame = frame_make(world->pool, id, 2 * PIPE_SIZE);
            sink_push(world->sink, frame);
            pitether_frame_release(frame);
        }
        struct grace grace = grace_of(50 * CLOCK_MS);
        struct sink_totals totals = sink_finish(&world->sink, &grace, false);
        assert_int_equal(totals.written, 0);
        assert_int_equal(totals.failed, 3);
    }
}

/* Live. */

/* Ten minutes at 30 fps. */
enum { MANY = 10 * 60 * 30 };

/* Puts new ends in the place of standard output and its reader, as long as their defaults are. */
static void connect_anew(struct world *world, bool is_socket)
{
    int ends[2];
    close_reader(world);
    if (is_socket)
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    else
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
    close(ends[1]);
    world->reader = ends[0];
}

/* Reads one frame of that size to its end; returns the id that it begins with. */
static uint64_t read_frame(struct world *world, size_t size)
{
    struct pollfd ready = { .fd = world->reader, .events = POLLIN };
    world->got = realloc(world->got, size);
    for (size_t done = 0; done < size;) {
        assert_int_equal(poll(&ready, 1, BOUND_MS), 1);
        ssize_t got = read(world->reader, world->got + done, size - done);
        assert_true(got > 0);
        done += (size_t)got;
    }
    uint64_t id;
    memcpy(&id, world->got, sizeof(id));
    return id;
}

static void push(struct world *world, uint64_t id, size_t size)
{
    struct pitether_frame *frame = frame_pool_take(world->pool);
    assert_non_null(frame);
    assert_int_equal(frame_reserve(frame, size), 0);
    memcpy(frame_data(frame), &id, sizeof(id));
    frame->size = size;
    frame->id = id;
    sink_push(world->sink, frame);
    pitether_frame_release(frame);
}

/* A reader that takes so many of six frames, and its pauses lie between two frames: each frame is
 * no older than what was newest when it had read the one before. */
static void fall_behind(struct world *world, bool is_socket, unsigned of_six, uint64_t frames,
                        size_t size)
{
    char error[SINK_ERROR_MAX];
    uint64_t newest = 0, last = 0, reads = 0;
    connect_anew(world, is_socket);
    assert_int_equal(sink_stdout_create(&world->state, true, error), 0);
    assert_int_equal(sink_start(&world->sink, &sink_stdout, world->state, SINK_LIVE, never, NULL),
                     0);
    for (uint64_t id = 1; id <= frames; id++) {
        push(world, id, size);
        if (id % 6 >= of_six)
            continue;
        uint64_t read = read_frame(world, size);
        assert_true(read > last && read >= newest);
        newest = id;
        last = read;
        reads++;
    }
    close_reader(world);
    struct sink_totals totals = sink_finish(&world->sink, NULL, false);
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
    struct world *world = *state;
    char error[SINK_ERROR_MAX];
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0 || !isatty(terminal))
        skip();
    int piped = dup(STDOUT_FILENO);
    dup2(terminal, STDOUT_FILENO);
    void *sink = world;
    int result = sink_stdout_create(&sink, false, error);
    dup2(piped, STDOUT_FILENO);
    close(piped);
    close(terminal);
    assert_int_equal(result, -EINVAL);
    assert_null(sink);
    assert_non_null(strstr(error, "terminal"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

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
