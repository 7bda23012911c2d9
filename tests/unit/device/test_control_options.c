/*
 * Options of controls and of the sensor, from the command line and a file to the text that a camera
 * is set by, and how a camera's controls are listed.
 */
#include "device/control_options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "device/control_listing.h"
#include "pi_controls.h"

/* Reads words that are separated by blanks, after --source. */
static int read_line(const char *line, struct device_options *options, struct error *error)
{
    static char copy[512];
    char *argv[24] = { "pitetherd" };
    int argc = 1;
    snprintf(copy, sizeof(copy), "%s", line);
    for (char *save, *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
        argv[argc++] = word;
    strcpy(error->text, "(no error)");
    return device_options_read(options, argc, argv, error);
}

static void sets(const char *line, const char *expected)
{
    struct device_options options;
    struct error error;
    char *text;
    if (read_line(line, &options, &error))
        fail_msg("%s: %s", line, error.text);
    assert_int_equal(control_options_text(&options.streams[0], &text), 0);
    if (expected)
        assert_non_null(text);
    if (expected ? strcmp(text, expected) != 0 : text != NULL)
        fail_msg("'%s' sets '%s'", line, text);
    free(text);
}

static void rejects(const char *line, const char *why)
{
    struct device_options options;
    struct error error;
    assert_int_equal(read_line(line, &options, &error), -EINVAL);
    if (!strstr(error.text, why))
        fail_msg("'%s': '%s' is not in '%s'", line, why, error.text);
}

static void every_alias_is_an_option(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ALIAS_COUNT; i++) {
        char line[64], expected[64];
        snprintf(line, sizeof(line), "--%s=1,2", control_aliases[i].name);
        snprintf(expected, sizeof(expected), "%s=1,2", control_aliases[i].name);
        sets(line, expected);
    }
}

static void all_make_one_text(void **state)
{
    (void)state;
    sets("", NULL);
    sets("--gain 2 --shutter 1/100 --control AfMode=auto --control Contrast=2",
         "shutter=1/100,gain=2,AfMode=auto,Contrast=2");
    sets("--control A=1 --control B=2 --control a=3", "B=2,a=3");
    sets("--control A=1 --control AB=2", "A=1,AB=2");
    sets("--hdr off", "hdr=off");
    sets("--hdr sensor", NULL);
    sets("--hdr SENSOR --ev 1", "ev=1");
}

static void what_cannot_be_read(void **state)
{
    (void)state;
    rejects("--control x", "--control: 'x' is not NAME=VALUE");
    rejects("--control =x", "--control: '=x' is not NAME=VALUE");
    rejects("--control x=", "--control: 'x=' is not NAME=VALUE");
    rejects("--shutter 1ms,gain=2", "--shutter: '1ms,gain=2' is not a value");
    rejects("--hdr sensor --source pattern", "--hdr: sensor: only a camera's sensor");
    rejects("--full-view --source x.y4m", "--full-view: a file has no sensor");
    rejects("--mode 640:480 --source x.y4m", "--mode: a file has no sensor");
    rejects("--tuning-file /dev/null --source pattern", "--tuning-file: no stream has a camera");
    rejects("--tuning-file /no/such/file", "--tuning-file: can't read /no/such/file: No such file");
    rejects("--fps 30-5", "--fps: '30-5' is not a number from 0.01 to 10000, or two as MIN-MAX");
}

static void modes_of_the_sensor(void **state)
{
    (void)state;
    static const char *const good[][2] = { { "2304:1296", "2304:1296" },
                                           { "2304:1296:10", "2304:1296:10" },
                                           { "4056:3040:12:P", "4056:3040:12" },
                                           { "4056:3040:12:u", "4056:3040:12" } };
    static const char *const bad[] = {
        "2304",          "2304:",          "2304x1296",  ":1296", "a:b",      "2304:1296:",
        "2304:1296:10:", "2304:1296:10:X", "2304:1296x", "0:1",   "123456:1", "1:1:1:P:"
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        char line[64], mode[24];
        struct device_options options;
        struct error error;
        snprintf(line, sizeof(line), "--mode %s", good[i][0]);
        assert_int_equal(read_line(line, &options, &error), 0);
        assert_ptr_equal(control_options_mode(&options.streams[0], mode, sizeof(mode)), mode);
        assert_string_equal(mode, good[i][1]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char line[64];
        snprintf(line, sizeof(line), "--mode %s", bad[i]);
        rejects(line, "--mode: '");
    }
    struct device_options options;
    struct error error;
    char mode[24];
    assert_int_equal(read_line("", &options, &error), 0);
    assert_null(control_options_mode(&options.streams[0], mode, sizeof(mode)));
}

/* What stands before the sections holds for all of them, unless they set it otherwise. */
static void sections_have_their_own(void **state)
{
    (void)state;
    static const char file[] = "shutter = 10ms\ncontrol = Contrast=2\nfps = 5-30\n"
                               "[front]\nsource = libcamera:0\ncontrol = contrast=3\n"
                               "[rear]\nsource = libcamera:1\nshutter = auto\n"
                               "[clip]\nsource = a.y4m\nfull-view = yes\n";
    char path[] = "control-options-XXXXXX", line[64], *text;
    struct device_options options;
    struct error error;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, file, strlen(file)), strlen(file));
    close(fd);
    snprintf(line, sizeof(line), "--config %s", path);
    assert_int_equal(read_line(line, &options, &error), -EINVAL);
    assert_non_null(strstr(error.text, ":10: [clip]: full-view: a file has no sensor"));
    assert_int_equal(truncate(path, (off_t)(strstr(file, "[clip]") - file)), 0);
    assert_int_equal(read_line(line, &options, &error), 0);
    unlink(path);
    assert_int_equal(control_options_text(&options.streams[0], &text), 0);
    assert_string_equal(text, "shutter=10ms,contrast=3");
    free(text);
    assert_int_equal(control_options_text(&options.streams[1], &text), 0);
    assert_string_equal(text, "shutter=auto,Contrast=2");
    free(text);
    assert_true(options.streams[1].fps.min == 5 && options.streams[1].fps.max == 30);
}

static void controls_are_listed(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "    control                    type          default         values\n",
        "    AeEnable                   bool          true            true, false\n",
        "    ExposureTime               int32         20000           26 to 66666 µs\n",
        "    AeMeteringMode             int32         CentreWeighted  CentreWeighted, Spot, "
        "Matrix, Custom\n",
        "    ScalerCrop                 rectangle     0,0,4608,2592   within 0,0,4608,2592, at "
        "least 64x64\n",
        "    rpi::ScalerCrops           rectangle[]   -               within 0,0,4608,2592\n",
        "    FrameDurationLimits        int64[2]      69669           69669 to 220535845 µs\n",
        "    Saturation                 float         1               0 to 32 (can't be set)\n",
    };
    struct control_table table;
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    pi_controls(&table);
    pi_control(&table, "Saturation")->settable = false;
    control_listing_write(&table, out);
    assert_int_equal(fclose(out), 0);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (!strstr(text, lines[i]))
            fail_msg("'%s' is not in '%s'", lines[i], text);
    control_table_clear(&table);
    free(text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_alias_is_an_option), cmocka_unit_test(all_make_one_text),
        cmocka_unit_test(what_cannot_be_read),      cmocka_unit_test(modes_of_the_sensor),
        cmocka_unit_test(sections_have_their_own),  cmocka_unit_test(controls_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
