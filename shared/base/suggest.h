/*
 * "Did you mean ...?": the known word that is nearest to one that nobody knows. One thread.
 */
#ifndef PITETHER_SHARED_BASE_SUGGEST_H
#define PITETHER_SHARED_BASE_SUGGEST_H

#include <stddef.h>

/* The nearest of the words that were considered; all zero at first. */
struct suggestion {
    const char *word; /* NULL: none is near enough */
    unsigned distance;
};

/* Compares what was typed (`size` bytes, not zero-terminated) with one known word, which must
 * outlive the suggestion. Near enough is a word that differs by one slip in three letters at most
 * (one left out, one too many, another one, two swapped; capitals and "_" for "-" are none), or
 * that begins with the three letters or more that were typed. Words over 32 bytes are never near.
 */
void suggest_consider(struct suggestion *best, const char *typed, size_t size, const char *word);

#endif
