#include "tests/libcamera/pi_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/base/clock.h"

enum { WAIT_S = 20 };

struct pi_run pi = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

const struct control_info *info_of(const char *name)
{
    return control_table_find(&pi.table, name, strlen(name));
}

static const struct control_list *read_text(const char *text)
{
    struct error error;
    if (assignments_read(&pi.read, text, &pi.table, ASSIGNMENTS_REJECT) < 0) {
        assignments_explain(&pi.read, text, &error);
        fail_msg("%s", error.text);
    }
    return &pi.read.list;
}

static int begin(void *user, const struct control_table *table, struct control_list *list,
                 struct error *error)
{
    (void)user;
    (void)error;
    assert_int_equal(control_table_copy(&pi.table, table), 0);
    if (pi.first)
        *list = *read_text(pi.first);
    return 0;
}

static uint64_t take(void *user, struct control_list *list)
{
    (void)user;
    pthread_mutex_lock(&pi.lock);
    uint64_t change = pi.change;
    if (change)
        *list = pi.next;
    pi.change = 0;
    pthread_mutex_unlock(&pi.lock);
    return change;
}

static void on_frame(void *user, struct raw_frame *frame)
{
    (void)user;
    pthread_mutex_lock(&pi.lock);
    if (pi.count < FRAMES_MAX)
        pi.shots[pi.count++] =
            (struct shot){ frame->metadata, frame->applied_change, frame->shown_change };
    pthread_cond_broadcast(&pi.changed);
    pthread_mutex_unlock(&pi.lock);
    raw_frame_release(frame);
}

static void on_lost(void *user, uint32_t sequence, enum wire_drop_reason reason)
{
    (void)user;
    fprintf(stderr, "frame %u is lost: %d\n", sequence, reason);
}

static void on_end(void *user, int error)
{
    (void)user;
    fprintf(stderr, "the camera ended: %d\n", error);
    abort();
}

void start(const char *first, double fps, double min_fps)
{
    struct error error = { "" };
    struct camera_request request = {
        .width = pi.any_size ? 0 : 1296,
        .height = pi.any_size ? 0 : 972,
        .fps = fps,
        .min_fps = min_fps,
        .sensor_mode = pi.sensor_mode,
        .names = &pi.names,
    };
    struct camera_run run = {
        .sink = { .on_frame = on_frame, .on_lost = on_lost, .on_end = on_end },
        .controls = { .begin = begin, .take = take }
    };
    pi.count = 0;
    pi.first = first;
    if (camera_libcamera.open(&pi.camera, "bars", &request, &error) < 0 ||
        camera_libcamera.start(pi.camera, &run, &pi.mode, &error) < 0)
        fail_msg("%s", error.text);
}

int finish(void **state)
{
    (void)state;
    camera_libcamera.close(&pi.camera);
    control_table_clear(&pi.table);
    pi.change = 0;
    pi.sensor_mode = NULL;
    pi.any_size = false;
    unsetenv("PI_ONCE");
    unsetenv("PI_GREY");
    unsetenv("PI_SMALL");
    return 0;
}

void wait_for(unsigned count)
{
    struct timespec until = clock_timespec(clock_monotonic() + WAIT_S * CLOCK_SECOND);
    assert_true(count <= FRAMES_MAX);
    pthread_mutex_lock(&pi.lock);
    int result = 0;
    while (pi.count < count && result == 0)
        result = pthread_cond_clockwait(&pi.changed, &pi.lock, CLOCK_MONOTONIC, &until);
    pthread_mutex_unlock(&pi.lock);
    assert_int_equal(result, 0);
}

unsigned set(const char *text, uint64_t number)
{
    const struct control_list *list = read_text(text);
    pthread_mutex_lock(&pi.lock);
    pi.next = *list;
    pi.change = number;
    unsigned at = pi.count;
    pthread_mutex_unlock(&pi.lock);
    for (;; at++) {
        wait_for(at + 1);
        if (pi.shots[at].applied == number)
            return at;
        assert_true(pi.shots[at].applied < number);
    }
}

void assert_reported(unsigned shot, const char *name, const char *expected)
{
    struct value value;
    char text[VALUE_TEXT_SIZE] = "nothing";
    if (metadata_find(&pi.shots[shot].metadata, &pi.names, name, &value))
        value_format(&value, text);
    if (strcmp(text, expected) != 0)
        fail_msg("frame %u reports %s as %s instead of %s", shot, name, text, expected);
}
