#include "host/sinks/window/panel_draw.h"

#include <math.h>
#include <stdio.h>

enum {
    WIDTH = 23,                 /* heights of characters */
    OPACITY = SDL_ALPHA_OPAQUE, /* what is seen through would cost time, and be hard to read */
    LINE_BYTES = 200,
    PLACE_BYTES = 32,
    MESSAGE_LINES = 2,    /* that always have room */
    MESSAGE_LINES_MAX = 8 /* a longer message takes the place of rows */
};

static const SDL_Color selected_plate = { 60, 80, 110, 255 };
static const SDL_Color typed_background = { 0, 0, 0, 255 };
static const SDL_Color track = { 70, 70, 70, 255 };

/* Where things are in the layer, pixels. */
struct places {
    int width, height, margin, row, rows_top;
    int message_lines;
    unsigned rows; /* that have room */
};

struct drawing {
    struct layer *layer;
    const struct glyphs *glyphs;
    const struct panel *panel;
    const struct panel_context *context;
    struct places places;
};

static const char *const hints[] = { "Left, Right: change    a: automatic",
                                     "Enter: type    Backspace: default" };
enum { HINTS = sizeof(hints) / sizeof(*hints) };

/* The lines that the message takes. */
static int lines_of(const struct glyphs *glyphs, const char *message, int width)
{
    int lines = 0;
    for (; *message && lines < MESSAGE_LINES_MAX; lines++) {
        message += glyphs_line(glyphs, message, width);
        message += *message == ' ';
    }
    return SDL_max(lines, MESSAGE_LINES);
}

static struct places places_of(const struct glyphs *glyphs, const char *message,
                               struct layout_size window)
{
    struct places places = { .height = window.height, .margin = glyphs->height / 2 };
    places.width = SDL_min(WIDTH * glyphs->height, window.width);
    places.row = glyphs->line + SDL_max(glyphs->height / 4, 2);
    places.rows_top = places.margin + places.row;
    places.message_lines = lines_of(glyphs, message, places.width - 2 * places.margin);
    int below = (places.message_lines + HINTS) * glyphs->line + 2 * places.margin;
    places.rows = (unsigned)SDL_max((window.height - places.rows_top - below) / places.row, 1);
    return places;
}

/* The first row that is shown, so that the selected one is in sight. */
static unsigned first_row(const struct drawing *drawing)
{
    const struct panel *panel = drawing->panel;
    unsigned rows = drawing->places.rows;
    if (panel->count <= rows || panel->selected < rows / 2)
        return 0;
    return SDL_min(panel->selected - rows / 2, panel->count - rows);
}

/* Behind the name if that leaves enough. */
static void draw_typed(const struct drawing *drawing, const char *name, int y)
{
    const struct places *places = &drawing->places;
    char typed[CONTROL_TEXT_MAX + 2];
    const char *text = typed;
    int from = 2 * places->margin + glyphs_width(drawing->glyphs, name);
    from = SDL_min(SDL_max(from, places->width / 2), places->width * 3 / 4);
    SDL_Rect field = { from, y, places->width - places->margin - from, places->row };
    int room = field.w - 2 * places->margin;
    snprintf(typed, sizeof(typed), "%s_", drawing->panel->typed);
    while (*text && glyphs_width(drawing->glyphs, text) > room) /* its end is what is typed at */
        text++;
    layer_fill(drawing->layer, field, typed_background);
    layer_text_right(drawing->layer, drawing->glyphs, field.x + field.w - places->margin, y + 1,
                     room, text, layer_bright);
}

static void draw_position(const struct drawing *drawing, int y, double position)
{
    const struct places *places = &drawing->places;
    int thick = SDL_max(places->row / 10, 1), width = places->width - 2 * places->margin;
    SDL_Rect line = { places->margin, y + places->row - thick, width, thick };
    layer_fill(drawing->layer, line, track);
    line.w = SDL_max((int)lround(position * width), 1);
    layer_fill(drawing->layer, line, layer_blue);
}

static void draw_row(const struct drawing *drawing, unsigned row, int y)
{
    const struct places *places = &drawing->places;
    bool selected = row == drawing->panel->selected;
    struct panel_line line;
    panel_line(drawing->panel, drawing->context, row, &line);
    if (selected)
        layer_fill(drawing->layer, (SDL_Rect){ 0, y, places->width, places->row }, selected_plate);
    layer_text(drawing->layer, drawing->glyphs, places->margin, y + 1, line.name, layer_bright);
    if (selected && !isnan(line.position))
        draw_position(drawing, y, line.position);
    if (selected && drawing->panel->editing) {
        draw_typed(drawing, line.name, y);
        return;
    }
    int room = places->width - 3 * places->margin - glyphs_width(drawing->glyphs, line.name);
    layer_text_right(drawing->layer, drawing->glyphs, places->width - places->margin, y + 1, room,
                     line.value,
                     line.wanted      ? layer_blue
                     : line.automatic ? layer_bright
                                      : layer_amber);
}

static void draw_rows(const struct drawing *drawing)
{
    const struct panel *panel = drawing->panel;
    const struct camera *camera = drawing->context->camera;
    const struct places *places = &drawing->places;
    unsigned first = first_row(drawing);
    int y = places->rows_top;
    for (unsigned i = first; i < panel->count && i < first + places->rows; i++, y += places->row)
        draw_row(drawing, i, y);
    if (panel->count == 0)
        layer_text(drawing->layer, drawing->glyphs, places->margin, y,
                   camera->lists > 0 ? "This camera has no controls."
                                     : "The camera has listed no controls yet.",
                   layer_grey);
}

static void draw_head(const struct drawing *drawing, const char *title)
{
    const struct places *places = &drawing->places;
    char text[LINE_BYTES], place[PLACE_BYTES] = "";
    static const char legend[] = "set by hand";
    int room = places->width - 3 * places->margin - glyphs_width(drawing->glyphs, legend);
    if (drawing->panel->count > places->rows)
        snprintf(place, sizeof(place), " %u of %u", drawing->panel->selected + 1,
                 drawing->panel->count);
    snprintf(text, sizeof(text), "%s%sControls%s", title, *title ? " - " : "", place);
    glyphs_draw(drawing->glyphs, drawing->layer->surface,
                (SDL_Point){ places->margin, places->margin }, room, text, layer_grey);
    layer_text_right(drawing->layer, drawing->glyphs, places->width - places->margin,
                     places->margin, places->width, legend, layer_amber);
}

/* One line of the text; returns what is left. */
static const char *draw_line(const struct drawing *drawing, const char *text, int y,
                             SDL_Color colour)
{
    char line[LINE_BYTES];
    int width = drawing->places.width - 2 * drawing->places.margin;
    size_t size = glyphs_line(drawing->glyphs, text, width);
    snprintf(line, sizeof(line), "%.*s", (int)size, text);
    layer_text(drawing->layer, drawing->glyphs, drawing->places.margin, y, line, colour);
    return text + size + (text[size] == ' ');
}

static void draw_foot(const struct drawing *drawing)
{
    const struct camera *camera = drawing->context->camera;
    const struct places *places = &drawing->places;
    int line = drawing->glyphs->line;
    int y = places->height - places->margin - (HINTS + places->message_lines) * line;
    const char *text = camera->message;
    for (int i = 0; i < places->message_lines && *text; i++)
        text = draw_line(drawing, text, y + i * line, camera->failed ? layer_red : layer_green);
    y += places->message_lines * line;
    for (int i = 0; i < HINTS; i++)
        draw_line(drawing, hints[i], y + i * line, layer_grey);
}

void panel_draw(struct layer *layer, SDL_Renderer *renderer, const struct glyphs *glyphs,
                const struct panel *panel, const struct panel_context *context, const char *title,
                struct layout_size window)
{
    struct drawing drawing = { layer, glyphs, panel, context,
                               places_of(glyphs, context->camera->message, window) };
    if (!layer_begin(layer, drawing.places.width, drawing.places.height, OPACITY))
        return;
    draw_head(&drawing, title);
    draw_rows(&drawing);
    draw_foot(&drawing);
    layer_end(layer, renderer);
}

int panel_draw_row_at(const struct glyphs *glyphs, const struct panel *panel,
                      const struct panel_context *context, struct layout_size window, int y)
{
    struct drawing drawing = { NULL, glyphs, panel, context,
                               places_of(glyphs, context->camera->message, window) };
    const struct places *places = &drawing.places;
    if (glyphs->height == 0 || y < places->rows_top)
        return -1;
    unsigned shown = (unsigned)(y - places->rows_top) / (unsigned)places->row;
    unsigned row = first_row(&drawing) + shown;
    return shown < places->rows && row < panel->count ? (int)row : -1;
}
