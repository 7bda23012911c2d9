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
    assert_int_equal(options.stream_count, 1);
    assert_string_equal(options.streams[0].name, "camera");
    assert_string_equal(options.streams[0].source, "libcamera");
    assert_int_equal(options.streams[0].size.width, 0);
    assert_int_equal(options.streams[0].size.height, 0);
    assert_true(options.streams[0].fps.max == 0);
    assert_false(options.streams[0].hflip || options.streams[0].vflip);
    assert_int_equal(options.streams[0].rotation, 0);
    assert_int_equal(options.streams[0].quality, 80);
    assert_int_equal(options.threads, 0);
    assert_int_equal(options.streams[0].slices, 0);
    assert_int_equal(options.listen.count, 0);
    assert_false(options.insecure_plaintext || options.streams[0].always_on);
    assert_int_equal(options.max_clients, 64);
    assert_int_equal(options.queue_bytes, 32 << 20);
    assert_true(options.streams[0].frames == 0);
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
        assert_in_range(spec->offset, 0,
                        (spec->scope == OPTION_SECTION ? sizeof(struct stream_options)
                                                       : sizeof(struct device_options)) -
                            1);
        for (size_t k = 0; k < i; k++) {
            const struct option_spec *other = &device_option_table.specs[k];
            assert_true(!other->name || strcmp(other->name, spec->name) != 0);
            assert_true(!spec->letter || other->letter != spec->letter);
            assert_true(!other->name || other->scope != spec->scope ||
                        other->offset != spec->offset);
        }
    }
}

static void every_option_reaches_its_field(void **state)
{
    (void)state;
    struct device_options o;
    struct error error;
    char *argv[] = { "pitetherd",
                     "--name=front",
                     "--source=libcamera",
                     "--size=640x480",
                     "--fps=5-25",
                     "--full-view",
                     "--mode=640:480",
                     "--control=Contrast=2",
                     "--shutter=10ms",
                     "--view-only",
                     "--tuning-file=/dev/null",
                     "--list-controls",
                     "--hflip",
                     "--vflip",
                     "--rotation=180",
                     "--quality=33",
                     "--threads=3",
                     "--slices=5",
                     "--frames=1000000",
                     "--listen=a",
                     "--listen=b",
                     "--insecure-plaintext",
                     "--max-clients=9",
                     "--queue-bytes=1M",
                     "--always-on",
                     "--list-cameras",
                     "--stats=10",
                     "--log-level=debug",
                     "--version",
                     "--help" };
    assert_int_equal(device_options_read(&o, sizeof(argv) / sizeof(argv[0]), argv, &error), 0);
    assert_int_equal(o.stream_count, 1);
    assert_string_equal(o.streams[0].name, "front");
    assert_string_equal(o.streams[0].source, "libcamera");
    assert_int_equal(o.streams[0].size.width, 640);
    assert_int_equal(o.streams[0].size.height, 480);
    assert_true(o.streams[0].full_view && o.streams[0].fps.min == 5);
    assert_string_equal(o.streams[0].sensor_mode, "640:480");
    assert_int_equal(o.streams[0].controls.count, 1);
    assert_string_equal(o.streams[0].controls.items[0], "Contrast=2");
    assert_string_equal(o.streams[0].aliases[ALIAS_SHUTTER], "10ms");
    assert_true(o.view_only && o.list_controls);
    assert_string_equal(o.tuning_file, "/dev/null");
    assert_true(o.streams[0].fps.max == 25 && o.streams[0].hflip && o.streams[0].vflip &&
                o.streams[0].rotation == 2 && o.streams[0].quality == 33);
    assert_true(o.threads == 3 && o.streams[0].slices == 5 && o.streams[0].frames == 1000000);
    assert_int_equal(o.listen.count, 2);
    assert_true(o.insecure_plaintext && o.max_clients == 9 && o.queue_bytes == 1 << 20);
    assert_true(o.streams[0].always_on && o.list_cameras && o.stats == 10);
    assert_int_equal(o.log_level, LOG_LEVEL_DEBUG);
    assert_true(o.version && o.help);
}

static void bad_values(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "--quality=0",      "--quality=101",   "--threads=65",
        "--slices=65",      "--size=15x16",    "--size=16384x16",
        "--fps=0",          "--fps=10001",     "--rotation=45",
        "--rotation=-90",   "--max-clients=0", "--queue-bytes=65535",
        "--queue-bytes=2G", "--frames=-1",     "--stats=86401",
        "--log-level=loud", "--nonsense",      "positional",
        "--listen=:1",      "--listen=x:y",    "--listen=[::1",
        "--listen=unix:",   "--name=",         "--name=a b",
        "--name=.x",        "--name=a/",       "--name=/a",
        "--name=a//b",      "--name=a/.b",     "--name=123456789012345678901234567890123",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct device_options options;
        char *words[] = { (char *)bad[i] };
        struct error error;
        if (read_words(&options, 1, words, &error) != -EINVAL)
            fail_msg("%s was taken", bad[i]);
        if (strpbrk(bad[i], "0123456789")) /* a number is no misspelled other one */
            assert_null(strstr(error.text, "did you mean"));
    }
}

/* Reads a command line of --config, with the text as the file, and the word unless it is NULL. */
static int read_config(struct device_options *options, const char *text, char *word,
                       struct error *error)
{
    char path[] = "device-options-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    char *words[] = { "--config", path, word };
    int result = read_words(options, word ? 3 : 2, words, error);
    unlink(path);
    if (result && strncmp(error->text, "--", 2) != 0)
        assert_ptr_equal(strstr(error->text, path), error->text);
    return result;
}

static void the_config_file_is_read(void **state)
{
    (void)state;
    struct error error;
    struct device_options options;
    char *words[] = { "--config", "/no/such/file" };
    assert_int_equal(read_config(&options, "quality = 11\nthreads = 2\n", "-q22", &error), 0);
    assert_int_equal(options.stream_count, 1);
    assert_string_equal(options.streams[0].name, "camera");
    assert_int_equal(options.streams[0].quality, 22);
    assert_int_equal(options.threads, 2);
    assert_int_equal(read_words(&options, 2, words, &error), -ENOENT);
    assert_non_null(strstr(error.text, "/no/such/file"));
}

static void sections_are_streams(void **state)
{
    (void)state;
    struct error error;
    struct device_options options;
    static const char text[] = "fps = 20\nthreads = 2\n"
                               "[front]\nsource = libcamera:0\nsize = 640x480\n"
                               "[rear/left]\nsource = libcamera:1\nfps = 5\nalways-on = yes\n";
    assert_int_equal(read_config(&options, text, "--quality=50", &error), 0);
    assert_int_equal(options.stream_count, 2);
    assert_int_equal(options.threads, 2);
    const struct stream_options *front = &options.streams[0], *rear = &options.streams[1];
    assert_string_equal(front->name, "front");
    assert_string_equal(front->source, "libcamera:0");
    assert_true(front->fps.max == 20 && front->size.width == 640 && !front->always_on);
    assert_string_equal(rear->name, "rear/left");
    assert_string_equal(rear->source, "libcamera:1");
    assert_true(rear->fps.max == 5 && rear->size.width == 0 && rear->always_on);
    assert_true(front->quality == 50 && rear->quality == 50);
    assert_true(front->min_quality == 25 && rear->min_quality == 25);
}

static void as_many_streams_as_there_may_be(void **state)
{
    (void)state;
    struct error error;
    struct device_options options;
    char text[1024] = "source = pattern\n";
    for (unsigned i = 0; i < DEVICE_STREAMS_MAX; i++)
        sprintf(text + strlen(text), "[s%u]\n", i);
    assert_int_equal(read_config(&options, text, NULL, &error), 0);
    assert_int_equal(options.stream_count, DEVICE_STREAMS_MAX);
    assert_string_equal(options.streams[DEVICE_STREAMS_MAX - 1].name, "s15");
    assert_string_equal(options.streams[DEVICE_STREAMS_MAX - 1].source, "pattern");
    strcat(text, "[more]\n");
    assert_int_equal(read_config(&options, text, NULL, &error), -EINVAL);
    assert_non_null(strstr(error.text, ":18: [more]: there are more than 16 sections"));
}

static void previews_have_names_of_their_own(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } cases[] = {
        { "source = pattern\npreview-size = 320x180\n[a]\n[b]\n", NULL },
        { "source = pattern\n[a]\npreview-size = 320x180\n[a/preview]\n",
          ":2: [a]: preview-size: another stream has the preview's name, a/preview" },
        { "source = pattern\n[abcdefghijklmnopqrstuvwx]\npreview-size = 320x180\n", NULL },
        { "source = pattern\n[abcdefghijklmnopqrstuvwxy]\npreview-size = 320x180\n",
          ":2: [abcdefghijklmnopqrstuvwxy]: preview-size: the preview's name, "
          "abcdefghijklmnopqrstuvwxy/preview, is longer than 32 bytes" },
        { "source = pattern\n[a]\npreview-size = 320x8\n", "preview-size" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error;
        struct device_options options;
        int result = read_config(&options, cases[i].text, NULL, &error);
        if (result != (cases[i].why ? -EINVAL : 0) ||
            (cases[i].why && !strstr(error.text, cases[i].why)))
            fail_msg("'%s': %d, %s", cases[i].text, result, error.text);
        if (!result)
            assert_int_equal(options.streams[0].preview_size.width, 320);
    }
}

static void a_camera_is_in_one_section(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } cases[] = {
        { "[a]\nsource = libcamera:0\n[b]\n", NULL }, /* may be another camera */
        { "[a]\n[b]\n", ":2: [b]: its source, libcamera, is" },
        { "[a]\nsource = libcamera:x\n[b]\nsource=pattern\n[c]\nsource = libcamera:x",
          ":5: [c]: its source, libcamera:x, is the camera of [a] in line 1" },
        { "[a]\nsource = libcamera:0\n[b]\nsource = libcamera:1\n", NULL },
        { "source = pattern\n[a]\n[b]\n", NULL },
        { "source = libcamera.y4m\n[a]\n[b]\n", NULL },
        { "[a]\n", NULL },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error;
        struct device_options options;
        int result = read_config(&options, cases[i].text, NULL, &error);
        if (result != (cases[i].why ? -EINVAL : 0))
            fail_msg("'%s': %d, %s", cases[i].text, result, error.text);
        if (cases[i].why && !strstr(error.text, cases[i].why))
            fail_msg("'%s' is not in '%s'", cases[i].why, error.text);
    }
}

static void what_a_section_may_not_have(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "[a]\nlisten = ::\n", ":2: [a]: 'listen' is not a key that a section may have" },
        { "[a]\nthreads = 2\n", ":2: [a]: 'threads' is not a key" },
        { "[a]\nsorce = pattern\n", "; did you mean source?" },
        { "[a]\nsource = x.y4\n", ":1: [a]: source: 'x.y4' is unknown; give libcamera, " },
        { "source = pattern\n[a]\n[b]\nsource = libcamera\nunpaced = yes\n",
          ":3: [b]: unpaced: a camera keeps its own pace" },
        { "[a]\nsource = a.y4m\npattern-faults = stall@1:1s\n", ":1: [a]: pattern-faults: only" },
        { "unpaced = yes\n", "--unpaced: a camera keeps" },
        { "[.a]\n", ":1: '[.a]' can't be the name of a section: it takes 1 to 32 letters" },
        { "[a]\nname = b\n", ":2: [a]: 'name' is not a key" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error;
        struct device_options options;
        assert_int_equal(read_config(&options, cases[i][0], NULL, &error), -EINVAL);
        if (!strstr(error.text, cases[i][1]))
            fail_msg("'%s' is not in '%s'", cases[i][1], error.text);
    }
    struct error error;
    struct device_options options;
    assert_int_equal(read_config(&options, "[a]\n", "--name=x", &error), -EINVAL);
    assert_non_null(strstr(error.text, ":1: [a]: a section has its own name"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(every_default_is_a_good_value),
        cmocka_unit_test(specs_are_complete),
        cmocka_unit_test(every_option_reaches_its_field),
        cmocka_unit_test(bad_values),
        cmocka_unit_test(the_config_file_is_read),
        cmocka_unit_test(sections_are_streams),
        cmocka_unit_test(as_many_streams_as_there_may_be),
        cmocka_unit_test(previews_have_names_of_their_own),
        cmocka_unit_test(a_camera_is_in_one_section),
        cmocka_unit_test(what_a_section_may_not_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
