/*
 * What must hold of a peer's text once it was decoded.
 */
#ifndef PITETHER_TESTS_FUZZ_FUZZ_TEXT_H
#define PITETHER_TESTS_FUZZ_FUZZ_TEXT_H

#include "fuzz.h"
#include "shared/base/text.h"

/* It is at most so many bytes of UTF-8, and each character may be shown. */
static inline void check_text(const char *text, size_t most)
{
    size_t left = strlen(text), step;
    CHECK(left <= most);
    for (; left > 0; left -= step, text += step) {
        bool shown;
        step = text_character((const uint8_t *)text, left, &shown);
        CHECK(step > 0 && shown);
    }
}

#endif
