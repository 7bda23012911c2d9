/*
 * Tables and lists of controls, and the words that a control may be set to.
 */
#include "shared/controls/control_table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "shared/controls/control_list.h"
#include "shared/controls/enumerators.h"

static struct control_info *add(struct control_table *table, const char *name)
{
    struct control_info *info = control_table_add(table, name);
    assert_non_null(info);
    return info;
}

static struct control_info *find(const struct control_table *table, const char *name)
{
    return control_table_find(table, name, strlen(name));
}

static void a_table_has_a_limit(void **state)
{
    (void)state;
    struct control_table table = { .items = NULL }, copy;
    char name[16];
    for (unsigned i = 0; i < CONTROLS_MAX; i++) {
        snprintf(name, sizeof(name), "Control%u", i);
        struct control_info *info = add(&table, name);
        assert_ptr_equal(info, &table.items[i]);
        assert_int_equal(info->type, VALUE_NONE);
        info->size = (uint16_t)i;
    }
    assert_null(control_table_add(&table, "More"));
    assert_int_equal(table.count, CONTROLS_MAX);
    assert_int_equal(find(&table, "control127")->size, 127);
    assert_int_equal(control_table_copy(&copy, &table), 0);
    assert_ptr_not_equal(copy.items, table.items);
    assert_int_equal(copy.count, CONTROLS_MAX);
    assert_memory_equal(copy.items, table.items, CONTROLS_MAX * sizeof(table.items[0]));
    control_table_clear(&table);
    assert_int_equal(table.count, 0);
    assert_null(control_table_add(&copy, "More"));
    control_table_clear(&copy);
    copy.count = 7;
    assert_int_equal(control_table_copy(&copy, &table), 0);
    assert_int_equal(copy.count, 0);
    add(&copy, "One");
    control_table_clear(&copy);
}

static void names_may_leave_the_vendor_out(void **state)
{
    (void)state;
    struct control_table table = { .items = NULL };
    add(&table, "rpi::Sync");
    add(&table, "draft::Mode");
    add(&table, "rpi::Mode");
    add(&table, "Gain");
    add(&table, "rpi::Gain");
    assert_string_equal(find(&table, "SYNC")->name, "rpi::Sync");
    assert_string_equal(find(&table, "RPI::sync")->name, "rpi::Sync");
    assert_null(find(&table, "Mode")); /* which one? */
    assert_string_equal(find(&table, "draft::mode")->name, "draft::Mode");
    assert_string_equal(find(&table, "gain")->name, "Gain");
    assert_null(find(&table, "Syn"));
    assert_null(find(&table, "Sync2"));
    assert_null(find(&table, "rpi"));
    assert_string_equal(control_table_find(&table, "Sync=1", 4)->name, "rpi::Sync");
    control_table_clear(&table);
}

static void a_list_has_each_name_once(void **state)
{
    (void)state;
    static struct control_list list;
    struct value one = value_of_int32(1), two = value_of_int32(2);
    char name[16];
    list.count = 0;
    for (unsigned i = 0; i < CONTROL_LIST_MAX; i++) {
        snprintf(name, sizeof(name), "%u", i);
        assert_true(control_list_set(&list, name, &one));
    }
    assert_false(control_list_set(&list, "more", &one));
    assert_null(control_list_find(&list, "more"));
    assert_true(control_list_set(&list, "3", &two)); /* is the last one now */
    assert_int_equal(list.count, CONTROL_LIST_MAX);
    assert_string_equal(list.items[3].name, "4");
    assert_string_equal(list.items[CONTROL_LIST_MAX - 1].name, "3");
    assert_true(value_equal(&control_list_find(&list, "3")->value, &two));
    control_list_find(&list, "3")->given_back = true;
    assert_true(control_list_set(&list, "3", &two));
    assert_false(control_list_find(&list, "3")->given_back);
    control_list_remove(&list, "0");
    control_list_remove(&list, "0");
    assert_int_equal(list.count, CONTROL_LIST_MAX - 1);
    assert_string_equal(list.items[0].name, "1");
    assert_string_equal(list.items[CONTROL_LIST_MAX - 2].name, "3");
    assert_true(control_list_set(&list, "1", &list.items[CONTROL_LIST_MAX - 2].value));
    assert_true(value_equal(&control_list_find(&list, "1")->value, &two));
}

/* Words with the values 10, 11, ... */
static struct control_info words(const char *name, const char *const *words)
{
    struct control_info info = { .type = VALUE_INT32 };
    snprintf(info.name, sizeof(info.name), "%s", name);
    for (; words[info.enumerator_count]; info.enumerator_count++) {
        struct control_enumerator *to = &info.enumerators[info.enumerator_count];
        to->value = 10 + info.enumerator_count;
        snprintf(to->name, sizeof(to->name), "%s", words[info.enumerator_count]);
    }
    return info;
}

static void words_without_what_they_have_in_front(void **state)
{
    (void)state;
    static const struct {
        const char *name, *words[4], *shown[4];
    } cases[] = {
        { "AeMeteringMode",
          { "MeteringSpot", "MeteringMatrix", NULL },
          { "Spot", "Matrix", NULL } },
        { "AwbMode", { "AwbAuto", "AwbAutumn", NULL }, { "Auto", "Autumn", NULL } },
        { "Sync", { "Off", "On", NULL }, { "Off", "On", NULL } },
        { "Rate", { "Rate50", "Rate60", NULL }, { "50", "60", NULL } },
        { "Range", { "AfRangeFull", "AfRangeFullMacro", NULL }, { "Full", "FullMacro", NULL } },
        { "AfSpeed", { "AfSpeedNormal", NULL }, { "Normal", NULL } },
        { "rpi::AfSpeed", { "AfSpeedNormal", NULL }, { "Normal", NULL } },
        { "AfSpeed", { "AfSpeedy", NULL }, { "AfSpeedy", NULL } },
        { "AfSpeed", { "Normal", NULL }, { "Normal", NULL } },
        { "none", { NULL }, { NULL } },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct control_info info = words(cases[i].name, cases[i].words);
        int32_t value;
        for (int k = 0; cases[i].shown[k]; k++) {
            assert_string_equal(enumerator_short_name(&info, 10 + k), cases[i].shown[k]);
            assert_string_equal(control_word(&info, 10 + k), cases[i].words[k]);
            assert_int_equal(enumerator_read(&info, cases[i].shown[k], &value), 0);
            assert_int_equal(value, 10 + k);
            assert_int_equal(enumerator_read(&info, cases[i].words[k], &value), 0);
            assert_int_equal(value, 10 + k);
        }
        assert_null(enumerator_short_name(&info, 9));
        assert_null(enumerator_short_name(&info, 10 + info.enumerator_count));
        assert_int_equal(enumerator_read(&info, "", &value), -EINVAL);
    }
}

static void words_as_people_write_them(void **state)
{
    (void)state;
    const char *const names[] = { "MeteringCentreWeighted", "MeteringSpot", NULL };
    static const char *const good[] = { "centreweighted", "Centre-Weighted", "centre_weighted",
                                        "CENTRE WEIGHTED", "metering-centre-weighted-" };
    static const char *const bad[] = { "centre", "centreweighteds", "eringcentreweighted", "?" };
    struct control_info info = words("AeMeteringMode", names);
    int32_t value;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_int_equal(enumerator_read(&info, good[i], &value), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(enumerator_read(&info, bad[i], &value), -EINVAL);
}

/* At each size it is whole, or ends with "...". */
static void lists_of_words_are_cut_between_words(void **state)
{
    (void)state;
    const char *const names[] = { "ModeOff", "ModeFast", "ModeBest", NULL };
    static const char *const lists[] = { "...", "Off, ...", "Off, Fast, ...", "Off, Fast, Best" };
    const struct control_info info = words("Mode", names), none = { .name = "None" };
    char text[64];
    memset(text, 'x', sizeof(text));
    enumerator_list(&none, text, sizeof(text));
    assert_string_equal(text, "");
    for (size_t size = sizeof("..."); size <= sizeof(text); size++) {
        bool listed = false;
        memset(text, 'x', sizeof(text));
        enumerator_list(&info, text, size);
        for (unsigned i = 0; i < 4; i++)
            listed |= strcmp(text, lists[i]) == 0;
        if (!listed || strlen(text) >= size)
            fail_msg("%zu: '%s'", size, text);
    }
    assert_string_equal(text, lists[3]);
    enumerator_list(&info, text, sizeof("Off, Fast, Best"));
    assert_string_equal(text, lists[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_has_a_limit),
        cmocka_unit_test(names_may_leave_the_vendor_out),
        cmocka_unit_test(a_list_has_each_name_once),
        cmocka_unit_test(words_without_what_they_have_in_front),
        cmocka_unit_test(words_as_people_write_them),
        cmocka_unit_test(lists_of_words_are_cut_between_words),
    };
    return cmocka_run_group_tests_name("control_table", tests, NULL, NULL);
}
