/*
 * A change as it is made of what was read: what the camera is given, what was named, and what can't
 * be set.
 */
#include "device/stream/change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "camera_controls.h"
#include "device/controls/assignments.h"

static const struct change_request request = { .request = 7, .by = "studio" };

/* What comes of a text; the caller frees it. */
static struct change *create(const char *text, enum wire_changed_status status)
{
    static struct assignments read;
    struct control_table table = { .items = NULL };
    camera_controls_fill(&table);
    camera_controls_add_exposure_mode(&table);
    int result = assignments_read(&read, text, &table, ASSIGNMENTS_CLAMP);
    assert_int_equal(result != 0, status == WIRE_CHANGED_REJECTED);
    struct change *change = change_create(&request, status, "", &read);
    assert_non_null(change);
    assert_int_equal(change->request, 7);
    assert_int_equal(change->status, status);
    assert_int_equal(change->decided, status != WIRE_CHANGED_DONE);
    assert_string_equal(change->by, "studio");
    control_table_clear(&table);
    return change;
}

static void what_is_set_and_what_goes_with_it(void **state)
{
    (void)state;
    struct change *change = create("ExposureTime=5000,Brightness=9", WIRE_CHANGED_DONE);
    assert_int_equal(change->count, 3);
    const struct change_item *item = &change->items[0];
    assert_string_equal(item->name, "ExposureTimeMode");
    assert_false(item->named || item->limited);
    assert_true(item->asked.int32[0] == 1 && item->given.int32[0] == 1);
    item = &change->items[1];
    assert_string_equal(item->name, "ExposureTime");
    assert_true(item->named && !item->limited);
    assert_int_equal(item->result, WIRE_SET_OK);
    item = &change->items[2];
    assert_string_equal(item->name, "Brightness");
    assert_true(item->named && item->limited);
    assert_int_equal(item->result, WIRE_SET_CLAMPED);
    assert_true(item->asked.number[0] == 9 && item->given.number[0] == 1);
    assert_string_equal(item->why, "the range is -1 to 1");
    free(change);
}

/* It is named, and gives the camera nothing itself. */
static void what_is_given_back_by_its_mode(void **state)
{
    (void)state;
    struct change *change = create("ExposureTime=auto", WIRE_CHANGED_DONE);
    assert_int_equal(change->count, 2);
    assert_string_equal(change->items[0].name, "ExposureTimeMode");
    assert_int_equal(change->items[0].given.int32[0], 0);
    assert_false(change_item_is_given_back(&change->items[0]));
    assert_string_equal(change->items[1].name, "ExposureTime");
    assert_int_equal(change->items[1].given.type, VALUE_NONE);
    assert_true(change_item_is_given_back(&change->items[1]));
    free(change);
}

static void what_can_not_be_set(void **state)
{
    (void)state;
    struct change *change = create("Brightness=0.5,Nonsense=7,Contrast=x", WIRE_CHANGED_REJECTED);
    static const struct {
        const char *name;
        unsigned result;
    } items[] = { { "Brightness", WIRE_SET_UNSET },
                  { "Nonsense", WIRE_SET_UNKNOWN },
                  { "Contrast", WIRE_SET_BAD } };
    assert_int_equal(change->count, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_string_equal(change->items[i].name, items[i].name);
        assert_int_equal(change->items[i].result, items[i].result);
        assert_int_equal(change->items[i].given.type, VALUE_NONE);
        assert_true(change->items[i].named);
        assert_int_equal(change->items[i].why[0] == '\0', i == 0);
    }
    free(change);
}

/* They are cut between characters. */
static void long_texts(void **state)
{
    (void)state;
    char by[300], text[600];
    for (unsigned odd = 0; odd < 2; odd++) {
        memset(by, 'b', sizeof(by));
        memset(text, 't', sizeof(text));
        for (size_t i = odd; i + 2 < sizeof(by); i += 2)
            memcpy(by + i, "µ", 2);
        for (size_t i = odd; i + 2 < sizeof(text); i += 2)
            memcpy(text + i, "µ", 2);
        by[sizeof(by) - 1] = text[sizeof(text) - 1] = '\0';
        const struct change_request cut = { .by = by };
        struct change *change = change_create(&cut, WIRE_CHANGED_BUSY, text, NULL);
        assert_non_null(change);
        assert_int_equal(change->count, 0);
        assert_int_equal(strlen(change->by), WIRE_TEXT_MAX - odd);
        assert_int_equal(strlen(change->text), WIRE_BLOB_TEXT_MAX - odd);
        free(change);
    }
}

static void what_is_visible(void **state)
{
    (void)state;
    struct change *change = create("Brightness=0.5,Contrast=2", WIRE_CHANGED_DONE);
    for (unsigned result = WIRE_SET_OK; result <= WIRE_SET_UNREPORTED; result++) {
        bool visible =
            result == WIRE_SET_OK || result == WIRE_SET_CLAMPED || result == WIRE_SET_UNREPORTED;
        for (unsigned i = 0; i < 2; i++) {
            change->items[i].result = (uint8_t)result;
            change->items[1 - i].result = WIRE_SET_IGNORED;
            change->status = WIRE_CHANGED_DONE;
            assert_int_equal(change_is_visible(change), visible);
            change->status = WIRE_CHANGED_LOST;
            assert_false(change_is_visible(change));
        }
    }
    change->status = WIRE_CHANGED_DONE;
    change->count = 0;
    assert_false(change_is_visible(change));
    free(change);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_set_and_what_goes_with_it),
        cmocka_unit_test(what_is_given_back_by_its_mode),
        cmocka_unit_test(what_can_not_be_set),
        cmocka_unit_test(long_texts),
        cmocka_unit_test(what_is_visible),
    };
    return cmocka_run_group_tests_name("change", tests, NULL, NULL);
}
