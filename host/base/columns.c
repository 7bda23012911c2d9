#include "host/base/columns.h"

#include <string.h>

enum { WIDTH_MIN = 8 };

/* The bytes of at most so many characters of a text. */
static size_t bytes_of(const char *text, size_t characters)
{
    size_t size = 0;
    while (text[size]) {
        if (((unsigned char)text[size] & 0xC0) != 0x80 && characters-- == 0)
            break;
        size++;
    }
    return size;
}

size_t column_width(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

void columns_add(struct columns *columns, const struct column_row *row)
{
    for (unsigned i = 0; i < columns->count; i++) {
        size_t width = column_width(row->cells[i]);
        if (width > columns->widths[i])
            columns->widths[i] = width;
    }
}

void columns_limit(struct columns *columns, size_t line, unsigned first)
{
    size_t all = (columns->count - 1) * COLUMN_GAP;
    for (unsigned i = 0; i < columns->count; i++)
        all += columns->widths[i];
    for (; all > line; all--) {
        unsigned widest = first;
        for (unsigned i = first; i < columns->count; i++)
            if (columns->widths[i] > columns->widths[widest])
                widest = i;
        if (columns->widths[widest] <= WIDTH_MIN)
            break;
        columns->widths[widest]--;
    }
}

void columns_write(const struct columns *columns, const struct column_row *row, FILE *out)
{
    size_t due = 0; /* blanks before the next cell, if there is another one */
    for (unsigned i = 0; i < columns->count; i++) {
        const char *cell = row->cells[i];
        size_t width = column_width(cell), limit = columns->widths[i];
        if (*cell)
            fprintf(out, "%*s", (int)due, "");
        if (width > limit)
            fprintf(out, "%.*s…", (int)bytes_of(cell, limit - 1), cell);
        else
            fputs(cell, out);
        due = *cell ? 0 : due;
        due += limit - (*cell ? (width > limit ? limit : width) : 0) + COLUMN_GAP;
    }
    fputc('\n', out);
}
