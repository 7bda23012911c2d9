#include <stdio.h>

#include "host/sinks/window/keys.h"
#include "host/sinks/window/osd.h"

enum {
    OPACITY = SDL_ALPHA_OPAQUE, /* the panel may be behind it */
    TEXT_MIN = 9,
    PAGE_BYTES = 64
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

/* Where the groups go: whole ones into columns, and columns onto pages. */
struct places {
    int margin, names, width, lines; /* names: of the keys; width, and lines, of a column */
    int across;                      /* columns on a page */
    int columns;                     /* on all pages */
    int column_of[KEY_GROUPS];
};

static int margin_of(const struct glyphs *glyphs)
{
    return glyphs->height / 2;
}

/* Into columns of at most so many lines, of which the last one's gap is none. */
static void divide(struct places *places, int most)
{
    int used = 0;
    places->columns = 1;
    places->lines = 0;
    for (int i = 0; i < KEY_GROUPS; i++) {
        int lines = lines_of((enum key_group)i);
        if (used > 0 && used + lines - 1 > most) {
            places->columns++;
            used = 0;
        }
        places->column_of[i] = places->columns - 1;
        used += lines;
        places->lines = SDL_max(places->lines, used - 1);
    }
}

static struct places place(const struct glyphs *glyphs, struct layout_size window)
{
    struct places places = { .margin = margin_of(glyphs) };
    places.names = widest_text(glyphs, true) + glyphs->height;
    places.width = places.names + widest_text(glyphs, false) + places.margin;
    int room = (window.height - 2 * places.margin) / glyphs->line;
    places.across = SDL_max((window.width - places.margin) / places.width, 1);
    divide(&places, room);
    if (places.columns > places.across) {
        divide(&places, room - 1); /* a line for the page's number */
        return places;
    }
    /* As few lines as that many columns can do with. */
    for (int most = 1; most < room; most++) {
        divide(&places, most);
        if (places.columns <= places.across)
            break;
    }
    return places;
}

static bool fits(const struct places *places, struct layout_size window)
{
    return places->columns <= places->across && places->width + places->margin <= window.width;
}

/* As large as all keys fit at once; else as large as one column is not too wide. */
static bool choose(struct glyphs *glyphs, int height, struct layout_size window,
                   struct places *places)
{
    int wide = 0;
    for (int i = height; i >= TEXT_MIN; i--) {
        if (!glyphs_make(glyphs, i))
            return false;
        *places = place(glyphs, window);
        if (fits(places, window))
            return true;
        if (wide == 0 && places->width + places->margin <= window.width)
            wide = i;
    }
    if (wide > 0 && !glyphs_make(glyphs, wide))
        return false;
    *places = place(glyphs, window);
    return true;
}

static int draw_group(struct layer *layer, const struct glyphs *glyphs, enum key_group group, int x,
                      int y, const struct places *places)
{
    layer_text(layer, glyphs, x, y, key_group_names[group], layer_amber);
    y += glyphs->line;
    for (const struct key_row *row = keys; row->code || row->name; row++) {
        if (row->group != group || !is_listed(row))
            continue;
        layer_text(layer, glyphs, x, y, row->name, layer_bright);
        layer_text(layer, glyphs, x + places->names, y, row->text, layer_grey);
        y += glyphs->line;
    }
    return y + glyphs->line;
}

static void draw_page(struct layer *layer, const struct glyphs *glyphs, const struct places *places,
                      unsigned page)
{
    int first = (int)page * places->across, column = -1, y = 0;
    for (int i = 0; i < KEY_GROUPS; i++) {
        int at = places->column_of[i];
        if (at < first || at >= first + places->across)
            continue;
        if (at != column)
            y = places->margin;
        column = at;
        y = draw_group(layer, glyphs, (enum key_group)i,
                       places->margin + (at - first) * places->width, y, places);
    }
}

unsigned osd_keys(struct layer *layer, SDL_Renderer *renderer, struct glyphs *glyphs, int height,
                  struct layout_size window, unsigned page)
{
    struct places places;
    char text[PAGE_BYTES];
    if (!choose(glyphs, height, window, &places))
        return 1;
    unsigned pages = (unsigned)((places.columns + places.across - 1) / places.across);
    int across = SDL_min(places.across, places.columns);
    int lines = places.lines + (pages > 1);
    int width = SDL_min(across * places.width + places.margin, window.width);
    if (!layer_begin(layer, width, SDL_min(lines * glyphs->line + 2 * places.margin, window.height),
                     OPACITY))
        return pages;
    draw_page(layer, glyphs, &places, page);
    if (page + 1 < pages)
        snprintf(text, sizeof(text), "F1: page %u of %u", page + 2, pages);
    else
        snprintf(text, sizeof(text), "F1: close this list");
    if (pages > 1)
        layer_text(layer, glyphs, places.margin, places.margin + places.lines * glyphs->line, text,
                   layer_amber);
    layer_end(layer, renderer);
    return pages;
}
