/*
 * What of a stranger's text is shown.
 */
#include "shared/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "shared/protocol/wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* RFC 3629, 3. Returns its size. */
static size_t encode(uint32_t code, uint8_t *at)
{
    size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (size == 1) {
        at[0] = (uint8_t)code;
        return 1;
    }
    for (size_t i = size; i-- > 1; code >>= 6)
        at[i] = (uint8_t)(0x80 | (code & 0x3F));
    at[0] = (uint8_t)((0xF00 >> size) | code);
    return size;
}

static void check(uint32_t code, bool wanted)
{
    uint8_t bytes[4];
    bool shown = !wanted;
    size_t size = encode(code, bytes);
    assert_int_equal(text_character(bytes, size, &shown), size);
    if (shown != wanted)
        fail_msg("U+%04X is %s", code, shown ? "shown" : "not shown");
    for (size_t less = 0; less < size; less++) {
        assert_int_equal(text_character(bytes, less, &shown), 0);
        assert_false(shown);
    }
}

static void letters_are_shown(void **state)
{
    (void)state;
    static const uint32_t codes[] = { ' ',    'a',    '~',     0xA0,       0xDF,   0x3A9,
                                      0x5D0,  0x639,  0x905,   0x20AC,     0x4E2D, 0xAC00,
                                      0xE000, 0xFFFD, 0x1F4F7, 0x2028 - 1, 0x202F, 0x10FFFD };
    for (size_t i = 0; i < COUNT(codes); i++)
        check(codes[i], true);
}

static void what_acts_or_hides_is_not(void **state)
{
    (void)state;
    static const uint32_t codes[] = {
        0x00,   0x07,   0x0A,    0x1B,    0x7F,    0x80,    0x85,    0x9B,   0x9F, /* controls */
        0x2028, 0x2029,                                                            /* lines */
        0x61C,  0x200E, 0x200F,  0x202A,  0x202B,  0x202C,  0x202D,  0x202E,       /* direction */
        0x2066, 0x2067, 0x2068,  0x2069,  0x206A,  0x206F,                         /* direction */
        0xAD,   0x200B, 0x200C,  0x200D,  0x2060,  0x2063,  0xFEFF,  0x180E,       /* no width */
        0x115F, 0x3164, 0xFFA0,  0x34F,   0xFE0F,  0xE0100, 0xE01EF,               /* fillers */
        0xFFF9, 0xFFFB, 0xE0001, 0xE0041, 0xE007F,                                 /* tags */
    };
    for (size_t i = 0; i < COUNT(codes); i++)
        check(codes[i], false);
}

/* All of Unicode: what is well-formed has its size, and no more than these are kept back. */
static void every_character(void **state)
{
    (void)state;
    unsigned hidden = 0;
    for (uint32_t code = 0; code < 0x110000; code++) {
        uint8_t bytes[4];
        bool shown;
        size_t size = encode(code, bytes);
        bool surrogate = code >= 0xD800 && code < 0xE000;
        assert_int_equal(text_character(bytes, size, &shown), surrogate ? 0 : size);
        hidden += !surrogate && !shown;
    }
    assert_int_equal(hidden, 32 + 33 + 1 + 1 + 1 + 2 + 2 + 5 + 5 + 7 + 16 + 1 + 16 + 1 + 1 + 12 +
                                 16 + 4 + 8 + 4096);
}

static void malformed_bytes_have_no_size(void **state)
{
    (void)state;
    static const char *const texts[] = { "\x80",
                                         "\xBF",
                                         "\xC0\x80",
                                         "\xC1\xBF",
                                         "\xC2x",
                                         "\xE0\x9F\xBF",
                                         "\xED\xA0\x80",
                                         "\xE2\x80x",
                                         "\xF0\x8F\xBF\xBF",
                                         "\xF4\x90\x80\x80",
                                         "\xF5\x80\x80\x80",
                                         "\xFF" };
    for (size_t i = 0; i < COUNT(texts); i++) {
        bool shown = true;
        assert_int_equal(text_character((const uint8_t *)texts[i], strlen(texts[i]), &shown), 0);
        assert_false(shown);
    }
}

/* A question mark for each character, and for each byte that belongs to none. */
static void copies(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "camera \xE2\x80\xAEgpj.exe", "camera ?gpj.exe" },
        { "two\xE2\x80\xA8lines", "two?lines" },
        { "\xC2\x9B"
          "31m",
          "?31m" },
        { "\x9B"
          "31m",
          "?31m" },
        { "pi\xE2\x80\x8B.local", "pi?.local" },
        { "\xF3\xA0\x81\x81\xF3\xA0\x81\x82", "??" },
        { "\xFF\xFE\xC3", "??" }, /* the last one may be half a character */
        { "\xC3\xA4\xE2\x82\xAC", "\xC3\xA4\xE2\x82\xAC" },
        { "", "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[WIRE_TEXT_MAX + 1];
        text_copy(text, cases[i][0], strlen(cases[i][0]), WIRE_TEXT_MAX);
        assert_string_equal(text, cases[i][1]);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_are_shown),
        cmocka_unit_test(what_acts_or_hides_is_not),
        cmocka_unit_test(every_character),
        cmocka_unit_test(malformed_bytes_have_no_size),
        cmocka_unit_test(copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
