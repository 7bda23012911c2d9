/*
 * Y4M files replayed through the source's own interface.
 */
#include "device/camera/y4m.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device/camera/y4m_format.h"
#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { WIDTH = 18, HEIGHT = 16, FRAME_SIZE = WIDTH * HEIGHT * 3 / 2 };

static const char header_line[] = "YUV4MPEG2 W18 H16 F1000:1 Ip C420jpeg\n";

/* A file of the test's own. */
static char path[64];

static void write_file(const void *data, size_t size)
{
    strcpy(path, "y4m-test-XXXXXX.y4m");
    int fd = mkstemps(path, 4);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), size);
    close(fd);
}

/* Frames of which each is filled with its number, after a line of their own. */
static size_t make_frames(uint8_t *to, unsigned count, const char *line)
{
    size_t at = strlen(header_line);
    memcpy(to, header_line, at);
    for (unsigned i = 0; i < count; i++) {
        memcpy(to + at, line, strlen(line));
        at += strlen(line);
        memset(to + at, (int)(10 + i), FRAME_SIZE);
        at += FRAME_SIZE;
    }
    return at;
}

/* The value that fills the capture, or -1. */
static int filled_with(const struct raw_frame *capture)
{
    const struct picture *picture = &capture->picture;
    if (picture_check(picture) || !picture->limited_range)
        return -1;
    uint8_t first = *picture->planes[0].data;
    for (unsigned plane = 0; plane < 3; plane++)
        for (size_t i = 0; i < picture->planes[plane].size; i++)
            if (picture->planes[plane].data[i] != first)
                return -1;
    return first;
}

static int open_path(struct camera **camera, const char *name, unsigned width, unsigned height,
                     struct error *error)
{
    struct camera_request request = { .width = width, .height = height };
    strcpy(error->text, "(no error)");
    *camera = (struct camera *)1;
    return camera_y4m.open(camera, name, &request, error);
}

/* Replays the file until there are so many captures and ends. */
static void replay(struct recorder *recorder, unsigned captures, unsigned ends)
{
    struct camera *camera;
    struct camera_mode mode;
    struct error error;
    recorder_init(recorder, filled_with);
    struct camera_run run = { .sink = recorder_sink(recorder) };
    if (open_path(&camera, path, 0, 0, &error))
        fail_msg("%s", error.text);
    assert_int_equal(camera_y4m.start(camera, &run, &mode, &error), 0);
    assert_int_equal(mode.width, WIDTH);
    assert_int_equal(mode.height, HEIGHT);
    assert_int_equal(mode.format, PIXEL_YUV420);
    assert_true(mode.fps == 1000);
    assert_string_equal(mode.model, path);
    recorder_wait(recorder, captures, 0, ends);
    camera_y4m.stop(camera);
    recorder_check(recorder);
    camera_y4m.close(&camera);
    assert_null(camera);
    recorder_destroy(recorder);
    unlink(path);
}

/* The captures are frames 10, 11 ... 10 + count - 1, again and again. */
static void check_loop(const struct recorder *recorder, unsigned count)
{
    assert_int_equal(recorder->ends, 0);
    for (unsigned i = 0; i < recorder->captures && i < RECORDED_MAX; i++)
        assert_int_equal(recorder->marks[i], 10 + i % count);
}

static struct recorder recorder;
static uint8_t file[64 * 1024];

static void files_are_looped(void **state)
{
    (void)state;
    for (unsigned count = 1; count < 4; count++) {
        write_file(file, make_frames(file, count, count == 2 ? "FRAME Ixyz\n" : "FRAME\n"));
        replay(&recorder, 20, 0);
        check_loop(&recorder, count);
    }
}

/* The last frame is not whole: it is left out, whatever of it is missing. */
static void truncated_frames_are_left_out(void **state)
{
    (void)state;
    size_t whole = make_frames(file, 2, "FRAME\n"), more = make_frames(file, 3, "FRAME\n");
    size_t sizes[] = { whole + 6, whole + 7, more - FRAME_SIZE / 2, more - 1 };
    for (size_t i = 0; i < COUNT(sizes); i++) {
        write_file(file, sizes[i]);
        replay(&recorder, 10, 0);
        check_loop(&recorder, 2);
    }
}

/* The same with a cut in the line itself. */
static void truncated_frame_lines_are_left_out(void **state)
{
    (void)state;
    size_t whole = make_frames(file, 2, "FRAME\n");
    make_frames(file, 3, "FRAME\n");
    for (size_t more = 1; more < 6; more++) {
        write_file(file, whole + more);
        replay(&recorder, 10, 0);
        check_loop(&recorder, 2);
    }
}

static void broken_frame_lines_end_the_source(void **state)
{
    (void)state;
    size_t size = make_frames(file, 3, "FRAME\n");
    size_t third = strlen(header_line) + 2 * (6 + FRAME_SIZE);
    file[third] = 'f';
    write_file(file, size);
    replay(&recorder, 2, 1);
    assert_int_equal(recorder.captures, 2);
    assert_int_equal(recorder.ends, 1);
    assert_int_equal(recorder.end_error, -EBADMSG);
    /* No line feed within a line's length. */
    memcpy(file + third, "FRAME ", 6);
    memset(file + third + 6, 'x', FRAME_SIZE);
    size = third + 6 + 2 * Y4M_LINE_MAX;
    memset(file + third + 6, 'x', 2 * Y4M_LINE_MAX);
    write_file(file, size);
    replay(&recorder, 2, 1);
    assert_int_equal(recorder.end_error, -EBADMSG);
}

/* Too long to be kept in memory, and nearly all of it a hole. */
static void write_long_file(void)
{
    static const char header[] = "YUV4MPEG2 W4096 H4096 F1000:1 Ip C420\n";
    const off_t frame = 6 + 4096 * 4096 * 3 / 2;
    write_file(header, strlen(header));
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    for (int i = 0; i < 12; i++)
        assert_int_equal(pwrite(fd, "FRAME\n", 6, (off_t)strlen(header) + i * frame), 6);
    assert_int_equal(ftruncate(fd, (off_t)strlen(header) + 12 * frame), 0);
    close(fd);
}

/* A file that is cut to nothing while it is replayed ends the source, with no endless loop. */
static void long_files_may_shrink(void **state)
{
    (void)state;
    struct camera *camera;
    struct camera_mode mode;
    struct error error;
    write_long_file();
    recorder_init(&recorder, filled_with);
    struct camera_run run = { .sink = recorder_sink(&recorder) };
    assert_int_equal(open_path(&camera, path, 0, 0, &error), 0);
    assert_int_equal(camera_y4m.start(camera, &run, &mode, &error), 0);
    recorder_wait(&recorder, 3, 0, 0);
    assert_int_equal(truncate(path, (off_t)strlen(header_line)), 0);
    recorder_wait(&recorder, 3, 0, 1);
    camera_y4m.stop(camera);
    recorder_check(&recorder);
    assert_true(recorder.end_error < 0);
    camera_y4m.close(&camera);
    recorder_destroy(&recorder);
    unlink(path);
}

/* ... also where not one frame of it was ever read into a buffer. */
static void files_may_be_gone_before_the_start(void **state)
{
    (void)state;
    struct camera *camera;
    struct camera_mode mode;
    struct error error;
    write_long_file();
    recorder_init(&recorder, NULL);
    struct camera_run run = { .sink = recorder_sink(&recorder) };
    assert_int_equal(open_path(&camera, path, 0, 0, &error), 0);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(camera_y4m.start(camera, &run, &mode, &error), 0);
    recorder_wait(&recorder, 0, 0, 1);
    camera_y4m.stop(camera);
    recorder_check(&recorder);
    assert_int_equal(recorder.captures, 0);
    assert_true(recorder.end_error < 0);
    camera_y4m.close(&camera);
    recorder_destroy(&recorder);
    unlink(path);
}

/* What is kept in memory needs its file no more. */
static void short_files_may_vanish(void **state)
{
    (void)state;
    struct camera *camera;
    struct camera_mode mode;
    struct error error;
    write_file(file, make_frames(file, 3, "FRAME\n"));
    recorder_init(&recorder, filled_with);
    struct camera_run run = { .sink = recorder_sink(&recorder) };
    assert_int_equal(open_path(&camera, path, 0, 0, &error), 0);
    assert_int_equal(truncate(path, 0), 0);
    unlink(path);
    assert_int_equal(camera_y4m.start(camera, &run, &mode, &error), 0);
    recorder_wait(&recorder, 7, 0, 0);
    camera_y4m.stop(camera);
    recorder_check(&recorder);
    camera_y4m.close(&camera);
    recorder_destroy(&recorder);
}

static int refuse(const char *name, unsigned width, unsigned height, const char *word)
{
    struct camera *camera;
    struct error error;
    int result = open_path(&camera, name, width, height, &error);
    if (result >= 0)
        fail_msg("%s was taken", name);
    assert_null(camera);
    assert_non_null(strstr(error.text, name));
    if (!strstr(error.text, word))
        fail_msg("'%s' is not in '%s'", word, error.text);
    assert_null(strchr(error.text, '\n'));
    return result;
}

static void refuse_content(const void *data, size_t size, const char *word)
{
    write_file(data, size);
    assert_int_equal(refuse(path, 0, 0, word), -EINVAL);
    unlink(path);
}

static void unusable_files_are_refused(void **state)
{
    (void)state;
    assert_int_equal(refuse("no/such/file.y4m", 0, 0, "No such file"), -ENOENT);
    strcpy(path, "y4m-test-XXXXXX");
    assert_non_null(mkdtemp(path));
    assert_int_equal(refuse(path, 0, 0, "not a regular file"), -EINVAL);
    rmdir(path);
    /* A FIFO, which must not be waited for. */
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(refuse(path, 0, 0, "not a regular file"), -EINVAL);
    unlink(path);
    refuse_content("", 0, "no header line");
    refuse_content("YUV4MPEG2 W18 H16", 17, "no header line");
    refuse_content("\n", 1, "YUV4MPEG2");
    refuse_content("YUV4MPEG2 W18 H16 C411\n", 23, "C411");
    refuse_content(header_line, strlen(header_line), "no whole frame");
    size_t size = make_frames(file, 1, "FRAME\n");
    refuse_content(file, size - 1, "no whole frame");
    refuse_content(file, strlen(header_line) + 6, "no whole frame");
    memset(file, 'x', 2000);
    refuse_content(file, 2000, "no header line");
}

static void sizes_are_not_scaled(void **state)
{
    (void)state;
    struct camera *camera;
    struct error error;
    write_file(file, make_frames(file, 1, "FRAME\n"));
    assert_int_equal(refuse(path, WIDTH + 2, HEIGHT, "20x16"), -EINVAL);
    assert_int_equal(refuse(path, WIDTH, HEIGHT + 2, "18x18"), -EINVAL);
    assert_int_equal(open_path(&camera, path, WIDTH, HEIGHT, &error), 0);
    camera_y4m.close(&camera);
    camera_y4m.close(&camera);
    camera_y4m.close(NULL);
    unlink(path);
}

/* The file's name becomes the model: cut to what a TLV holds, in whole characters, and with nothing
 * in it that would forge a line of the log. */
static void names_become_models_fit_for_a_log(void **state)
{
    (void)state;
    char name[128] = "";
    struct camera *camera;
    struct camera_mode mode;
    struct error error;
    /* 2 bytes, then 3 each: the 64th byte is the second one of a character. */
    strcat(name, "a\n");
    for (int i = 0; i < 25; i++)
        strcat(name, "\xE2\x82\xAC");
    strcat(name, ".y4m");
    write_file(file, make_frames(file, 1, "FRAME\n"));
    assert_int_equal(rename(path, name), 0);
    recorder_init(&recorder, NULL);
    struct camera_run run = { .sink = recorder_sink(&recorder) };
    assert_int_equal(open_path(&camera, name, 0, 0, &error), 0);
    assert_int_equal(camera_y4m.start(camera, &run, &mode, &error), 0);
    camera_y4m.close(&camera);
    recorder_destroy(&recorder);
    unlink(name);
    assert_memory_equal(mode.model, "a?\xE2", 3);
    /* What goes out as the STREAM message's model. */
    struct wire_message message = { .type = WIRE_STREAM };
    uint8_t out[WIRE_ENCODED_MAX];
    memcpy(message.stream.model, mode.model, sizeof(mode.model));
    size_t size = wire_encode(&message, out);
    assert_memory_equal(out + size - 3, "\xE2\x82\xAC", 3);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_looped),
        cmocka_unit_test(truncated_frames_are_left_out),
        cmocka_unit_test(truncated_frame_lines_are_left_out),
        cmocka_unit_test(broken_frame_lines_end_the_source),
        cmocka_unit_test(long_files_may_shrink),
        cmocka_unit_test(files_may_be_gone_before_the_start),
        cmocka_unit_test(short_files_may_vanish),
        cmocka_unit_test(unusable_files_are_refused),
        cmocka_unit_test(sizes_are_not_scaled),
        cmocka_unit_test(names_become_models_fit_for_a_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
