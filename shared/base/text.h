/*
 * Texts that strangers wrote, and what of them may reach a terminal or a log. One thread.
 */
#ifndef PITETHER_SHARED_BASE_TEXT_H
#define PITETHER_SHARED_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many bytes the well-formed UTF-8 character at `at` has (RFC 3629, 4), at most `left`; 0:
 * there is none. *shown: whether it can be seen, and leaves the rest alone. Controls (C0, DEL, C1)
 * make a terminal do things, line separators begin lines that seem to be our own, bidirectional
 * controls reorder what stands around them, and what is invisible lets two texts look the same. */
size_t text_character(const uint8_t *at, size_t left, bool *shown);

/* Copies what a stranger wrote, fit for a terminal and a log: at most `max` bytes of whole
 * characters, and a zero; each byte that belongs to no good character becomes '?', and so does each
 * character that must not be shown. */
void text_copy(char *to, const void *text, size_t size, size_t max);

/* Removes a part of a UTF-8 character at the end of a text that was cut to fit. */
void text_trim(char *text);

/* The size in bytes of text, at most max, without a part of a character at its end. */
size_t text_whole_size(const char *text, size_t max);

#endif
