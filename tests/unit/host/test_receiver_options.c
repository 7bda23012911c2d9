/*
 * What a caller of the library may ask for, and what is said of the rest.
 */
#include "host/lib/options.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct error error;

static int read_config(struct receiver_config *config, const char *address,
                       const struct pitether_options *options)
{
    error.text[0] = '\0';
    int result = receiver_config_read(config, address, options, &error);
    assert_int_equal(result != 0, error.text[0] != '\0');
    return result;
}

static void defaults(void **state)
{
    (void)state;
    struct receiver_config config;
    const struct pitether_options options = PITETHER_OPTIONS_INIT;
    assert_int_equal(read_config(&config, "pi", &options), 0);
    assert_string_equal(config.address.host, "pi");
    assert_int_equal(config.address.port, WIRE_DEFAULT_PORT);
    assert_string_equal(config.stream, "");
    assert_int_equal(config.mode, PITETHER_LIVE);
    assert_int_equal(config.max_fps_mhz, 0);
    assert_int_equal(config.every, 1);
    assert_true(config.reconnect);
    assert_int_equal(config.max_frames, 64);
    assert_int_equal(config.max_bytes, 256 << 20);
    assert_true(config.duration_s == 0 && config.timeout_s == 0);
}

static void addresses(void **state)
{
    static const struct {
        const char *text, *host, *stream;
        unsigned port;
    } cases[] = {
        { "pi.local", "pi.local", "", WIRE_DEFAULT_PORT },
        { "pi.local/front", "pi.local", "front", WIRE_DEFAULT_PORT },
        { "pi.local:80/front/preview", "pi.local", "front/preview", 80 },
        { "[fe80::1%eth0]:9/a", "fe80::1%eth0", "a", 9 },
        { "fe80::1/b.c-d_E", "fe80::1", "b.c-d_E", WIRE_DEFAULT_PORT },
        { "unix:/run/pi/front", "/run/pi/front", "", WIRE_DEFAULT_PORT },
        { "pi/12345678901234567890123456789012", "pi", "12345678901234567890123456789012",
          WIRE_DEFAULT_PORT },
    };
    static const char *const wrong[] = {
        "",
        "/front",
        "pi:",
        "pi:0",
        "pi:65536",
        "[::1",
        "pi/",
        "pi//a",
        "pi/a/",
        "pi/a b",
        "pi/.a",
        "pi/a/.b",
        "pi/123456789012345678901234567890123",
        "unix:",
        "pi/fr\xC3\xB6nt",
    };
    (void)state;
    const struct pitether_options options = PITETHER_OPTIONS_INIT;
    struct receiver_config config;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(read_config(&config, cases[i].text, &options), 0);
        assert_string_equal(config.address.host, cases[i].host);
        assert_int_equal(config.address.port, cases[i].port);
        assert_string_equal(config.stream, cases[i].stream);
    }
    for (size_t i = 0; i < COUNT(wrong); i++)
        if (read_config(&config, wrong[i], &options) != -EINVAL)
            fail_msg("'%s' is taken", wrong[i]);
    char *large = malloc(5001);
    assert_non_null(large);
    memset(large, 'x', 5000);
    large[5000] = '\0';
    assert_int_equal(read_config(&config, large, &options), -EINVAL);
    assert_in_range(strlen(error.text), 100, sizeof(error.text) - 1);
    free(large);
}

static void a_stream_by_option(void **state)
{
    (void)state;
    struct receiver_config config;
    struct pitether_options options = PITETHER_OPTIONS_INIT;
    options.stream = "front";
    assert_int_equal(read_config(&config, "unix:/run/pi", &options), 0);
    assert_string_equal(config.stream, "front");
    assert_int_equal(read_config(&config, "pi", &options), 0);
    assert_string_equal(config.stream, "front");
    assert_int_equal(read_config(&config, "pi/rear", &options), -EINVAL);
    assert_non_null(strstr(error.text, "rear"));
    options.stream = "a b";
    assert_int_equal(read_config(&config, "pi", &options), -EINVAL);
}

static void numbers(void **state)
{
    static const struct {
        struct pitether_options options;
        bool good;
    } cases[] = {
        { { .max_fps = 0.001 }, true },
        { { .max_fps = 10000 }, true },
        { { .max_fps = 0.0005 }, false },
        { { .max_fps = 10001 }, false },
        { { .max_fps = -1 }, false },
        { { .max_fps = NAN }, false },
        { { .every = 1, .max_fps = 5 }, true },
        { { .every = 2, .max_fps = 5 }, false },
        { { .every = 2 }, true },
        { { .max_frames = 1 }, false },
        { { .max_frames = 2 }, true },
        { { .max_frames = 4096 }, true },
        { { .max_frames = 4097 }, false },
        { { .duration_s = -1 }, false },
        { { .duration_s = NAN }, false },
        { { .duration_s = 1e300 }, true },
        { { .timeout_s = -0.1 }, false },
        { { .timeout_s = 1 }, true },
        { { .settle_s = 60 }, true },
        { { .settle_s = 60.1 }, false },
        { { .settle_s = -1 }, false },
        { { .settle_s = NAN }, false },
        { { .mode = PITETHER_LOSSLESS }, true },
        { { .mode = PITETHER_STILL }, true },
        { { .mode = (enum pitether_mode)3 }, false },
        { { .mode = PITETHER_STILL, .still_width = 16, .still_height = 16383 }, true },
        { { .mode = PITETHER_STILL, .still_width = 640 }, false },
        { { .mode = PITETHER_STILL, .still_width = 640, .still_height = 15 }, false },
        { { .mode = PITETHER_STILL, .still_quality = 100, .settle_s = 60 }, true },
        { { .mode = PITETHER_STILL, .still_quality = 101 }, false },
        { { .mode = PITETHER_STILL, .max_fps = 1 }, false },
        { { .mode = PITETHER_STILL, .every = 2 }, false },
        { { .mode = PITETHER_STILL, .duration_s = 1 }, false },
    };
    (void)state;
    struct receiver_config config;
    for (size_t i = 0; i < COUNT(cases); i++)
        if ((read_config(&config, "pi", &cases[i].options) == 0) != cases[i].good)
            fail_msg("case %zu: %s", i, error.text);
    assert_int_equal(read_config(&config, "pi", &cases[0].options), 0);
    assert_int_equal(config.max_fps_mhz, 1);
}

/* A caller that was built with an older header, or with a newer one. */
static void other_headers(void **state)
{
    (void)state;
    struct pitether_options callers = PITETHER_OPTIONS_INIT, options;
    struct {
        struct pitether_options known;
        char more[64];
    } newer = { .known = { .size = sizeof(newer), .every = 3 }, .more = { 1 } };
    callers.every = 7;
    callers.max_bytes = 1000;
    callers.size = offsetof(struct pitether_options, max_bytes);
    assert_int_equal(receiver_options_copy(&options, &callers, &error), 0);
    assert_int_equal(options.every, 7);
    assert_int_equal(options.max_bytes, 0);
    assert_int_equal(options.size, sizeof(options));
    assert_int_equal(receiver_options_copy(&options, &newer.known, &error), 0);
    assert_int_equal(options.every, 3);
    assert_int_equal(receiver_options_copy(&options, NULL, &error), 0);
    assert_int_equal(options.every, 0);
    callers.size = 0;
    assert_int_equal(receiver_options_copy(&options, &callers, &error), -EINVAL);
    assert_non_null(strstr(error.text, "PITETHER_OPTIONS_INIT"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),           cmocka_unit_test(addresses),
        cmocka_unit_test(a_stream_by_option), cmocka_unit_test(numbers),
        cmocka_unit_test(other_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
