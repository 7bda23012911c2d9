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

#endif
