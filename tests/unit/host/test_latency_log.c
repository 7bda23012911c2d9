/*
 * --latency: the lines, and that nobody waits for a file that takes none.
 */
#include "host/sinks/latency_log.h"

#include "host_support.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/clock.h"

enum { LINES_MAX = 4096, BOUND_MS = 20000 };

struct world {
    char path[48];
    struct frame_pool *pool;
    struct latency_log *log;
    char *text;
    char *lines[LINES_MAX];
    unsigned count;
};

static int fail_after = -1; /* close() succeeds so often before it has no space; -1: always */

int __real_close(int fd);
int __wrap_close(int fd);

int __wrap_close(int fd)
{
    int result = __real_close(fd);
    if (fail_after < 0 || fail_after-- > 0)
        return result;
    errno = ENOSPC;
    return -1;
}

static int world_setup(void **state)
{
    struct world *world = *state = calloc(1, sizeof(*world));
    strcpy(world->path, "/tmp/pitether-test-XXXXXX");
    int fd = mkstemp(world->path);
    assert_true(fd >= 0);
    close(fd);
    world->pool = frame_pool_create(2, SIZE_MAX);
    assert_non_null(world->pool);
    stderr_capture();
    return 0;
}

static int world_teardown(void **state)
{
    struct world *world = *state;
    stderr_release();
    struct grace grace = grace_of(CLOCK_MS);
    latency_log_close(&world->log, &grace);
    unlink(world->path);
    frame_pool_destroy(world->pool);
    free(world->text);
    free(world);
    return 0;
}

static void start(struct world *world)
{
    char error[LATENCY_LOG_ERROR_MAX];
    assert_int_equal(latency_log_open(&world->log, world->path, true, error), 0);
    assert_non_null(world->log);
}

static void add(struct world *world, uint64_t id)
{
    struct pitether_frame *frame = frame_make(world->pool, id, 10);
    frame->times = (struct pitether_times){ .sensor = 1000 * id + 1,
                                            .first_byte = 1000 * id + 7,
                                            .last_byte = 1000 * id + 8 };
    latency_log_frame(world->log, frame);
    pitether_frame_release(frame);
}

static void read_lines(struct world *world)
{
    enum { TEXT_MAX = 1 << 20 };
    int fd = open(world->path, O_RDONLY | O_NONBLOCK);
    world->text = calloc(1, TEXT_MAX);
    assert_true(fd >= 0 && read(fd, world->text, TEXT_MAX - 1) > 0);
    close(fd);
    for (char *at = world->text; *at; *at++ = '\0') {
        assert_in_range(world->count, 0, LINES_MAX - 1);
        world->lines[world->count++] = at;
        at += strcspn(at, "\n");
        assert_int_equal(*at, '\n');
    }
}

static void every_column(void **state)
{
    struct world *world = *state;
    start(world);
    struct pitether_frame *frame = frame_make(world->pool, 3, 100);
    frame->times =
        (struct pitether_times){ 1001, 1002, 1003, 1004, 1005, 1006, 7, 8, 1000, 42, true };
    latency_log_frame(world->log, frame);
    latency_log_shown(world->log, frame, 9, 10);
    frame->id = 4;
    frame->times.offset_known = false;
    latency_log_shown(world->log, frame, 11, 12); /* not known yet */
    latency_log_frame(world->log, frame);
    pitether_frame_release(frame);
    assert_int_equal(latency_log_close(&world->log, NULL), 0);
    assert_null(world->log);
    read_lines(world);
    assert_int_equal(world->count, 3);
    assert_string_equal(world->lines[0],
                        "epoch,id,sensor_ns,captured_ns,encode_start_ns,encode_end_ns,"
                        "first_sent_ns,last_sent_ns,first_received_ns,last_received_ns,decoded_ns,"
                        "shown_ns,clock_error_ns,bytes");
    assert_string_equal(world->lines[1], "0000000000c0ffee,3,1,2,3,4,5,6,7,8,9,10,42,100");
    assert_string_equal(world->lines[2], "0000000000c0ffee,4,,,,,,,7,8,,,,100");
}

static void the_longest_line(void **state)
{
    struct world *world = *state;
    start(world);
    struct pitether_frame *frame = frame_make(world->pool, 3, 100);
    memset(&frame->times, 0xFF, sizeof(frame->times) - 2 * sizeof(uint64_t));
    frame->times.offset = 0;
    frame->times.error = UINT64_MAX;
    frame->times.offset_known = true;
    frame->id = frame->epoch = UINT64_MAX;
    latency_log_frame(world->log, frame);
    latency_log_shown(world->log, frame, UINT64_MAX, UINT64_MAX);
    pitether_frame_release(frame);
    assert_int_equal(latency_log_close(&world->log, NULL), 0);
    read_lines(world);
    assert_int_equal(world->count, 2);
    assert_int_equal(strlen(world->lines[1]), 16 + 12 * 21 + strlen(",100"));
}

/* Lines wait for their frame to be shown, and what comes later pushes them out. */
static void lines_come_in_order(void **state)
{
    struct world *world = *state;
    start(world);
    for (uint64_t id = 0; id < 800; id++)
        add(world, id);
    assert_int_equal(latency_log_close(&world->log, NULL), 0);
    read_lines(world);
    assert_int_equal(world->count, 1 + 800);
    for (unsigned id = 0; id < 800; id++) {
        char begin[64];
        int size = snprintf(begin, sizeof(begin), "0000000000c0ffee,%u,", id);
        assert_memory_equal(world->lines[1 + id], begin, (size_t)size);
    }
    assert_string_equal(stderr_text(), "");
}

/* A FIFO that nobody reads stands for a disk that hangs: adding never blocks, and what it took and
 * what was lost are all that there were. */
static void a_disk_that_hangs(void **state)
{
    struct world *world = *state;
    enum { FRAMES = 3000 };
    unlink(world->path);
    assert_int_equal(mkfifo(world->path, 0666), 0);
    int reader = open(world->path, O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0 && fcntl(reader, F_SETPIPE_SZ, 4096) >= 0);
    start(world);
    for (uint64_t id = 0; id < FRAMES; id++)
        add(world, id);
    uint64_t begun = clock_monotonic();
    struct grace grace = grace_of(100 * CLOCK_MS);
    uint64_t lost = latency_log_close(&world->log, &grace);
    assert_in_range(clock_monotonic() - begun, 100 * CLOCK_MS, BOUND_MS * CLOCK_MS);
    assert_int_equal(count_text(stderr_text(), "\n"), 1);
    assert_non_null(strstr(stderr_text(), "latency: the file takes lines too slowly"));
    world->text = calloc(1, 1 << 16);
    assert_true(read(reader, world->text, (1 << 16) - 1) > 0);
    close(reader);
    assert_int_equal(count_text(world->text, "\n") - 1 + lost, FRAMES);
    assert_true(lost > FRAMES / 2);
}

/* A server that has no room says so at the end. The log closes its thread's descriptor first. */
static void the_last_words_of_a_disk(void **state)
{
    struct world *world = *state;
    start(world);
    for (uint64_t id = 0; id < 3; id++)
        add(world, id);
    fail_after = 1;
    assert_int_equal(latency_log_close(&world->log, NULL), 1);
    assert_non_null(strstr(stderr_text(), "No space left on device: the last lines may be lost"));
}

/* It would be waited for, with signals blocked. */
static void a_fifo_that_nobody_reads(void **state)
{
    struct world *world = *state;
    char error[LATENCY_LOG_ERROR_MAX];
    unlink(world->path);
    assert_int_equal(mkfifo(world->path, 0666), 0);
    alarm(BOUND_MS / 1000);
    assert_int_equal(latency_log_open(&world->log, world->path, true, error), -ENXIO);
    alarm(0);
    assert_non_null(strstr(error, "nobody reads it"));
}

static void put_text(const struct world *world, const char *text, size_t size)
{
    int fd = open(world->path, O_WRONLY | O_TRUNC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, size), size);
    close(fd);
}

static void assert_text(struct world *world, const char *text, size_t size)
{
    char got[512];
    int fd = open(world->path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, got, sizeof(got)), size);
    assert_memory_equal(got, text, size);
    close(fd);
}

/* A log of an earlier run is replaced, also one whose head a kill has cut; any other file stays. */
static void what_is_there_already(void **state)
{
    struct world *world = *state;
    static const char *const others[] = { "x", "epoch\n", "file,epoch,id,wall_time\n1.jpg\n",
                                          "epoch,id,sensor_ns,captured_ns,encode_start_ns,enc0" };
    char error[LATENCY_LOG_ERROR_MAX], head[512] = "";
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        put_text(world, others[i], strlen(others[i]));
        assert_int_equal(latency_log_open(&world->log, world->path, true, error), -EEXIST);
        assert_non_null(strstr(error, world->path));
        assert_non_null(strstr(error, "something else than an earlier run's"));
        assert_text(world, others[i], strlen(others[i]));
    }
    put_text(world, "", 0);
    start(world);
    add(world, 1);
    assert_int_equal(latency_log_close(&world->log, NULL), 0);
    start(world); /* all that this one writes is its head */
    assert_int_equal(latency_log_close(&world->log, NULL), 0);
    int fd = open(world->path, O_RDONLY);
    ssize_t size = read(fd, head, sizeof(head) - 1);
    close(fd);
    assert_int_equal(count_text(head, "\n"), 1);
    put_text(world, head, 20);
    start(world);
    assert_int_equal(latency_log_close(&world->log, NULL), 0);
    assert_text(world, head, (size_t)size);
}

static void two_runs_at_once(void **state)
{
    struct world *world = *state;
    struct latency_log *other;
    char error[LATENCY_LOG_ERROR_MAX];
    start(world);
    assert_int_equal(latency_log_open(&other, world->path, true, error), -EBUSY);
    assert_non_null(strstr(error, "another pitether writes it"));
    add(world, 1);
    assert_int_equal(latency_log_close(&world->log, NULL), 0);
    read_lines(world);
    assert_int_equal(world->count, 2);
}

static void files_that_cannot_be(void **state)
{
    struct world *world = *state;
    char error[LATENCY_LOG_ERROR_MAX];
    assert_int_equal(latency_log_open(&world->log, "/dev/full", true, error), -ENOSPC);
    assert_null(world->log);
    assert_non_null(strstr(error, "/dev/full"));
    assert_non_null(strstr(error, strerror(ENOSPC)));
    assert_int_equal(latency_log_open(&world->log, "/proc/none", true, error), -ENOENT);
    assert_int_equal(latency_log_close(&world->log, NULL), 0);
    assert_int_equal(latency_log_close(NULL, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_column),         TEST(the_longest_line),         TEST(lines_come_in_order),
        TEST(a_disk_that_hangs),    TEST(the_last_words_of_a_disk), TEST(a_fifo_that_nobody_reads),
        TEST(files_that_cannot_be), TEST(what_is_there_already),    TEST(two_runs_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
