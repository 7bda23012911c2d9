/*
 * Where threads or descriptors run out, the host's modules say so, and leave nothing behind.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/jpeg/parallel.h"
#include "host/sinks/latency_log.h"
#include "host/sinks/queue.h"
#include "host_support.h"
#include "tests/unit/balance.h"

static void a_pool(void **state)
{
    (void)state;
    balance_begin(BALANCE_ALL, 0);
    errno = 0;
    assert_null(frame_pool_create(2, SIZE_MAX));
    assert_int_equal(errno, EMFILE);
    balance_end();
}

static int open_receiver(void)
{
    struct pitether_error error;
    struct pitether *receiver = pitether_open("unix:/nowhere", NULL, &error);
    if (!receiver)
        return error.code;
    pitether_close(&receiver);
    return 0;
}

/* With what is said by the call that failed, not by one before or after it. */
static void a_receiver(void **state)
{
    enum { DESCRIPTORS_MAX = 10 };
    int result = -EMFILE;
    (void)state;
    for (unsigned descriptors = 0; result == -EMFILE; descriptors++) {
        assert_in_range(descriptors, 0, DESCRIPTORS_MAX);
        balance_begin(0, descriptors);
        errno = EEXIST;
        result = open_receiver();
        balance_end();
    }
    assert_int_equal(result, -EAGAIN);
}

static int closed;

static int close_state(void *state)
{
    (void)state;
    closed++;
    return 0;
}

static void summarize(const void *state, const struct sink_totals *totals, FILE *out)
{
    (void)state;
    (void)totals;
    (void)out;
}

static void a_sink(void **state)
{
    static const struct sink_writer writer = {
        .name = "test", .log_name = "test", .close = close_state, .summarize = summarize
    };
    static const struct sink_queue_config config = { .policy = SINK_NEWEST, .bound = { 2, 0 } };
    static const struct sink_owner owner = { 0 };
    struct sink *sink;
    (void)state;
    for (unsigned threads = 0; threads < 2; threads++)
        for (unsigned descriptors = 0; descriptors < 2; descriptors++) {
            int wanted = !descriptors ? -EMFILE : !threads ? -EAGAIN : 0;
            closed = 0;
            balance_begin(threads, descriptors);
            assert_int_equal(sink_queue_start(&sink, &writer, malloc(1), &config, &owner), wanted);
            sink_close(&sink, NULL, NULL);
            assert_int_equal(closed, 1);
            balance_end();
        }
}

static int open_log(const char *path, struct sink **log)
{
    struct host_options options = { .latency = path };
    struct error error;
    return open_sink(&sink_latency_log, &options, "pi", log, &error);
}

static void a_latency_log(void **state)
{
    char path[] = "/tmp/pitether-test-XXXXXX";
    struct sink *log = NULL;
    int fd = mkstemp(path);
    (void)state;
    assert_int_not_equal(fd, -1);
    close(fd);
    balance_begin(BALANCE_ALL, BALANCE_ALL);
    assert_int_equal(open_log("/nowhere/latency.csv", &log), -ENOENT);
    assert_null(log);
    balance_end();
    balance_begin(0, BALANCE_ALL);
    assert_int_equal(open_log(path, &log), -EAGAIN);
    assert_null(log);
    balance_end();
    balance_begin(BALANCE_ALL, 1);
    assert_int_equal(open_log(path, &log), -EMFILE);
    assert_null(log);
    balance_end();
    unlink(path);
}

static void a_decoder(void **state)
{
    enum { THREADS = 4 };
    (void)state;
    for (unsigned threads = 0; threads < THREADS - 1; threads++) {
        balance_begin(threads, 0);
        assert_null(jpeg_parallel_create(THREADS));
        balance_end();
    }
    balance_begin(THREADS - 1, 0);
    struct jpeg_parallel *decoder = jpeg_parallel_create(THREADS);
    assert_non_null(decoder);
    jpeg_parallel_destroy(decoder);
    balance_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pool),        cmocka_unit_test(a_receiver), cmocka_unit_test(a_sink),
        cmocka_unit_test(a_latency_log), cmocka_unit_test(a_decoder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
