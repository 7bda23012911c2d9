/*
 * Which known word is taken for the one that is meant.
 */
#include "shared/base/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const words[] = { "save",       "stats",    "stdout",      "frames", "max-fps",
                                     "import-key", "duration", "min-quality", "role",   "live" };

static const char *guess(const char *typed)
{
    struct suggestion best = { 0 };
    for (size_t i = 0; i < COUNT(words); i++)
        suggest_consider(&best, typed, strlen(typed), words[i]);
    return best.word ? best.word : "";
}

static void slips(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "frame", "frames" },
        { "framess", "frames" },
        { "frmaes", "frames" },
        { "framed", "frames" },
        { "farme", "" },
        { "sav", "save" },
        { "stat", "stats" },
        { "sdtout", "stdout" },
        { "stdot", "stdout" },
        { "max_fps", "max-fps" },
        { "MAX-FPS", "max-fps" },
        { "maxfps", "max-fps" },
        { "importkey", "import-key" },
        { "improt-kye", "import-key" },
        { "dur", "duration" },
        { "min-qualtiy", "min-quality" },
        { "du", "" },
        { "x", "" },
        { "", "" },
        { "liev", "live" },
        { "rule", "role" },
        { "resolution", "" },
        { "help", "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        if (strcmp(guess(cases[i][0]), cases[i][1]) != 0)
            fail_msg("'%s': '%s' instead of '%s'", cases[i][0], guess(cases[i][0]), cases[i][1]);
}

/* The first of two that are as near, and none that is further. */
static void the_nearest_wins(void **state)
{
    (void)state;
    struct suggestion best = { 0 };
    suggest_consider(&best, "abcdef", 6, "abcdxy");
    assert_string_equal(best.word, "abcdxy");
    suggest_consider(&best, "abcdef", 6, "abcdex");
    suggest_consider(&best, "abcdef", 6, "xbcdef");
    suggest_consider(&best, "abcdef", 6, "abcdyx");
    assert_string_equal(best.word, "abcdex");
    assert_int_equal(best.distance, 1);
}

/* Whatever is typed, and nothing is read behind its end. */
static void lengths_are_bounded(void **state)
{
    (void)state;
    char typed[100], word[100] = "";
    for (size_t size = 0; size < sizeof(typed); size++) {
        struct suggestion best = { 0 };
        memset(word, 'a', size);
        memset(typed, 'a', size);
        memset(typed + size, 'b', sizeof(typed) - size);
        word[size] = '\0';
        suggest_consider(&best, typed, size, word);
        assert_int_equal(best.word != NULL, size >= 1 && size <= 32);
        suggest_consider(&best, typed, size, "");
        assert_int_equal(best.word != NULL, size >= 1 && size <= 32);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(slips),
        cmocka_unit_test(the_nearest_wins),
        cmocka_unit_test(lengths_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
