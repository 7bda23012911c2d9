/*
 * --save-controls, --load-controls and --lock: what they write, and what they read of it.
 */
#include "view_fixture.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/controls/assignments.h"
#include "host/controls/lock.h"
#include "host/controls/profile.h"

struct fixture {
    struct control_view view;
    struct frame_pool *pool;
    char folder[32], path[64];
};

static int set_up(void **state)
{
    struct fixture *fixture = *state = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    fixture->pool = frame_pool_create(2, SIZE_MAX);
    assert_non_null(fixture->pool);
    strcpy(fixture->folder, "/tmp/pitether-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    sprintf(fixture->path, "%s/profile", fixture->folder);
    view_fill(&fixture->view);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    unlink(fixture->path);
    rmdir(fixture->folder); /* nothing else is left in it */
    control_view_clear(&fixture->view);
    frame_pool_destroy(fixture->pool);
    free(fixture);
    return 0;
}

static void write_file(struct fixture *fixture, const char *text, size_t size)
{
    FILE *file = fopen(fixture->path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void check_read(struct fixture *fixture, const char *file, const char *wanted)
{
    char text[ASSIGNMENTS_MAX + 1];
    struct error error;
    write_file(fixture, file, strlen(file));
    if (profile_read(fixture->path, text, &error))
        fail_msg("%s", error.text);
    assert_string_equal(text, wanted);
}

static void check_rejected(struct fixture *fixture, const char *file, size_t size, const char *why)
{
    char text[ASSIGNMENTS_MAX + 1];
    struct error error;
    write_file(fixture, file, size);
    assert_int_equal(profile_read(fixture->path, text, &error), -EINVAL);
    if (!strstr(error.text, why))
        fail_msg("\"%s\" instead of \"%s\"", error.text, why);
    assert_non_null(strstr(error.text, fixture->path));
}

static void what_is_set_is_written_and_read(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    char text[ASSIGNMENTS_MAX + 1];
    struct stat status;
    fixture->view.controls[1].set = int_value(2);
    fixture->view.controls[2].set =
        (struct pitether_value){ PITETHER_VALUE_FLOAT, true, 2, .number = { 1.8f, 1.5f } };
    fixture->view.controls[3].set = int_value(1);               /* which can't be set */
    view_add(&fixture->view, "Contrast", PITETHER_VALUE_FLOAT); /* of which nothing is set */
    write_file(fixture, "an older one", 12);
    assert_int_equal(profile_write(fixture->path, &fixture->view, &error), 3);
    assert_int_equal(profile_read(fixture->path, text, &error), 0);
    assert_string_equal(text, "ExposureTime=9000,AfMode=AfModeContinuous,ColourGains=1.8,1.5");
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_true(status.st_size > (off_t)strlen("# imx708"));
}

static void nowhere_to_write(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    char path[96];
    snprintf(path, sizeof(path), "%s/none/profile", fixture->folder);
    assert_int_equal(profile_write(path, &fixture->view, &error), -ENOENT);
    assert_non_null(strstr(error.text, path));
    assert_int_equal(profile_write("/dev/null/", &fixture->view, &error), -ENOTDIR);
    snprintf(path, sizeof(path), "%s/", fixture->folder);
    assert_int_equal(profile_write(path, &fixture->view, &error), -EISDIR);
    /* A folder in its place: the temporary file goes again, or the folder would not be empty. */
    assert_int_equal(mkdir(fixture->path, 0700), 0);
    assert_int_equal(profile_write(fixture->path, &fixture->view, &error), -EISDIR);
    assert_int_equal(rmdir(fixture->path), 0);
}

static void lines_as_people_write_them(void **state)
{
    struct fixture *fixture = *state;
    check_read(fixture, "# comment\n\n  ExposureTime=9000  \r\n\tColourGains =\t1.8, 1.5\n#x\nA=b",
               "ExposureTime=9000,ColourGains=1.8, 1.5,A=b");
    check_read(fixture, "rpi::X = 0x=1", "rpi::X=0x=1");
    check_read(fixture, "Gain=1\nAnalogueGain=2\n", "Gain=1,AnalogueGain=2");
    check_read(fixture, "AnalogueGain=2\nGain=1\nGai=3\nX=4", "AnalogueGain=2,Gain=1,Gai=3,X=4");
}

static void lines_that_are_wrong(void **state)
{
    struct fixture *fixture = *state;
#define REJECTED(text, why) check_rejected(fixture, text, sizeof(text) - 1, why)
    REJECTED("A=1\nExposureTime 9000\n", ":2: a line is NAME = VALUE: 'ExposureTime 9000'");
    REJECTED("=1", ":1: this is not the name of a control");
    REJECTED("A,B=1", ":1: this is not the name of a control");
    REJECTED("#\nA =  ", ":2: there is no value for: 'A'");
    REJECTED("A=1\n\na = 2", ":3: an earlier line has this control: 'a'");
    REJECTED("A=1\nB=1\nb = 2", ":3: an earlier line has this control: 'b'");
    REJECTED("A=\x1b[2J", ":1: the line has a byte that is not text");
    REJECTED("A=1\nB=\xff", ":2: the line has a byte that is not text");
    REJECTED("A=1\0B", ":1: the line has a byte that is not text");
    REJECTED("", "sets no control");
    REJECTED("# nothing\n", "sets no control");
    REJECTED("Contrast = 1 # much\n", ":1: a comment needs a line of its own: '1 # much'");
}

static void files_that_are_too_long(void **state)
{
    struct fixture *fixture = *state;
    char *text = malloc(PROFILE_MAX + 1), read[ASSIGNMENTS_MAX + 1];
    struct error error;
    assert_non_null(text);
    memset(text, '#', PROFILE_MAX + 1);
    check_rejected(fixture, text, PROFILE_MAX + 1, "is larger than 65536 bytes");
    memset(text, 'A', ASSIGNMENTS_MAX + 1);
    text[1] = '=';
    check_rejected(fixture, text, ASSIGNMENTS_MAX + 1, ":1: this is more than can be set at once");
    write_file(fixture, text, ASSIGNMENTS_MAX);
    assert_int_equal(profile_read(fixture->path, read, &error), 0);
    assert_int_equal(strlen(read), ASSIGNMENTS_MAX);
    unlink(fixture->path);
    assert_int_equal(profile_read(fixture->path, read, &error), -ENOENT);
    free(text);
}

/* The profile first, then --set, each as one change. */
static void a_profile_and_more(void **state)
{
    static struct control_assignments assignments;
    struct fixture *fixture = *state;
    struct error error;
    static char longest[ASSIGNMENTS_MAX + 1];
    struct host_options options = { .set = { { "A=1", "ColourGains=1,2", "B=3" }, 3 } };
    assert_int_equal(control_assignments_read(&assignments, &options, &error), 0);
    assert_int_equal(assignments.count, 1);
    assert_string_equal(assignments.items[0], "A=1,ColourGains=1,2,B=3");
    options.load_controls = fixture->path;
    assert_int_equal(control_assignments_read(&assignments, &options, &error), -ENOENT);
    write_file(fixture, "C=4", 3);
    assert_int_equal(control_assignments_read(&assignments, &options, &error), 0);
    assert_int_equal(assignments.count, 2);
    assert_string_equal(assignments.items[0], "C=4");
    memset(longest, 'A', ASSIGNMENTS_MAX);
    options.set = (struct option_list){ { longest, "B" }, 2 };
    assert_int_equal(control_assignments_read(&assignments, &options, &error), -EINVAL);
    assert_non_null(strstr(error.text, "more than 2048 bytes"));
    options.set.count = 1;
    assert_int_equal(control_assignments_read(&assignments, &options, &error), 0);
}

static void check_lock(struct fixture *fixture, const char *wanted)
{
    char text[ASSIGNMENTS_MAX + 1];
    struct error error;
    assert_int_equal(lock_assignments(&fixture->view, text, &error), 0);
    assert_string_equal(text, wanted);
}

static void what_is_reported_is_locked(void **state)
{
    struct fixture *fixture = *state;
    struct control_view *view = &fixture->view;
    view_add_frame(view, fixture->pool, 7, true);
    check_lock(fixture, "ExposureTime=9987"); /* there is no AwbEnable */
    view_add(view, "AwbEnable", PITETHER_VALUE_BOOL);
    view_add(view, "AeEnable", PITETHER_VALUE_BOOL);
    check_lock(fixture, "ExposureTime=9987,AwbEnable=false");
    view_add(view, "AnalogueGain", PITETHER_VALUE_FLOAT); /* whose value is not known */
    check_lock(fixture, "AeEnable=false,AwbEnable=false");
    view_add_frame(view, fixture->pool, 8, false);
    check_lock(fixture, "AeEnable=false,AwbEnable=false");
}

/* NaN stands for that. */
static void what_the_camera_does_not_know(void **state)
{
    static struct told told;
    struct fixture *fixture = *state;
    struct control_view *view = &fixture->view;
    memset(&told, 0, sizeof(told));
    told_add(&told, "ExposureTime", value_of_int32(9987));
    told_add(&told, "AnalogueGain", value_of_float(NAN));
    view_add(view, "AnalogueGain", PITETHER_VALUE_FLOAT);
    view_add(view, "AeEnable", PITETHER_VALUE_BOOL);
    struct pitether_frame *frame = frame_make(fixture->pool, 7, 100);
    frame_tell(frame, &told);
    view->frame = frame;
    check_lock(fixture, "AeEnable=false");
}

static void nothing_to_lock(void **state)
{
    struct fixture *fixture = *state;
    char text[ASSIGNMENTS_MAX + 1];
    struct error error;
    view_add_frame(&fixture->view, fixture->pool, 7, false);
    assert_int_equal(lock_assignments(&fixture->view, text, &error), -ENOENT);
    assert_non_null(
        strstr(error.text, "camera imx708 has no exposure, gain or white balance to set"));
    view_add_frame(&fixture->view, fixture->pool, 8, true);
    fixture->view.controls[0].settable = false; /* ExposureTime */
    assert_int_equal(lock_assignments(&fixture->view, text, &error), -ENOENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_set_is_written_and_read),
        TEST(nowhere_to_write),
        TEST(lines_as_people_write_them),
        TEST(lines_that_are_wrong),
        TEST(files_that_are_too_long),
        TEST(a_profile_and_more),
        TEST(what_is_reported_is_locked),
        TEST(what_the_camera_does_not_know),
        TEST(nothing_to_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
