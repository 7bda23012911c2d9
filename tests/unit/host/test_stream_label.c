/*
 * What the streams of a run are called.
 */
#include "host/stream_label.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct stream_label labels[OPTION_LIST_MAX];

/* line: addresses with blanks between them. */
static int make(const char *line, const char *stream, struct error *error)
{
    static char words[1024];
    struct option_list addresses = { .count = 0 };
    assert_in_range(strlen(line), 0, sizeof(words) - 1);
    strcpy(words, line);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        addresses.items[addresses.count++] = word;
    strcpy(error->text, "(no error)");
    return stream_labels_make(&addresses, stream, labels, error);
}

/* The only one is called as it was given, and needs no folder of its own. */
static void one_stream(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(make("pi.local:7484/front", NULL, &error), 0);
    assert_string_equal(labels[0].text, "pi.local:7484/front");
    assert_string_equal(labels[0].place, "");
    assert_int_equal(make("unix:/run/pitether/socket", "front", &error), 0);
    assert_string_equal(labels[0].text, "unix:/run/pitether/socket");
}

static void several_streams(void **state)
{
    static const struct {
        const char *addresses, *labels;
    } cases[] = {
        { "pi/front pi/rear other/top", "front rear top" },
        { "pi other", "pi other" },
        { "pi/front other", "front other" },
        { "a/front b/front b/rear", "a-front b-front rear" },
        { "a/front b/FRONT", "a-front b-FRONT" },
        { "pi pi:7485", "pi-7484 pi-7485" },
        { "pi:1/front pi:2/front a/rear", "pi-1-front pi-2-front rear" },
        { "a/front b/front c/a-front", "a-7484-front b-front c-a-front" },
        { "[::1]:1 [::1]:2", "1-1 1-2" },
        { "[fe80::1%eth0]/x b/x", "fe80-1-eth0-x b-x" },
        { "pi/front/preview pi/front", "front/preview front" },
        { "unix:/run/a/one unix:/run/..two", "one two" },
        { "unix:/run/x unix:/run/y/.", "x stream" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error;
        char got[512] = "";
        if (make(cases[i].addresses, NULL, &error))
            fail_msg("%s: %s", cases[i].addresses, error.text);
        unsigned count = 1;
        for (const char *at = cases[i].addresses; (at = strchr(at, ' ')); at++)
            count++;
        for (unsigned j = 0; j < count; j++) {
            strcat(strcat(got, j ? " " : ""), labels[j].text);
            assert_string_equal(labels[j].place, labels[j].text);
        }
        assert_string_equal(got, cases[i].labels);
    }
}

static void what_is_refused(void **state)
{
    static const struct {
        const char *addresses, *stream, *why;
    } cases[] = {
        { "pi pi", NULL, "pi-7484 is given twice" },
        { "pi:7484/front pi/front", NULL, "pi-7484-front is given twice" },
        { "pi:", NULL, "'pi:' is not an address" },
        { "pi:0", NULL, "'pi:0' is not an address" },
        { "pi:65536", NULL, "is not an address" },
        { "pi:x", NULL, "is not an address" },
        { "[::1", NULL, "is not an address" },
        { "[::1]7484", NULL, "is not an address" },
        { ":7484", NULL, "is not an address" },
        { "/front", NULL, "is not an address" },
        { "unix:", NULL, "is not an address" },
        { "pi/", NULL, "'' is not a stream's name" },
        { "pi/.hidden", NULL, "'.hidden' is not a stream's name" },
        { "pi/a/../b other", NULL, "'a/../b' is not a stream's name" },
        { "unix:/run/x", "a b", "'a b' is not a stream's name" },
        { "pi/front", "rear", "--stream is for addresses that name no stream" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error;
        assert_int_equal(make(cases[i].addresses, cases[i].stream, &error), -EINVAL);
        if (!strstr(error.text, cases[i].why))
            fail_msg("%s: %s", cases[i].addresses, error.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_stream),
        cmocka_unit_test(several_streams),
        cmocka_unit_test(what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
