/*
 * pitetherd's table: its defaults, and that each of them is a value that it would take.
 */
#include "device/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "shared/base/log.h"

static int read_words(struct device_options *options, int count, char **words, struct error *error)
{
    char *argv[8] = { "pitetherd" };
    for (int i = 0; i < count; i++)
        argv[i + 1] = words[i];
    strcpy(error->text, "(no error)");
    return device_options_read(options, count + 1, argv, error);
}

static void defaults(void **state)
{
    (void)state;
    struct device_options options;
    struct error error;
    memset(&options, 0xA5, sizeof(options));
    assert_int_equal(read_words(&options, 0, NULL, &error), 0);
    assert_string_equal(options.source, "libcamera");
    assert_int_equal(options.size.width, 0);
    assert_int_equal(options.size.height, 0);
    assert_true(options.fps == 0);
    assert_false(options.hflip || options.vflip);
    assert_int_equal(options.rotation, 0);
    assert_int_equal(options.quality, 80);
    assert_int_equal(options.threads, 0);
    assert_int_equal(options.slices, 0);
    assert_int_equal(options.listen.count, 0);
    assert_false(options.insecure_plaintext || options.always_on);
    assert_int_equal(options.max_clients, 64);
    assert_int_equal(options.queue_bytes, 32 << 20);
    assert_true(options.frames == 0);
    assert_int_equal(options.stats, 0);
    assert_int_equal(options.log_level, LOG_LEVEL_INFO);
    assert_null(options.config);
    assert_false(options.list_cameras || options.version || options.help);
}

/* options_defaults() has nobody to complain to. */
static void every_default_is_a_good_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < device_option_table.count; i++) {
        const struct option_spec *spec = &device_option_table.specs[i];
        struct device_options options;
        char word[128], *words[] = { word };
        struct error error;
        if (!spec->fallback)
            continue;
        assert_true(spec->kind != OPTION_FLAG);
        snprintf(word, sizeof(word), "--%s=%s", spec->name, spec->fallback);
        if (read_words(&options, 1, words, &error))
            fail_msg("%s", error.text);
    }
}

static void specs_are_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < device_option_table.count; i++) {
        const struct option_spec *spec = &device_option_table.specs[i];
        assert_non_null(spec->help);
        if (spec->kind == OPTION_HEADING)
            continue;
        assert_true(spec->help[strlen(spec->help) - 1] != '.');
        assert_int_equal(spec->value != NULL, spec->kind != OPTION_FLAG);
        assert_in_range(spec->offset, 0, sizeof(struct device_options) - 1);
        for (size_t k = 0; k < i; k++) {
            const struct option_spec *other = &device_option_table.specs[k];
            assert_true(!other->name || strcmp(other->name, spec->name) != 0);
            assert_true(!spec->letter || other->letter != spec->letter);
            assert_true(!other->name || other->offset != spec->offset);
        }
    }
}

static void every_option_reaches_its_field(void **state)
{
    (void)state;
    struct device_options o;
    struct error error;
    char *argv[] = { "pitetherd",        "--source=pattern",
                     "--size=640x480",   "--fps=25",
                     "--hflip",          "--vflip",
                     "--rotation=180",   "--quality=33",
                     "--threads=3",      "--slices=5",
                     "--frames=1000000", "--listen=a",
                     "--listen=b",       "--insecure-plaintext",
                     "--max-clients=9",  "--queue-bytes=1M",
                     "--always-on",      "--list-cameras",
                     "--stats=10",       "--log-level=debug",
                     "--version",        "--help" };
    assert_int_equal(device_options_read(&o, sizeof(argv) / sizeof(argv[0]), argv, &error), 0);
    assert_string_equal(o.source, "pattern");
    assert_int_equal(o.size.width, 640);
    assert_int_equal(o.size.height, 480);
    assert_true(o.fps == 25 && o.hflip && o.vflip && o.rotation == 1 && o.quality == 33);
    assert_true(o.threads == 3 && o.slices == 5 && o.frames == 1000000);
    assert_int_equal(o.listen.count, 2);
    assert_true(o.insecure_plaintext && o.max_clients == 9 && o.queue_bytes == 1 << 20);
    assert_true(o.always_on && o.list_cameras && o.stats == 10);
    assert_int_equal(o.log_level, LOG_LEVEL_DEBUG);
    assert_true(o.version && o.help);
}

static void bad_values(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "--quality=0",     "--quality=101",       "--threads=65",
        "--slices=65",     "--size=15x16",        "--size=16384x16",
        "--fps=0",         "--fps=10001",         "--rotation=90",
        "--max-clients=0", "--queue-bytes=65535", "--queue-bytes=2G",
        "--frames=-1",     "--stats=86401",       "--log-level=loud",
        "--nonsense",      "positional",          "--listen=:1",
        "--listen=x:y",    "--listen=[::1",       "--listen=unix:",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct device_options options;
        char *words[] = { (char *)bad[i] };
        struct error error;
        if (read_words(&options, 1, words, &error) != -EINVAL)
            fail_msg("%s was taken", bad[i]);
    }
}

static void the_config_file_is_read(void **state)
{
    (void)state;
    char path[] = "device-options-XXXXXX";
    struct error error;
    static const char text[] = "quality = 11\nthreads = 2\n";
    struct device_options options;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    char *words[] = { "--config", path, "-q", "22" };
    int result = read_words(&options, 4, words, &error);
    unlink(path);
    assert_int_equal(result, 0);
    assert_int_equal(options.quality, 22);
    assert_int_equal(options.threads, 2);
    assert_int_equal(read_words(&options, 2, words, &error), -ENOENT);
    assert_non_null(strstr(error.text, path));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),           cmocka_unit_test(every_default_is_a_good_value),
        cmocka_unit_test(specs_are_complete), cmocka_unit_test(every_option_reaches_its_field),
        cmocka_unit_test(bad_values),         cmocka_unit_test(the_config_file_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
