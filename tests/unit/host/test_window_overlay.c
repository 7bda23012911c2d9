/*
 * How a text is broken into the lines that the window shows.
 */
#include "host/sinks/window/overlay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The lines, each ended by '|'. */
static void check(const char *text, unsigned columns, const char *wanted)
{
    char lines[OVERLAY_LINES][OVERLAY_LINE_MAX], seen[2048] = "";
    unsigned count = overlay_wrap(text, columns, lines);
    assert_true(count <= OVERLAY_LINES);
    for (unsigned i = 0; i < count; i++) {
        assert_true(strlen(lines[i]) <= columns);
        strcat(strcat(seen, lines[i]), "|");
    }
    assert_string_equal(seen, wanted);
}

static void lines_are_broken_at_spaces(void **state)
{
    (void)state;
    check("", 10, "");
    check("no signal", 10, "no signal|");
    check("no signal", 9, "no signal|");
    check("no signal for 3 s", 9, "no signal|for 3 s|");
    check("no signal for 3 s", 10, "no signal|for 3 s|");
    check("no signal for 3 s\nconnecting", 20, "no signal for 3 s|connecting|");
    check("no signal for 3 s\n", 20, "no signal for 3 s|");
    check("\nx", 20, "|x|");
}

static void words_that_are_too_long_are_cut(void **state)
{
    (void)state;
    check("unix:/some/where", 5, "unix:|/some|/wher|e|");
    check("to unix:/some/where", 5, "to|unix:|/some|/wher|e|");
    check("abc", 1, "a|b|c|");
    check("a b", 1, "a|b|");
    check("0123456789", 1, "0|1|2|3|4|5|6|7|");
}

/* One character, however many bytes it has; its first byte stands for it. */
static void characters_are_not_bytes(void **state)
{
    (void)state;
    check("K\xc3\xbc"
          "che",
          5,
          "K\xc3"
          "che|");
    check("\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 2, "\xe2\xe2|\xe2|");
}

static void no_line_is_longer_than_its_buffer(void **state)
{
    (void)state;
    char text[1000], lines[OVERLAY_LINES][OVERLAY_LINE_MAX];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(overlay_wrap(text, 5000, lines), OVERLAY_LINES);
    for (unsigned i = 0; i < OVERLAY_LINES - 1; i++)
        assert_int_equal(strlen(lines[i]), OVERLAY_LINE_MAX - 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_broken_at_spaces),
        cmocka_unit_test(words_that_are_too_long_are_cut),
        cmocka_unit_test(characters_are_not_bytes),
        cmocka_unit_test(no_line_is_longer_than_its_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
