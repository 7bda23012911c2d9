/*
 * Where threads or descriptors run out, the host's modules say so, and leave nothing behind.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/jpeg/parallel.h"
#include "host/lib/receiver.h"
#include "host/sinks/latency_log.h"
#include "host/sinks/sink.h"
#include "host_support.h"
#include "shared/net/tls.h"
#include "tests/unit/balance.h"

struct tls *__wrap_tls_create(enum tls_side side, const struct keys *keys);

struct tls *__wrap_tls_create(enum tls_side side, const struct keys *keys)
{
    (void)side;
    (void)keys;
    errno = ENOENT; /* as OpenSSL leaves it when it has looked for its configuration */
    return NULL;
}

static void a_pool(void **state)
{
    (void)state;
    balance_begin(BALANCE_ALL, 0);
    errno = 0;
    assert_null(frame_pool_create(2, SIZE_MAX));
    assert_int_equal(errno, EMFILE);
    balance_end();
}

/* With what is told by the call that failed, not by one before or after it. */
static void a_receiver(void **state)
{
    enum { DESCRIPTORS = 3 };
    static const struct keys keys = { .count = 1 };
    struct receiver_config config = { .session = { .every = 1 } };
    const struct receiver_outputs outputs = { 0 };
    struct receiver *receiver;
    (void)state;
    for (unsigned descriptors = 0; descriptors < DESCRIPTORS; descriptors++) {
        balance_begin(BALANCE_ALL, descriptors);
        errno = EEXIST;
        assert_int_equal(receiver_create(&receiver, &config, &outputs), -EMFILE);
        assert_null(receiver);
        balance_end();
    }
    balance_begin(BALANCE_ALL, DESCRIPTORS);
    assert_int_equal(receiver_create(&receiver, &config, &outputs), 0);
    receiver_destroy(&receiver);
    balance_end();
    config.keys = &keys;
    balance_begin(BALANCE_ALL, DESCRIPTORS);
    assert_int_equal(receiver_create(&receiver, &config, &outputs), -ENOMEM);
    assert_null(receiver);
    balance_end();
}

static int closed;

static int close_state(void *user)
{
    (void)user;
    closed++;
    return 0;
}

static void a_sink(void **state)
{
    static const struct sink_ops ops = { .name = "test", .close = close_state };
    struct sink *sink;
    (void)state;
    for (unsigned threads = 0; threads < 2; threads++)
        for (unsigned descriptors = 0; descriptors < 2; descriptors++) {
            int wanted = !descriptors ? -EMFILE : !threads ? -EAGAIN : 0;
            closed = 0;
            balance_begin(threads, descriptors);
            assert_int_equal(sink_start(&sink, &ops, NULL, SINK_LOSSLESS, NULL, NULL), wanted);
            sink_finish(&sink, NULL, false);
            assert_int_equal(closed, 1);
            balance_end();
        }
}

static void a_latency_log(void **state)
{
    char path[] = "/tmp/pitether-test-XXXXXX", error[LATENCY_LOG_ERROR_MAX];
    struct latency_log *log;
    int fd = mkstemp(path);
    (void)state;
    assert_int_not_equal(fd, -1);
    close(fd);
    balance_begin(BALANCE_ALL, BALANCE_ALL);
    assert_int_equal(latency_log_open(&log, "/nowhere/latency.csv", false, error), -ENOENT);
    assert_null(log);
    balance_end();
    balance_begin(0, BALANCE_ALL);
    assert_int_equal(latency_log_open(&log, path, false, error), -EAGAIN);
    assert_null(log);
    balance_end();
    balance_begin(BALANCE_ALL, 1);
    assert_int_equal(latency_log_open(&log, path, false, error), -EMFILE);
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
