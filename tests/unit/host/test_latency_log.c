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

#include "host/sinks/queue.h"
#include "shared/base/clock.h"

enum { LINES_MAX = 4096, BOUND_MS = 20000 };

struct fixture {
    char path[48];
    struct frame_pool *pool;
    struct sink *log;
    struct host_options options;
    uint64_t lost; /* what was said at the end */
    struct error error;
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

static int fixture_setup(void **state)
{
    struct fixture *fixture = *state = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    strcpy(fixture->path, "/tmp/pitether-test-XXXXXX");
    int fd = mkstemp(fixture->path);
    assert_true(fd >= 0);
    close(fd);
    fixture->options.latency = fixture->path;
    fixture->options.window = true;
    fixture->pool = frame_pool_create(2, SIZE_MAX);
    assert_non_null(fixture->pool);
    stderr_capture();
    return 0;
}

static int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    stderr_release();
    struct grace grace = grace_of(CLOCK_MS);
    sink_close(&fixture->log, &grace, NULL);
    unlink(fixture->path);
    frame_pool_destroy(fixture->pool);
    free(fixture->text);
    free(fixture);
    return 0;
}

static int open_at(struct fixture *fixture, const char *path)
{
    fixture->options.latency = path;
    return open_sink(&sink_latency_log, &fixture->options, "front", &fixture->log, &fixture->error);
}

static void start(struct fixture *fixture)
{
    assert_int_equal(open_at(fixture, fixture->path), 0);
    assert_non_null(fixture->log);
}

/* Returns how many lines were lost, as is said. */
static uint64_t finish(struct fixture *fixture, struct grace *grace)
{
    unsigned lost = 0;
    bool took_all = sink_close(&fixture->log, grace, NULL);
    const char *text = strstr(stderr_text(), "--latency: ");
    assert_int_equal(!text, took_all);
    if (text)
        assert_int_equal(sscanf(text, "--latency: %u lines of ", &lost), 1);
    return lost;
}

static void give(struct fixture *fixture, const struct pitether_frame *frame)
{
    assert_int_not_equal(fixture->log->ops->frame(fixture->log, frame), SINK_REPLACED);
}

static void show(struct fixture *fixture, const struct pitether_frame *frame, uint64_t decoded_ns,
                 uint64_t shown_ns)
{
    struct sink_presentation presentation = { decoded_ns, shown_ns };
    fixture->log->ops->presented(fixture->log, frame, &presentation);
}

static void add(struct fixture *fixture, uint64_t id)
{
    struct pitether_frame *frame = frame_make(fixture->pool, id, 10);
    frame->times = (struct pitether_times){ .sensor = 1000 * id + 1,
                                            .first_byte = 1000 * id + 7,
                                            .last_byte = 1000 * id + 8 };
    give(fixture, frame);
    pitether_frame_release(frame);
}

static void read_lines(struct fixture *fixture)
{
    enum { TEXT_MAX = 1 << 20 };
    int fd = open(fixture->path, O_RDONLY | O_NONBLOCK);
    fixture->text = calloc(1, TEXT_MAX);
    assert_true(fd >= 0 && read(fd, fixture->text, TEXT_MAX - 1) > 0);
    close(fd);
    for (char *at = fixture->text; *at; *at++ = '\0') {
        assert_in_range(fixture->count, 0, LINES_MAX - 1);
        fixture->lines[fixture->count++] = at;
        at += strcspn(at, "\n");
        assert_int_equal(*at, '\n');
    }
}

static void every_column(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    struct pitether_frame *frame = frame_make(fixture->pool, 3, 100);
    frame->times = (struct pitether_times){ .sensor = 1001,
                                            .captured = 1002,
                                            .encode_start = 1003,
                                            .encode_end = 1004,
                                            .send_start = 1005,
                                            .send_end = 1006,
                                            .first_byte = 7,
                                            .last_byte = 8,
                                            .offset = 1000,
                                            .error = 42,
                                            .offset_known = true };
    struct told told = { 0 };
    told_add(&told, "DigitalGain", value_of_int32(2));
    told_add(&told, "AnalogueGain", value_of_float(1.5f));
    told_add(&told, "ExposureTime", value_of_float(8333.5f));
    frame_tell(frame, &told);
    give(fixture, frame);
    show(fixture, frame, 9, 10);
    frame->id = 4;
    frame->times.offset_known = false;
    frame_tell(frame, &(struct told){ 0 });
    show(fixture, frame, 11, 12); /* not known yet */
    give(fixture, frame);
    pitether_frame_release(frame);
    assert_int_equal(finish(fixture, NULL), 0);
    assert_null(fixture->log);
    read_lines(fixture);
    assert_int_equal(fixture->count, 3);
    assert_string_equal(fixture->lines[0],
                        "epoch,id,sensor_ns,captured_ns,encode_start_ns,encode_end_ns,"
                        "first_sent_ns,last_sent_ns,first_received_ns,last_received_ns,decoded_ns,"
                        "shown_ns,clock_error_ns,bytes,exposure_us,gain,digital_gain,stream");
    assert_string_equal(fixture->lines[1],
                        "0000000000c0ffee,3,1,2,3,4,5,6,7,8,9,10,42,100,8333.5,1.5,2,front");
    assert_string_equal(fixture->lines[2], "0000000000c0ffee,4,,,,,,,7,8,,,,100,,,,front");
}

static void the_longest_line(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    struct pitether_frame *frame = frame_make(fixture->pool, 3, 100);
    memset(&frame->times, 0xFF, offsetof(struct pitether_times, offset));
    frame->times.offset = 0;
    frame->times.error = UINT64_MAX;
    struct told told = { 0 };
    static const char *const names[] = { "ExposureTime", "AnalogueGain", "DigitalGain" };
    for (unsigned i = 0; i < 3; i++)
        told_add(&told, names[i], value_of_float(-1.234567891e-38f));
    frame_tell(frame, &told);
    frame->times.offset_known = true;
    frame->id = frame->epoch = UINT64_MAX;
    give(fixture, frame);
    show(fixture, frame, UINT64_MAX, UINT64_MAX);
    pitether_frame_release(frame);
    assert_int_equal(finish(fixture, NULL), 0);
    read_lines(fixture);
    assert_int_equal(fixture->count, 2);
    assert_int_equal(strlen(fixture->lines[1]),
                     16 + 12 * 21 + 3 * strlen(",-1.234567911e-38") + strlen(",100,front"));
}

/* Lines wait for their frame to be shown, and what comes later pushes them out. */
static void lines_come_in_order(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    for (uint64_t id = 0; id < 800; id++)
        add(fixture, id);
    assert_int_equal(finish(fixture, NULL), 0);
    read_lines(fixture);
    assert_int_equal(fixture->count, 1 + 800);
    for (unsigned id = 0; id < 800; id++) {
        char begin[64];
        int size = snprintf(begin, sizeof(begin), "0000000000c0ffee,%u,", id);
        assert_memory_equal(fixture->lines[1 + id], begin, (size_t)size);
    }
    assert_string_equal(stderr_text(), "");
}

/* A FIFO that nobody reads stands for a disk that hangs: adding never blocks, and what it took and
 * what was lost are all that there were. */
static void a_disk_that_hangs(void **state)
{
    struct fixture *fixture = *state;
    enum { FRAMES = 3000 };
    unlink(fixture->path);
    assert_int_equal(mkfifo(fixture->path, 0666), 0);
    int reader = open(fixture->path, O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0 && fcntl(reader, F_SETPIPE_SZ, 4096) >= 0);
    start(fixture);
    for (uint64_t id = 0; id < FRAMES; id++)
        add(fixture, id);
    uint64_t begun = clock_monotonic();
    struct grace grace = grace_of(100 * CLOCK_MS);
    uint64_t lost = finish(fixture, &grace);
    assert_in_range(clock_monotonic() - begun, 100 * CLOCK_MS, BOUND_MS * CLOCK_MS);
    assert_int_equal(count_text(stderr_text(), "\n"), 2);
    assert_non_null(strstr(stderr_text(), "latency: the file takes lines too slowly"));
    fixture->text = calloc(1, 1 << 16);
    assert_true(read(reader, fixture->text, (1 << 16) - 1) > 0);
    close(reader);
    assert_int_equal(count_text(fixture->text, "\n") - 1 + lost, FRAMES);
    assert_true(lost > FRAMES / 2);
}

/* A server that has no space says so at the end. */
static void the_last_words_of_a_disk(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    for (uint64_t id = 0; id < 3; id++)
        add(fixture, id);
    fail_after = 0;
    assert_int_equal(finish(fixture, NULL), 1);
    assert_non_null(strstr(stderr_text(), "No space left on device: the last lines may be lost"));
}

/* It would be waited for, with signals blocked. */
static void a_fifo_that_nobody_reads(void **state)
{
    struct fixture *fixture = *state;
    unlink(fixture->path);
    assert_int_equal(mkfifo(fixture->path, 0666), 0);
    alarm(BOUND_MS / 1000);
    assert_int_equal(open_at(fixture, fixture->path), -ENXIO);
    alarm(0);
    assert_non_null(strstr(fixture->error.text, "it has no reader"));
}

static void put_text(const struct fixture *fixture, const char *text, size_t size)
{
    int fd = open(fixture->path, O_WRONLY | O_TRUNC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, size), size);
    close(fd);
}

static void assert_text(struct fixture *fixture, const char *text, size_t size)
{
    char got[512];
    int fd = open(fixture->path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, got, sizeof(got)), size);
    assert_memory_equal(got, text, size);
    close(fd);
}

/* A log of an earlier run is replaced, also one whose head a kill has cut; any other file stays. */
static void what_is_there_already(void **state)
{
    struct fixture *fixture = *state;
    static const char *const others[] = { "x", "epoch\n", "file,epoch,id,wall_time\n1.jpg\n",
                                          "epoch,id,sensor_ns,captured_ns,encode_start_ns,enc0" };
    char head[512] = "";
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        put_text(fixture, others[i], strlen(others[i]));
        assert_int_equal(open_at(fixture, fixture->path), -EEXIST);
        assert_non_null(strstr(fixture->error.text, fixture->path));
        assert_non_null(strstr(fixture->error.text, "something else than an earlier run's"));
        assert_text(fixture, others[i], strlen(others[i]));
    }
    put_text(fixture, "", 0);
    start(fixture);
    add(fixture, 1);
    assert_int_equal(finish(fixture, NULL), 0);
    start(fixture); /* all that this one writes is its head */
    assert_int_equal(finish(fixture, NULL), 0);
    int fd = open(fixture->path, O_RDONLY);
    ssize_t size = read(fd, head, sizeof(head) - 1);
    close(fd);
    assert_int_equal(count_text(head, "\n"), 1);
    put_text(fixture, head, 20);
    start(fixture);
    assert_int_equal(finish(fixture, NULL), 0);
    assert_text(fixture, head, (size_t)size);
}

static void two_runs_at_once(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    struct sink *first = fixture->log;
    assert_int_equal(open_at(fixture, fixture->path), -EBUSY);
    assert_non_null(strstr(fixture->error.text, "another pitether writes it"));
    fixture->log = first;
    add(fixture, 1);
    assert_int_equal(finish(fixture, NULL), 0);
    read_lines(fixture);
    assert_int_equal(fixture->count, 2);
}

/* All in one file, whose lines are whole. A label has no comma and no quote in it. */
static void several_streams(void **state)
{
    enum { STREAMS = 3, EACH = 400 };
    static const char *const labels[STREAMS] = { "front", "a,\"b\n", "pi/rear" };
    static const char *const written[STREAMS] = { ",front", ",a__b_", ",pi/rear" };
    struct fixture *fixture = *state;
    struct sink_stream streams[STREAMS];
    struct sink *sinks[STREAMS];
    struct sink_setup setup = { &fixture->options, streams, STREAMS };
    unsigned counts[STREAMS] = { 0 };
    for (unsigned i = 0; i < STREAMS; i++)
        streams[i] = (struct sink_stream){ .label = labels[i], .place = labels[i] };
    assert_int_equal(sink_kind_open(&sink_latency_log, &setup, sinks, &fixture->error), 0);
    for (unsigned at = 0; at < STREAMS * EACH; at++) {
        fixture->log = sinks[at % STREAMS];
        add(fixture, at);
    }
    fixture->log = NULL;
    for (unsigned i = 0; i < STREAMS; i++)
        assert_true(sink_close(&sinks[i], NULL, NULL));
    read_lines(fixture);
    assert_int_equal(fixture->count, 1 + STREAMS * EACH);
    for (unsigned line = 1; line < fixture->count; line++)
        for (unsigned i = 0; i < STREAMS; i++) {
            size_t size = strlen(fixture->lines[line]), end = strlen(written[i]);
            counts[i] += size > end && strcmp(fixture->lines[line] + size - end, written[i]) == 0;
        }
    for (unsigned i = 0; i < STREAMS; i++)
        assert_int_equal(counts[i], EACH);
}

static void files_that_cannot_be(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(open_at(fixture, "/dev/full"), -ENOSPC);
    assert_null(fixture->log);
    assert_non_null(strstr(fixture->error.text, "/dev/full"));
    assert_non_null(strstr(fixture->error.text, strerror(ENOSPC)));
    assert_int_equal(open_at(fixture, "/proc/none"), -ENOENT);
    assert_int_equal(finish(fixture, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_column),         TEST(the_longest_line),         TEST(lines_come_in_order),
        TEST(a_disk_that_hangs),    TEST(the_last_words_of_a_disk), TEST(a_fifo_that_nobody_reads),
        TEST(files_that_cannot_be), TEST(what_is_there_already),    TEST(two_runs_at_once),
        TEST(several_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
