/*
 * pitether's command line, case by case.
 */
#include "host/options_check.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "shared/base/log.h"

enum { WORDS_MAX = 20 };

/* Reads a command line whose words are parted by single blanks. */
static int read_line(struct host_options *options, const char *line, struct error *error)
{
    /* Texts of the options point into the words. */
    static char words[512];
    char *argv[WORDS_MAX + 1] = { "pitether" };
    int argc = 1;
    assert_in_range(strlen(line), 0, sizeof(words) - 1);
    strcpy(words, line);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
        assert_in_range(argc, 1, WORDS_MAX - 1);
        argv[argc++] = word;
    }
    memset(options, 0xA5, sizeof(*options));
    strcpy(error->text, "(no error)");
    return host_options_read(options, argc, argv, error);
}

static void defaults(void **state)
{
    (void)state;
    struct host_options options;
    struct error error;
    assert_int_equal(read_line(&options, "pi", &error), 0);
    assert_null(options.save);
    assert_string_equal(options.name, "frame-{n}.jpg");
    assert_false(options.to_stdout || options.window || options.null);
    assert_int_equal(options.frames, 0);
    assert_int_equal(options.every, 1);
    assert_int_equal(options.sync, 0);
    assert_true(options.duration == 0 && options.max_fps == 0);
    assert_false(options.lossless || options.live || options.no_reconnect || options.stats);
    assert_true(options.settle == 0);
    assert_int_equal(options.log_level, LOG_LEVEL_INFO);
    assert_false(options.version || options.help);
    assert_int_equal(options.addresses.count, 1);
    assert_string_equal(options.addresses.items[0], "pi");
    assert_null(options.stream);
    assert_false(options.list_streams);
}

/* options_defaults() has nobody to complain to. */
static void every_default_is_a_good_value(void **state)
{
    (void)state;
    unsigned seen = 0;
    for (size_t i = 0; i < host_option_table.count; i++) {
        const struct option_spec *spec = &host_option_table.specs[i];
        struct host_options options;
        char word[128];
        struct error error;
        if (!spec->fallback)
            continue;
        snprintf(word, sizeof(word), "--%s=%s pi", spec->name, spec->fallback);
        if (read_line(&options, word, &error))
            fail_msg("%s: %s", word, error.text);
        seen++;
    }
    assert_in_range(seen, 5, 20);
}

static void values(void **state)
{
    (void)state;
    struct host_options options;
    struct error error;
    assert_int_equal(read_line(&options,
                               "-o there --name={wall}.jpg --stdout -w --null -n 100 -t 2.5 "
                               "--every 3 pi:99",
                               &error),
                     0);
    assert_string_equal(options.save, "there");
    assert_string_equal(options.name, "{wall}.jpg");
    assert_true(options.to_stdout && options.window && options.null);
    assert_int_equal(options.frames, 100);
    assert_true(options.duration == 2.5);
    assert_int_equal(options.every, 3);
    assert_string_equal(options.addresses.items[0], "pi:99");
    assert_int_equal(read_line(&options,
                               "pi --max-fps 12.5 --live --no-reconnect --stats "
                               "--log-level=debug --frames=1000000000000000 "
                               "--timeout 1.5",
                               &error),
                     0);
    assert_true(options.max_fps == 12.5 && options.timeout == 1.5);
    assert_true(options.live && options.no_reconnect && options.stats && !options.lossless);
    assert_int_equal(options.log_level, LOG_LEVEL_DEBUG);
    assert_true(options.frames == UINT64_C(1000000000000000));
    assert_int_equal(read_line(&options, "--lossless --max-fps=0.001 -- pi", &error), 0);
    assert_true(options.lossless && !options.live);
    static const struct {
        const char *line;
        double settle;
    } settles[] = { { "pi --frames 1", 5 },
                    { "pi --frames 2", 0 },
                    { "pi --still a.jpg", 5 },
                    { "pi --lock", 5 },
                    { "pi --lock --settle 0", 0 },
                    { "pi --settle 2.5", 2.5 },
                    { "pi --frames 1 --settle 0", 0 },
                    { "pi -n1 --settle 60", 60 } };
    for (size_t i = 0; i < sizeof(settles) / sizeof(settles[0]); i++) {
        assert_int_equal(read_line(&options, settles[i].line, &error), 0);
        assert_true(options.settle == settles[i].settle);
    }
    static const struct {
        const char *line;
        uint64_t sync;
    } syncs[] = { { "--sync off pi", 0 }, { "--sync each pi", 1 }, { "--sync=25 pi", 25 } };
    for (size_t i = 0; i < sizeof(syncs) / sizeof(syncs[0]); i++) {
        assert_int_equal(read_line(&options, syncs[i].line, &error), 0);
        assert_int_equal(options.sync, syncs[i].sync);
    }
}

static void addresses(void **state)
{
    (void)state;
    struct host_options options;
    struct error error;
    assert_int_equal(read_line(&options, "pi/front --save d other:8000 unix:/x --stream y", &error),
                     0);
    assert_int_equal(options.addresses.count, 3);
    assert_string_equal(options.addresses.items[0], "pi/front");
    assert_string_equal(options.addresses.items[1], "other:8000");
    assert_string_equal(options.addresses.items[2], "unix:/x");
    assert_string_equal(options.stream, "y");
    assert_int_equal(read_line(&options, "pi --list-streams", &error), 0);
    assert_true(options.list_streams);
}

/* A folder that is there, or that is written as one, may be called anything. */
static void folders_with_odd_names(void **state)
{
    (void)state;
    static const char *const names[] = {
        "clip.mp4/", "mp4", "clip.mp4.d", "clip.2026", "./-", "-x"
    };
    struct host_options options;
    char line[128], folder[] = "/tmp/pitether-test-XXXXXX", path[64];
    struct error error;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(line, sizeof(line), "pi --save=%s", names[i]);
        assert_int_equal(read_line(&options, line, &error), 0);
        assert_string_equal(options.save, names[i]);
    }
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/clip.mp4", folder);
    snprintf(line, sizeof(line), "pi --save=%s", path);
    assert_int_equal(read_line(&options, line, &error), -EINVAL);
    assert_int_equal(mkdir(path, 0777), 0);
    assert_int_equal(read_line(&options, line, &error), 0);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(read_line(&options, "pi --null --latency -", &error), 0);
}

static const struct {
    const char *line, *why;
} refused[] = {
    { "", "where is the daemon?" },
    { "--null", "where is the daemon?" },
    { "pi other --list-streams", "--list-streams asks one daemon" },
    { "pi other --stdout", "--stdout: frames of several streams can't be told apart" },
    { "pi --lossless --live", "exclude one another" },
    { "pi --live --lossless", "exclude one another" },
    { "pi --nonsense", "unknown option '--nonsense'" },
    { "pi -x", "unknown option '-x'" },
    { "pi --save", "needs a value" },
    { "pi --save=", "is empty" },
    { "pi --frames=-1", "frames: '-1' is not" },
    { "pi --settle -1", "settle:" },
    { "pi --settle 61", "settle:" },
    { "pi --frames 0.5", "frames: '0.5' is not" },
    { "pi --frames 1e3", "frames: '1e3' is not" },
    { "pi --frames 1000000000000001", "frames:" },
    { "pi --sync never", "sync: 'never' is not off, each or a whole number from 0" },
    { "pi --sync=-1", "sync: '-1' is not" },
    { "pi --every 0", "every: '0' is not" },
    { "pi --every 1.5", "every: '1.5' is not" },
    { "pi --duration=-0.1", "duration:" },
    { "pi --duration=nan", "duration:" },
    { "pi --max-fps 10001", "--max-fps:" },
    { "pi --max-fps 0.0001", "--max-fps:" },
    { "pi --log-level loud", "error, warning, info, debug" },
    { "pi --null=yes", "takes no value" },
    { "pi --name frame.jpg", "needs {n}" },
    { "pi --save clip.mp4", "'clip.mp4' is not a folder's name; to record a video: pitether HOST" },
    { "pi --save there/CLIP.MKV", "to record a video" },
    { "pi --save a.b.mjpeg", "to record a video" },
    { "pi --save picture.jpg", "to have one picture: pitether HOST" },
    { "pi --save .png", "to have one picture" },
    { "pi --save -", "'-' is not a folder's name; to write to standard output: --stdout" },
    { "pi --null --latency frames.csv", "is what --save calls its index" },
    { "pi --null --latency there/frames.csv", "is what --save calls its index" },
    { "pi --stdout --latency -", "exclude one another" },
    { "pi --json", "--json goes with --controls only" },
    { "pi --json --get X", "--json goes with --controls only" },
    { "pi --controls --get X", "exclude one another" },
    { "pi --controls --list-streams", "--controls and --list-streams exclude one another" },
    { "pi --set A=1 --list-streams", "--set and --list-streams exclude one another" },
    { "--lock --import-key pi", "--lock and --import-key exclude one another" },
    { "pi --lock other", "--lock asks one daemon" },
    { "pi --set A=1 other", "--set asks one daemon" },
    { "pi --controls --null", "--null does not go with it" },
    { "pi --get X --save d", "--save does not go with it" },
    { "pi --save-controls f --window", "--window does not go with it" },
    { "pi --lock --set A=1 --stdout", "--stdout does not go with it" },
    { "pi --load-controls f --frames 3", "--frames does not go with it" },
    { "pi --set A=1 --frames 3", "--set without a sink keeps none" },
    { "pi --set A=1 --latency f", "--set without a sink keeps none" },
    { "pi --name ../{id}", "--name: '../{id}'" },
    { "pi --name {id}/x", "slash" },
};

static void what_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct host_options options;
        struct error error;
        int result = read_line(&options, refused[i].line, &error);
        if (result != -EINVAL || !strstr(error.text, refused[i].why))
            fail_msg("'%s' gives %d and '%s', not '%s'", refused[i].line, result, error.text,
                     refused[i].why);
        assert_null(strchr(error.text, '\n'));
    }
}

/* What is to be set goes with sinks; alone, it is all that is done. */
static void controls(void **state)
{
    (void)state;
    struct host_options options;
    struct error error;
    static const char *const alone[] = {
        "pi --controls --json",
        "pi --get ExposureTime",
        "pi --set A=1 --set B=2,3",
        "pi --load-controls f --lock --save-controls g --timeout 3",
        "pi --set A=1 --get A --settle 2",
    };
    static const char *const with_sinks[] = { "pi --set A=1 --null --frames 3",
                                              "pi --load-controls f --save d other", "pi" };
    for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++) {
        assert_int_equal(read_line(&options, alone[i], &error), 0);
        assert_true(options_want_control(&options));
    }
    for (size_t i = 0; i < sizeof(with_sinks) / sizeof(with_sinks[0]); i++) {
        assert_int_equal(read_line(&options, with_sinks[i], &error), 0);
        assert_false(options_want_control(&options));
    }
    assert_int_equal(read_line(&options, alone[2], &error), 0);
    assert_int_equal(options.set.count, 2);
    assert_string_equal(options.set.items[1], "B=2,3");
}

static void help_goes_first(void **state)
{
    (void)state;
    static const char *const lines[] = { "--help", "-h", "--help --lossless --live", "pi: --help",
                                         "-h --name=x" };
    struct host_options options;
    struct error error;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_int_equal(read_line(&options, lines[i], &error), 0);
        assert_true(options.help && !options.version);
    }
    assert_int_equal(read_line(&options, "-V", &error), 0);
    assert_true(options.version);
    assert_int_equal(read_line(&options, "--version", &error), 0);
    assert_true(options.version && !options.help);
}

/* Each option is there, with its default, and each exit code, once. */
static void help_tells_all(void **state)
{
    (void)state;
    char *text = NULL, wanted[64];
    size_t size;
    FILE *out = open_memstream(&text, &size);
    options_help(&host_option_table, out);
    fclose(out);
    for (size_t i = 0; i < host_option_table.count; i++) {
        const struct option_spec *spec = &host_option_table.specs[i];
        if (spec->kind == OPTION_HEADING)
            continue;
        snprintf(wanted, sizeof(wanted), "--%s", spec->name);
        assert_non_null(strstr(text, wanted));
    }
    const char *codes = strstr(text, "Exit codes: ");
    assert_non_null(codes);
    for (char code = '0'; code <= '8'; code++) {
        const char *first = strchr(codes, code);
        assert_non_null(first);
        assert_int_equal(first[1], ' ');
        assert_null(strchr(first + 1, code));
    }
    assert_null(strchr(codes, '9'));
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        assert_in_range(strcspn(line, "\n"), 0, 100);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(every_default_is_a_good_value),
        cmocka_unit_test(values),
        cmocka_unit_test(addresses),
        cmocka_unit_test(folders_with_odd_names),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(controls),
        cmocka_unit_test(help_goes_first),
        cmocka_unit_test(help_tells_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
