#include "shared/base/text.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* By their first bytes; the others are 80 to BF. */
static const struct {
    uint8_t lead_first, lead_last, next_first, next_last, size;
} forms[] = {
    { 0x00, 0x7F, 0, 0, 1 },       { 0xC2, 0xDF, 0x80, 0xBF, 2 }, { 0xE0, 0xE0, 0xA0, 0xBF, 3 },
    { 0xE1, 0xEC, 0x80, 0xBF, 3 }, { 0xED, 0xED, 0x80, 0x9F, 3 }, { 0xEE, 0xEF, 0x80, 0xBF, 3 },
    { 0xF0, 0xF0, 0x90, 0xBF, 4 }, { 0xF1, 0xF3, 0x80, 0xBF, 4 }, { 0xF4, 0xF4, 0x80, 0x8F, 4 },
};

/* Of Unicode: Cc (controls), Zl and Zp (separators), Default_Ignorable_Code_Point (what is not to
 * be seen: zero-width and bidirectional ones, fillers, variation selectors, tags), and those of Cf
 * that are not among these but have no shape of their own. */
static const struct {
    uint32_t first, last;
} unseen[] = {
    { 0x00, 0x1F },       { 0x7F, 0x9F },       { 0xAD, 0xAD },       { 0x34F, 0x34F },
    { 0x61C, 0x61C },     { 0x115F, 0x1160 },   { 0x17B4, 0x17B5 },   { 0x180B, 0x180F },
    { 0x200B, 0x200F },   { 0x2028, 0x202E },   { 0x2060, 0x206F },   { 0x3164, 0x3164 },
    { 0xFE00, 0xFE0F },   { 0xFEFF, 0xFEFF },   { 0xFFA0, 0xFFA0 },   { 0xFFF0, 0xFFFB },
    { 0x13430, 0x1343F }, { 0x1BCA0, 0x1BCA3 }, { 0x1D173, 0x1D17A }, { 0xE0000, 0xE0FFF },
};

static bool is_shown(uint32_t code)
{
    for (size_t i = 0; i < COUNT(unseen); i++)
        if (code >= unseen[i].first && code <= unseen[i].last)
            return false;
    return true;
}

static size_t size_of(const uint8_t *at, size_t left)
{
    for (size_t i = 0; left > 0 && i < COUNT(forms); i++) {
        if (at[0] < forms[i].lead_first || at[0] > forms[i].lead_last)
            continue;
        size_t size = forms[i].size;
        if (size > left ||
            (size > 1 && (at[1] < forms[i].next_first || at[1] > forms[i].next_last)))
            return 0;
        for (size_t j = 2; j < size; j++)
            if ((at[j] & 0xC0) != 0x80)
                return 0;
        return size;
    }
    return 0;
}

size_t text_character(const uint8_t *at, size_t left, bool *shown)
{
    size_t size = size_of(at, left);
    uint32_t code = 0;
    if (size > 0)
        code = size == 1 ? at[0] : at[0] & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++)
        code = code << 6 | (at[i] & 0x3F);
    *shown = size > 0 && is_shown(code);
    return size;
}

/* The longest prefix of text[0..size) that does not end inside a UTF-8 character (RFC 3629, 3).
 * Looks only at the end, as text may be cut anywhere. */
static size_t whole_characters(const char *text, size_t size)
{
    size_t last = size; /* where the last character begins */
    while (last > 0 && size - last < 3 && ((uint8_t)text[last - 1] & 0xC0) == 0x80)
        last--;
    if (last == 0)
        return size;
    uint8_t lead = (uint8_t)text[--last];
    size_t needs = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    return size - last < needs ? last : size;
}

void text_trim(char *text)
{
    text[whole_characters(text, strlen(text))] = '\0';
}

size_t text_whole_size(const char *text, size_t max)
{
    return whole_characters(text, strnlen(text, max));
}

bool text_is_shown(const char *text, size_t size)
{
    bool shown = true;
    for (size_t i = 0; shown && i < size;)
        i += text_character((const uint8_t *)text + i, size - i, &shown);
    return shown;
}

void text_copy(char *to, const void *text, size_t size, size_t max)
{
    const uint8_t *from = text;
    size = whole_characters(text, size > max ? max : size);
    for (size_t i = 0; i < size;) {
        bool shown;
        size_t step = text_character(from + i, size - i, &shown);
        if (shown) {
            memcpy(to, from + i, step);
            to += step;
        } else {
            *to++ = '?';
        }
        i += step > 0 ? step : 1;
    }
    *to = '\0';
}
