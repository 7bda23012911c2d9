/*
 * Text in columns that are as wide as their widest cell, or narrower where a line would be too
 * long. UTF-8; a cell is one line. Pure; one thread.
 */
#ifndef PITETHER_HOST_BASE_COLUMNS_H
#define PITETHER_HOST_BASE_COLUMNS_H

#include <stddef.h>
#include <stdio.h>

enum { COLUMNS_MAX = 6, COLUMN_CELL_SIZE = 1800, COLUMN_GAP = 2 };

struct column_row {
    char cells[COLUMNS_MAX][COLUMN_CELL_SIZE];
};

/* Zeroed but for count at first. */
struct columns {
    unsigned count;
    size_t widths[COLUMNS_MAX]; /* characters */
};

/* How many characters a text has. */
size_t column_width(const char *text);

/* Makes the columns wide enough for this row. */
void columns_add(struct columns *columns, const struct column_row *row);

/* Makes the widest columns narrower until a line has at most so many characters: those from number
 * `first` on, and none below 8. */
void columns_limit(struct columns *columns, size_t line, unsigned first);

/* Writes the row as a line; what is too wide is cut, and ends with "…" then. */
void columns_write(const struct columns *columns, const struct column_row *row, FILE *out);

#endif
