#include "host/sinks/window/keys.h"
#include "host/sinks/window/plates.h"

enum {
    PLATE = SDL_ALPHA_OPAQUE, /* the panel may be behind it */
    TEXT_MIN = 8,
    LINE = 6, /* a line is so much higher than ... */
    LINE_TEXT = 5
};

static bool is_listed(const struct key_row *row)
{
    return row->name;
}

/* The lines of a group: its name, its rows, and a gap. */
static int lines_of(enum key_group group)
{
    int lines = 2;
    for (const struct key_row *row = keys; row->code || row->name; row++)
        lines += row->group == group && is_listed(row);
    return lines;
}

static int widest_text(const struct glyphs *glyphs, bool names)
{
    int widest = 0;
    for (const struct key_row *row = keys; row->code || row->name; row++)
        if (is_listed(row))
            widest = SDL_max(widest, glyphs_width(glyphs, names ? row->name : row->text));
    return widest;
}

/* The group with which the second of two columns of about the same height begins. */
static int second_column(void)
{
    int all = 0, so_far = 0, group = 0;
    for (int i = 0; i < KEY_GROUPS; i++)
        all += lines_of((enum key_group)i);
    while (2 * so_far < all)
        so_far += lines_of((enum key_group)group++);
    return group;
}

static int lines_between(int first, int end)
{
    int lines = 0;
    for (int i = first; i < end; i++)
        lines += lines_of((enum key_group)i);
    return lines - 1; /* no gap behind the last one */
}

/* So small that one column fits below one another. */
static bool make_glyphs(struct glyphs *glyphs, int height, struct layout_size window)
{
    int line = window.height / (lines_between(0, KEY_GROUPS) + 2);
    return glyphs_make(glyphs, SDL_clamp(line * LINE_TEXT / LINE, TEXT_MIN, height));
}

struct column {
    int x, y, names; /* where it goes on, and the width of the names */
};

static void draw_group(struct sheet *sheet, const struct glyphs *glyphs, enum key_group group,
                       struct column *column)
{
    sheet_text(sheet, glyphs, column->x, column->y, key_group_names[group], sheet_amber);
    column->y += glyphs->line;
    for (const struct key_row *row = keys; row->code || row->name; row++) {
        if (row->group != group || !is_listed(row))
            continue;
        sheet_text(sheet, glyphs, column->x, column->y, row->name, sheet_bright);
        sheet_text(sheet, glyphs, column->x + column->names, column->y, row->text, sheet_grey);
        column->y += glyphs->line;
    }
    column->y += glyphs->line;
}

void plate_keys(struct sheet *sheet, SDL_Renderer *renderer, struct glyphs *glyphs, int height,
                struct layout_size window)
{
    if (!make_glyphs(glyphs, height, window))
        return;
    int margin = glyphs->height, names = widest_text(glyphs, true) + glyphs->height;
    int width = names + widest_text(glyphs, false), second = second_column();
    bool two = 2 * width + 3 * margin <= window.width;
    int lines = two ? SDL_max(lines_between(0, second), lines_between(second, KEY_GROUPS))
                    : lines_between(0, KEY_GROUPS);
    struct column column = { margin, margin, names };
    if (!sheet_begin(sheet,
                     SDL_min(two ? 2 * width + 3 * margin : width + 2 * margin, window.width),
                     SDL_min(lines * glyphs->line + 2 * margin, window.height), PLATE))
        return;
    for (int i = 0; i < KEY_GROUPS; i++) {
        if (two && i == second)
            column = (struct column){ width + 2 * margin, margin, names };
        draw_group(sheet, glyphs, (enum key_group)i, &column);
    }
    sheet_end(sheet, renderer);
}
