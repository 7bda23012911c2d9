/*
 * "Did you mean ...?": the known word that is nearest to an unknown one. One thread.
 */
#ifndef PITETHER_SHARED_BASE_SUGGEST_H
#define PITETHER_SHARED_BASE_SUGGEST_H

#include <stddef.h>

/* The nearest of the words that were considered; all zero at first. */
struct suggestion {
    const char *word; /* NULL: none was near enough */
    unsigned distance;
};

/* Compares what was typed (`size` bytes, not zero-terminated) with one known word, which must
 * outlive the suggestion. A word is near enough if it differs by at most one mistake in three
 * letters (a letter missing, added, replaced, or two swapped; capitals and "_" for "-" don't
 * count), or if it begins with the letters typed, at least three. Words over 32 bytes are never
 * near. */
void suggest_consider(struct suggestion *best, const char *typed, size_t size, const char *word);

#endif
