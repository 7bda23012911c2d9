/*
 * What the window's title and its labels say.
 */
#include "host/sinks/window/title.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct window_status good = { .fps = 29.94, .latency_ms = 41.2, .dropped = 3 };
static const struct window_status empty = { .latency_ms = -1 };
static const struct window_status noted = { .latency_ms = -1,
                                            .dropped = 4,
                                            .note = "connecting to pi:7484" };

static const struct title_stream front = { "front", 1920, 1080, &good, 1 };
static const struct title_stream rear = { "rear", 0, 0, &empty, 1 };
static const struct title_stream top = { "top", 640, 480, &noted, 1 };

static void assert_title(const struct title_stream *streams, unsigned count, bool frozen,
                         const char *expected)
{
    char title[TITLE_MAX];
    title_write(title, streams, count, frozen);
    assert_string_equal(title, expected);
}

static void of_one_stream(void **state)
{
    (void)state;
    assert_title(&front, 1, false, "pitether front - 1920x1080 - 29.9 fps - 41 ms - 3 dropped");
    assert_title(&rear, 1, false, "pitether rear");
    assert_title(&top, 1, true,
                 "pitether top - 640x480 - 0.0 fps - 4 dropped - frozen - connecting to pi:7484");
}

static void of_several(void **state)
{
    (void)state;
    const struct title_stream all[] = { front, rear, top };
    assert_title(all, 3, false,
                 "pitether front 29.9 fps 41 ms, rear, top: connecting to pi:7484 - 7 dropped");
    assert_title(all, 2, true, "pitether front 29.9 fps 41 ms, rear - 3 dropped - frozen");
    assert_title(all + 1, 1, false, "pitether rear");
}

static void assert_label(const struct title_stream *stream, unsigned number, const char *expected)
{
    char label[LABEL_MAX];
    title_label(label, stream, number);
    assert_string_equal(label, expected);
}

static void labels(void **state)
{
    (void)state;
    assert_label(&front, 1, "1 front - 29.9 fps - 41 ms");
    assert_label(&rear, 2, "2 rear");
    assert_label(&rear, 0, "rear");
}

/* Cut, but not within a character. */
static void long_names_are_cut(void **state)
{
    (void)state;
    char name[TITLE_MAX], title[TITLE_MAX], label[LABEL_MAX];
    for (size_t i = 0; i < sizeof(name) - 2; i += 2)
        memcpy(name + i, "\xc3\xbc", 3);
    struct title_stream streams[2] = { { name, 0, 0, &empty, 1 }, { name, 0, 0, &empty, 1 } };
    title_write(title, streams, 2, true);
    assert_memory_equal(title, "pitether ", 9);
    assert_in_range(strlen(title), TITLE_MAX - 3, TITLE_MAX - 1);
    assert_int_equal((unsigned char)title[strlen(title) - 1], 0xbc);
    title_label(label, streams, 0);
    assert_in_range(strlen(label), LABEL_MAX - 3, LABEL_MAX - 1);
    assert_int_equal((unsigned char)label[strlen(label) - 1], 0xbc);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_one_stream),
        cmocka_unit_test(of_several),
        cmocka_unit_test(labels),
        cmocka_unit_test(long_names_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
