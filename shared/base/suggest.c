#include "shared/base/suggest.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { WORD_MAX = 32, LETTERS_PER_MISTAKE = 3 };

static char fold(char c)
{
    if (c == '_')
        return '-';
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned min(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* The number of mistakes that lead from a to b, where no letter is part of two of them (the optimal
 * string alignment distance). Both have at most WORD_MAX bytes. */
static unsigned distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    /* of the prefixes of b to the prefix of a, and to the two shorter ones */
    unsigned rows[3][WORD_MAX + 1];
    for (size_t j = 0; j <= b_size; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_size; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *before = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_size; j++) {
            unsigned differs = fold(a[i - 1]) != fold(b[j - 1]);
            row[j] = min(before[j - 1] + differs, min(before[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
                fold(a[i - 2]) == fold(b[j - 1]))
                row[j] = min(row[j], second[j - 2] + 1);
        }
    }
    return rows[a_size % 3][b_size];
}

void suggest_consider(struct suggestion *best, const char *typed, size_t size, const char *word)
{
    size_t word_size = strlen(word);
    if (size == 0 || size > WORD_MAX || word_size > WORD_MAX)
        return;
    bool begins = size >= LETTERS_PER_MISTAKE && strncasecmp(typed, word, size) == 0;
    unsigned mistakes = begins ? 1 : distance(typed, size, word, word_size);
    unsigned max = (unsigned)(size / LETTERS_PER_MISTAKE);
    if (mistakes > min(max, 3))
        return;
    if (!best->word || mistakes < best->distance)
        *best = (struct suggestion){ word, mistakes };
}
