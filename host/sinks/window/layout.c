#include "host/sinks/window/layout.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

#define ROUNDING 1e-9

/* One way to divide the pictures into rows. */
struct rows {
    unsigned count;
    unsigned first[LAYOUT_MAX + 1]; /* the index of each row's first picture, and the end */
    double aspect[LAYOUT_MAX];      /* of each row: the sum of its pictures' */
    double height[LAYOUT_MAX];
};

static double aspect_of(struct layout_size picture)
{
    return (double)picture.width / picture.height;
}

static int max(int a, int b)
{
    return a > b ? a : b;
}

static unsigned pictures_in(const struct rows *rows, unsigned row)
{
    return rows->first[row + 1] - rows->first[row];
}

/* What the gaps between so many things take. */
static int gaps(unsigned count, int gap)
{
    return (int)(count - 1) * gap;
}

/* Into at most so many rows whose widths are similar: a picture goes to the row in which its middle
 * lies if all are put into one line, which is then cut into equal parts. */
static void divide(struct rows *rows, const struct layout_size *pictures, unsigned count,
                   unsigned row_count)
{
    double total = 0, edge = 0;
    unsigned last = 0; /* part of the line */
    for (unsigned i = 0; i < count; i++)
        total += aspect_of(pictures[i]);
    rows->count = 0;
    for (unsigned i = 0; i < count; i++) {
        double aspect = aspect_of(pictures[i]);
        double middle = (edge + aspect / 2) / total * row_count;
        unsigned part = (unsigned)fmax(ceil(middle - ROUNDING) - 1, 0);
        if (i == 0 || part != last) {
            rows->first[rows->count] = i;
            rows->aspect[rows->count++] = 0;
        }
        rows->aspect[rows->count - 1] += aspect;
        edge += aspect;
        last = part;
    }
    rows->first[rows->count] = count;
}

/* Each row is as high as the others, but none is wider than the window: the height that such a row
 * leaves is shared by those that can use it. */
static void set_heights(struct rows *rows, struct layout_size window, int gap)
{
    double left = max(window.height - gaps(rows->count, gap), 1);
    unsigned open = rows->count;
    bool fixed[LAYOUT_MAX] = { false }, again = true;
    while (again && open > 0) {
        double share = left / open;
        again = false;
        for (unsigned row = 0; row < rows->count; row++) {
            double width = max(window.width - gaps(pictures_in(rows, row), gap), 1);
            double highest = width / rows->aspect[row];
            if (fixed[row])
                continue;
            rows->height[row] = share;
            if (highest > share)
                continue;
            rows->height[row] = highest;
            fixed[row] = again = true;
            left -= highest;
            open--;
        }
    }
}

static double total_area(const struct rows *rows)
{
    double area = 0;
    for (unsigned row = 0; row < rows->count; row++)
        area += rows->height[row] * rows->height[row] * rows->aspect[row];
    return area;
}

/* Of equally large ones, that with the fewest rows: side by side. */
static void choose_rows(struct rows *best, const struct layout_size *pictures, unsigned count,
                        struct layout_size window, int gap)
{
    struct rows rows;
    assert(count >= 1 && count <= LAYOUT_MAX);
    for (unsigned row_count = 1; row_count <= count; row_count++) {
        divide(&rows, pictures, count, row_count);
        set_heights(&rows, window, gap);
        if (row_count == 1 || total_area(&rows) > total_area(best) + 1)
            *best = rows;
    }
}

/* The row's areas, with its upper left corner at 0, y; returns its width. Edges are rounded, not
 * sizes, so that the errors don't add up. */
static int place_row(struct layout_area *areas, const struct layout_size *pictures, unsigned count,
                     double height, int y, int rounded_height, int gap)
{
    double edge = 0;
    int right = 0;
    for (unsigned i = 0; i < count; i++) {
        int left = (int)lround(edge) + (int)i * gap;
        edge += height * aspect_of(pictures[i]);
        right = max((int)lround(edge) + (int)i * gap, left + 1);
        areas[i] = (struct layout_area){ left, y, right - left, rounded_height };
    }
    return right;
}

void layout_place(struct layout_area *areas, const struct layout_size *pictures, unsigned count,
                  struct layout_size window, int gap)
{
    struct rows rows;
    double edge = 0;
    int bottom = 0;
    choose_rows(&rows, pictures, count, window, gap);
    for (unsigned row = 0; row < rows.count; row++) {
        unsigned first = rows.first[row], in_row = pictures_in(&rows, row);
        int top = (int)lround(edge) + (int)row * gap;
        edge += rows.height[row];
        bottom = max((int)lround(edge) + (int)row * gap, top + 1);
        int width = place_row(areas + first, pictures + first, in_row, rows.height[row], top,
                              bottom - top, gap);
        for (unsigned i = first; i < first + in_row; i++)
            areas[i].x += (window.width - width) / 2;
    }
    for (unsigned i = 0; i < count; i++)
        areas[i].y += (window.height - bottom) / 2;
}

struct layout_size layout_window(const struct layout_size *pictures, unsigned count,
                                 struct layout_size max_size, int gap)
{
    struct rows rows;
    double scale = 0, width = 0, height = 0;
    choose_rows(&rows, pictures, count, max_size, gap);
    for (unsigned row = 0; row < rows.count; row++)
        for (unsigned i = rows.first[row]; i < rows.first[row + 1]; i++)
            scale = fmax(scale, pictures[i].height / rows.height[row]);
    scale = fmin(scale, 1);
    for (unsigned row = 0; row < rows.count; row++) {
        double row_height = rows.height[row] * scale;
        width = fmax(width, row_height * rows.aspect[row] + gaps(pictures_in(&rows, row), gap));
        height += row_height;
    }
    return (struct layout_size){ max((int)lround(width), 1),
                                 max((int)lround(height) + gaps(rows.count, gap), 1) };
}
