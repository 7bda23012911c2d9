/*
 * Texts from peers and cameras, and what of them may reach a terminal or a log. One thread.
 */
#ifndef PITETHER_SHARED_BASE_TEXT_H
#define PITETHER_SHARED_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The size in bytes of the well-formed UTF-8 character at `at` (RFC 3629, 4), at most `left`; 0:
 * there is none. *shown: whether it is visible and affects nothing else. Controls (C0, DEL, C1)
 * command a terminal, line separators begin lines that seem to be our own, bidirectional controls
 * reorder the text around them, and with invisible characters two texts can look the same. */
size_t text_character(const uint8_t *at, size_t left, bool *shown);

/* Whether all of the text is well-formed UTF-8 and shown. */
bool text_is_shown(const char *text, size_t size);

/* Copies an untrusted text, made fit for a terminal and a log: at most `max` bytes of whole
 * characters, and a zero; each byte that belongs to no well-formed character becomes '?', and so
 * does each character that is not shown. */
void text_copy(char *to, const void *text, size_t size, size_t max);

/* Removes an incomplete UTF-8 character at the end of a text that was cut to fit. */
void text_trim(char *text);

/* The size in bytes of text, at most max, without an incomplete character at its end. */
size_t text_whole_size(const char *text, size_t max);

#endif
