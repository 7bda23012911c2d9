/*
 * Lists of cameras, and which of them a stream takes, at first and again.
 */
#include "device/camera/choice.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* As on a Pi 4 with two USB cameras of one kind, one of another, and one without a name. */
static const struct camera_entry pi[] = {
    { "/base/scb/usb@0,0-1.1:1.0-046d:082d", "HD Pro Webcam C920", NULL, true, NULL },
    { "/base/scb/usb@0,0-1.2:1.0-046d:082d", "HD Pro Webcam C920", NULL, true, NULL },
    { "/base/scb/usb@0,0-1.3:1.0-0c45:6366", "Microdia Webcam", NULL, true, NULL },
    { "/base/soc/i2c0mux/i2c@1/imx708@1a", "imx708", NULL, false, NULL },
    { "/base/soc/i2c0mux/i2c@2/unnamed@10", NULL, NULL, false, NULL },
};

static const struct camera_identity nothing = { NULL, NULL, false };

static int choose(const char *argument, const struct camera_identity *before, struct error *error)
{
    strcpy(error->text, "(untouched)");
    int found = camera_choose(pi, COUNT(pi), argument, before, error);
    assert_int_equal(found >= 0, strcmp(error->text, "(untouched)") == 0);
    return found;
}

static void check(const char *argument, int expected)
{
    struct error error;
    int found = choose(argument, &nothing, &error);
    if (found != expected)
        fail_msg("'%s' gives %d, not %d", argument, found, expected);
}

static void check_failure(const char *argument, int code, const char *word)
{
    struct error error;
    assert_int_equal(choose(argument, &nothing, &error), code);
    if (!strstr(error.text, word) || !strstr(error.text, argument))
        fail_msg("'%s' is not in '%s'", word, error.text);
}

static void usb_cameras_are_known_by_their_ids(void **state)
{
    static const char *const others[] = { "",
                                          "-",
                                          "bars",
                                          "/base/soc/i2c0mux/i2c@1/imx708@1a",
                                          "\\_SB_.PC00.LNK1",
                                          "a-046d:082",
                                          "a-046d:082d1",
                                          "a-046d-082d",
                                          "a-046d:082d-" };
    (void)state;
    for (size_t i = 0; i < COUNT(pi); i++)
        assert_int_equal(camera_is_usb(pi[i].id), pi[i].usb);
    assert_true(camera_is_usb("\\_SB_.PCI0.RHUB.HS07-7:1.0-0bda:58c8"));
    for (size_t i = 0; i < COUNT(others); i++)
        assert_false(camera_is_usb(others[i]));
}

static void lists_are_sorted_by_id(void **state)
{
    (void)state;
    struct camera_entry entries[COUNT(pi)];
    for (size_t i = 0; i < COUNT(pi); i++)
        entries[i] = pi[(i * 3 + 2) % COUNT(pi)];
    camera_sort(entries, COUNT(entries));
    for (size_t i = 0; i < COUNT(pi); i++)
        assert_string_equal(entries[i].id, pi[i].id);
    camera_sort(NULL, 0);
}

static void ids_and_indexes(void **state)
{
    (void)state;
    check("0", 0);
    check("4", 4);
    check("/base/soc/i2c0mux/i2c@1/imx708@1a", 3);
    check_failure("5", -ENODEV, "3 is /base/soc/i2c0mux/i2c@1/imx708@1a (imx708)");
    check_failure("99999999999999999999999", -ENODEV, "0 is ");
    check_failure("/base/soc/i2c0mux/i2c@1/imx708@1", -ENODEV, "(unknown model)");
    check_failure("-1", -ENODEV, "0 is ");
    check_failure("imx708", -ENODEV, "0 is ");
}

/* An id may look like a number or like a model. */
static void ids_come_first(void **state)
{
    (void)state;
    static const struct camera_entry odd[] = { { "1", "a", NULL, false, NULL },
                                               { "b", "b", NULL, false, NULL },
                                               { "model=a", "c", NULL, false, NULL } };
    struct error error;
    assert_int_equal(camera_choose(odd, COUNT(odd), "1", &nothing, &error), 0);
    assert_int_equal(camera_choose(odd, COUNT(odd), "model=a", &nothing, &error), 2);
}

static void models(void **state)
{
    (void)state;
    check("model=imx708", 3);
    check("model=IMX7", 3);
    check("model=microdia webcam", 2);
    check("model=dia", 2);
    check_failure("model=imx477", -ENODEV, "3 is /base/soc/i2c0mux/i2c@1/imx708@1a (imx708)");
    check_failure("model=C920", -ENOTUNIQ, "1 is /base/scb/usb@0,0-1.2:1.0-046d:082d (HD Pro");
    check_failure("model=webcam", -ENOTUNIQ, "several");
    check_failure("model=unknown", -ENODEV, "unknown model");
    check_failure("model=imx7080", -ENODEV, "imx708");
}

static void without_an_argument_the_first_that_is_built_in(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(camera_choose(pi, COUNT(pi), NULL, &nothing, &error), 3);
    assert_int_equal(camera_choose(pi, 3, NULL, &nothing, &error), 0);
}

static void a_stream_gets_its_camera_again(void **state)
{
    (void)state;
    struct error error;
    struct camera_identity before = { pi[1].id, pi[1].model, false };
    /* Whatever it was chosen by. */
    assert_int_equal(choose("0", &before, &error), 1);
    assert_int_equal(choose(NULL, &before, &error), 1);
    assert_int_equal(choose("model=imx708", &before, &error), 1);
    assert_int_equal(camera_choose(pi, 1, "0", &before, &error), -ENODEV);
    assert_non_null(strstr(error.text, pi[1].id));
    assert_int_equal(camera_choose(NULL, 0, "0", &before, &error), -ENODEV);
}

static void the_only_one_of_its_kind_is_found_at_another_port(void **state)
{
    (void)state;
    struct error error;
    struct camera_identity before = { "/base/scb/usb@0,0-1.4:1.0-0c45:6366", pi[2].model, true };
    assert_int_equal(choose(before.id, &before, &error), 2);
    assert_int_equal(choose("0", &before, &error), 2);
    before.only = false; /* there was another: this one may be that */
    assert_int_equal(choose("0", &before, &error), -ENODEV);
    before.only = true;
    before.model = pi[0].model; /* two are there now */
    assert_int_equal(choose("0", &before, &error), -ENODEV);
    before.model = NULL; /* cameras without a name are not of one kind */
    assert_int_equal(choose("0", &before, &error), -ENODEV);
    before.model = "imx70"; /* a part of the name is not enough */
    assert_int_equal(choose("0", &before, &error), -ENODEV);
}

static void kinds(void **state)
{
    (void)state;
    static const bool only[] = { false, false, true, true, true };
    for (size_t i = 0; i < COUNT(pi); i++)
        assert_int_equal(camera_is_only(pi, COUNT(pi), i), only[i]);
    assert_true(camera_is_only(pi, 1, 0));
    static const struct camera_entry unnamed[] = { { "a", NULL, NULL, false, NULL },
                                                   { "b", NULL, NULL, false, NULL } };
    assert_true(camera_is_only(unnamed, 2, 0));
}

static void no_two_streams_take_the_same(void **state)
{
    (void)state;
    struct camera_entry entries[COUNT(pi)];
    struct error error;
    memcpy(entries, pi, sizeof(pi));
    entries[3].user = "front";
    static const char *const arguments[] = { NULL, "3", "model=imx708" };
    for (size_t i = 0; i < COUNT(arguments); i++) {
        assert_int_equal(camera_choose(entries, COUNT(pi), arguments[i], &nothing, &error), -EBUSY);
        assert_non_null(strstr(error.text, "stream front"));
        assert_non_null(strstr(error.text, pi[3].id));
    }
    assert_int_equal(camera_choose(entries, COUNT(pi), "0", &nothing, &error), 0);
    /* Not even one that comes back at a port where another is now. */
    struct camera_identity before = { "/base/soc/gone", "imx708", true };
    assert_int_equal(camera_choose(entries, COUNT(pi), "0", &before, &error), -EBUSY);
}

static void long_lists_are_cut(void **state)
{
    (void)state;
    struct camera_entry entries[64];
    struct error error;
    for (size_t i = 0; i < COUNT(entries); i++)
        entries[i] = pi[0];
    assert_int_equal(camera_choose(entries, COUNT(entries), "none", &nothing, &error), -ENODEV);
    assert_in_range(strlen(error.text), 400, sizeof(error.text) - 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(usb_cameras_are_known_by_their_ids),
        cmocka_unit_test(lists_are_sorted_by_id),
        cmocka_unit_test(ids_and_indexes),
        cmocka_unit_test(ids_come_first),
        cmocka_unit_test(models),
        cmocka_unit_test(without_an_argument_the_first_that_is_built_in),
        cmocka_unit_test(a_stream_gets_its_camera_again),
        cmocka_unit_test(the_only_one_of_its_kind_is_found_at_another_port),
        cmocka_unit_test(kinds),
        cmocka_unit_test(no_two_streams_take_the_same),
        cmocka_unit_test(long_lists_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
