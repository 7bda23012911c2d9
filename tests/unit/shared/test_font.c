/*
 * The built-in font: each character can be told from each other, and all others are a box.
 */
#include "shared/base/font.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool is_same(char one, char other)
{
    for (unsigned row = 0; row < FONT_ROWS; row++)
        if (font_row(one, row) != font_row(other, row))
            return false;
    return true;
}

static void characters_differ(void **state)
{
    (void)state;
    for (char one = ' '; one <= '~'; one++)
        for (char other = ' '; other < one; other++)
            if (is_same(one, other))
                fail_msg("%c looks like %c", one, other);
}

/* A letter as it is meant to be seen, left and right not exchanged. */
static void rows_begin_at_the_left(void **state)
{
    (void)state;
    static const unsigned letter[FONT_ROWS] = { 0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x10, 0, 0 };
    for (unsigned row = 0; row < FONT_ROWS; row++) {
        assert_int_equal(font_row('F', row), letter[row]);
        assert_int_equal(font_row(' ', row), 0);
    }
}

static void capitals_and_digits_stay_above_the_line(void **state)
{
    (void)state;
    for (const char *character = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"; *character; character++)
        for (unsigned row = FONT_DIGIT_ROWS; row < FONT_ROWS; row++)
            assert_int_equal(font_row(*character, row), 0);
    assert_int_not_equal(font_row('g', FONT_ROWS - 1), 0);
}

static void all_others_are_a_box(void **state)
{
    (void)state;
    for (int character = -128; character < 128; character++)
        if (character < ' ' || character == 127)
            assert_true(is_same((char)character, '\x7f'));
    assert_int_equal(font_row('\n', 0), 0x1f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_differ),
        cmocka_unit_test(rows_begin_at_the_left),
        cmocka_unit_test(capitals_and_digits_stay_above_the_line),
        cmocka_unit_test(all_others_are_a_box),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
