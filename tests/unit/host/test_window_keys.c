/*
 * The table of keys.
 */
#include "host/sinks/window/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void no_key_means_two_things(void **state)
{
    (void)state;
    for (const struct key_row *row = keys; row->code || row->name; row++) {
        if (!row->code)
            continue;
        bool shift = row->shift == KEY_SHIFT;
        assert_ptr_equal(keys_find(row->code, shift, true), row);
        for (const struct key_row *other = row + 1; other->code || other->name; other++)
            assert_false(
                other->code == row->code &&
                (other->shift == row->shift || other->shift == KEY_ANY || row->shift == KEY_ANY));
    }
}

static void each_row_is_told_or_belongs_to_the_one_before(void **state)
{
    (void)state;
    assert_non_null(keys[0].name);
    for (const struct key_row *row = keys; row->code || row->name; row++) {
        assert_int_equal(row->name == NULL, row->text == NULL);
        if (!row->name)
            assert_int_equal(row->group, row[-1].group);
    }
}

static void keys_of_the_panel_wait_until_it_is_open(void **state)
{
    (void)state;
    assert_null(keys_find('a', false, false));
    assert_int_equal(keys_find('a', false, true)->action, INPUT_AUTO);
    assert_int_equal(keys_find('\t', false, false)->action, INPUT_PANEL);
    assert_int_equal(keys_find('e', false, false)->steps, -1);
    assert_int_equal(keys_find('e', true, false)->steps, 1);
    assert_null(keys_find('x', false, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_key_means_two_things),
        cmocka_unit_test(each_row_is_told_or_belongs_to_the_one_before),
        cmocka_unit_test(keys_of_the_panel_wait_until_it_is_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
