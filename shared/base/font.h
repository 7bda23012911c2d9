/*
 * A small built-in font for texts that are part of a picture: printable ASCII, as pixels. Pure; any
 * thread.
 */
#ifndef PITETHER_SHARED_BASE_FONT_H
#define PITETHER_SHARED_BASE_FONT_H

/* A glyph's pixels, and the distance from one to the next. The lowest two rows hold what reaches
 * below the line: digits and capital letters leave them empty. */
enum { FONT_COLUMNS = 5, FONT_ROWS = 9, FONT_DIGIT_ROWS = 7, FONT_ADVANCE = 6 };

/* The pixels of one row (0 at the top) of a character, the leftmost in bit FONT_COLUMNS - 1. What
 * is no printable ASCII is a box. */
unsigned font_row(char character, unsigned row);

#endif
