/*
 * Where threads or descriptors run out, the device's modules say so, and leave nothing behind.
 */
#include <errno.h>

#include "device/camera/faulty.h"
#include "device/camera/pattern.h"
#include "device/camera/y4m.h"
#include "device/stream/encoder.h"
#include "device/stream/events.h"
#include "device/stream/stream.h"
#include "device/stream/supervisor.h"
#include "support.h"
#include "tests/unit/balance.h"

static void the_events(void **state)
{
    struct stream_events events;
    (void)state;
    balance_begin(BALANCE_ALL, 0);
    assert_int_equal(events_init(&events), -EMFILE);
    balance_end();
    balance_begin(BALANCE_ALL, 1);
    assert_int_equal(events_init(&events), 0);
    events_destroy(&events);
    balance_end();
}

static void a_pool(void **state)
{
    enum { THREADS = 3 };
    struct encode_pool *pool;
    (void)state;
    for (unsigned threads = 0; threads < THREADS; threads++) {
        balance_begin(threads, 0);
        assert_int_equal(encode_pool_create(&pool, THREADS), -EAGAIN);
        assert_null(pool);
        balance_end();
    }
    balance_begin(THREADS, 0);
    assert_int_equal(encode_pool_create(&pool, THREADS), 0);
    encode_pool_destroy(&pool);
    balance_end();
}

static void an_encoder(void **state)
{
    static const struct encoder_config config = { .slices = 1, .quality = 50 };
    struct encode_pool *pool;
    struct encoder *encoder;
    struct stream_events events;
    (void)state;
    assert_int_equal(events_init(&events), 0);
    assert_int_equal(encode_pool_create(&pool, 1), 0);
    balance_begin(0, 0);
    assert_int_equal(encoder_create(&encoder, &config, pool, &events), 0);
    encoder_destroy(&encoder);
    balance_end();
    encode_pool_destroy(&pool);
    events_destroy(&events);
}

static void a_capture(void **state)
{
    static const struct encoder_config config = { .slices = 1, .quality = 50 };
    static const struct supervisor_config capture = { .ops = &camera_pattern };
    struct supervisor *control;
    struct encode_pool *pool;
    struct encoder *encoder;
    struct stream_events events;
    (void)state;
    assert_int_equal(events_init(&events), 0);
    assert_int_equal(encode_pool_create(&pool, 1), 0);
    assert_int_equal(encoder_create(&encoder, &config, pool, &events), 0);
    for (unsigned threads = 0; threads < 2; threads++) {
        balance_begin(threads, 0);
        assert_int_equal(supervisor_create(&control, &capture, encoder, &events),
                         threads ? 0 : -EAGAIN);
        assert_int_equal(control != NULL, threads);
        supervisor_destroy(&control);
        balance_end();
    }
    encoder_destroy(&encoder);
    encode_pool_destroy(&pool);
    events_destroy(&events);
}

/* The camera is closed in either case. */
static void a_stream(void **state)
{
    static const struct camera_request request = { .width = 64, .height = 48 };
    struct stream_config config = { .name = "camera",
                                    .label = "",
                                    .source = "pattern",
                                    .ops = &camera_pattern,
                                    .encoder = { .slices = 1, .quality = 50 } };
    struct encode_pool *pool;
    struct stream *stream;
    struct error error;
    (void)state;
    assert_int_equal(encode_pool_create(&pool, 1), 0);
    for (unsigned descriptors = 0; descriptors < 3; descriptors++) {
        bool all = descriptors == 2;
        balance_begin(all ? 0 : BALANCE_ALL, descriptors);
        assert_int_equal(camera_pattern.open(&config.camera, NULL, &request, &error), 0);
        assert_int_equal(stream_create(&stream, &config, pool), all ? -EAGAIN : -EMFILE);
        assert_null(stream);
        balance_end();
    }
    balance_begin(BALANCE_ALL, BALANCE_ALL);
    assert_int_equal(camera_pattern.open(&config.camera, NULL, &request, &error), 0);
    assert_int_equal(stream_create(&stream, &config, pool), 0);
    stream_destroy(&stream);
    assert_null(stream);
    balance_end();
    encode_pool_destroy(&pool);
}

/* Opened, and started in vain. */
static void check_camera(const struct camera_ops *ops)
{
    static const struct camera_request request = { .width = 64, .height = 48 };
    const struct camera_run run = { .still = false };
    struct camera_mode mode;
    struct camera *camera;
    struct error error;
    balance_begin(0, BALANCE_ALL);
    assert_int_equal(ops->open(&camera, "", &request, &error), 0);
    assert_int_equal(ops->start(camera, &run, &mode, &error), -EAGAIN);
    ops->close(&camera);
    assert_null(camera);
    balance_end();
}

static void cameras(void **state)
{
    struct camera_request request = { 0 };
    struct camera *camera;
    struct error error;
    (void)state;
    check_camera(&camera_pattern);
    check_camera(&camera_faulty);
    balance_begin(BALANCE_ALL, BALANCE_ALL);
    assert_int_equal(camera_y4m.open(&camera, "/dev/null", &request, &error), -EINVAL);
    assert_null(camera);
    assert_int_equal(camera_y4m.open(&camera, "/nowhere.y4m", &request, &error), -ENOENT);
    assert_null(camera);
    balance_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_events), cmocka_unit_test(a_pool),   cmocka_unit_test(an_encoder),
        cmocka_unit_test(a_capture),  cmocka_unit_test(a_stream), cmocka_unit_test(cameras),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
