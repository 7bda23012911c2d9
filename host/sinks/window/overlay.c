#include "host/sinks/window/overlay.h"

#include <stdbool.h>
#include <string.h>

#define SDL_MAIN_HANDLED /* main() is the program's own */
#include <SDL.h>

#include "shared/base/font.h"

enum {
    LINE_HEIGHT = FONT_ROWS + 3, /* font pixels */
    LINES_MIN = 10,              /* of a message's size that would fit below one another */
    COLUMNS_MIN = 32,            /* ... and beside one another */
    OPACITY = 160,               /* opacity behind text */
    DIMMED = 160,                /* opacity of what covers a picture that is not live */
    BRIGHT = 235,
    NARROW = 240,     /* an area of this width has small labels; window units */
    LABEL_LINES = 40, /* of a label's size in a high area */
};

/* Copies the text's first bytes into a line, one byte for each character. */
static void copy_line(char *line, const char *text, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < size; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80 && used < OVERLAY_LINE_MAX - 1)
            line[used++] = text[i];
    line[used] = '\0';
}

/* The number of bytes in the text's first line. */
static size_t line_size(const char *text, unsigned columns)
{
    size_t size = 0, good = 0;
    unsigned used = 0;
    for (; text[size] && text[size] != '\n'; size++) {
        if (text[size] == ' ')
            good = size;
        if (((unsigned char)text[size] & 0xc0) != 0x80 && used++ == columns)
            return good ? good : size;
    }
    return size;
}

unsigned overlay_wrap(const char *text, unsigned columns,
                      char lines[OVERLAY_LINES][OVERLAY_LINE_MAX])
{
    unsigned count = 0;
    if (columns >= OVERLAY_LINE_MAX)
        columns = OVERLAY_LINE_MAX - 1;
    while (*text && count < OVERLAY_LINES) {
        size_t size = line_size(text, columns);
        copy_line(lines[count++], text, size);
        text += size;
        if (*text == ' ' || *text == '\n')
            text++;
    }
    return count;
}

/* One row of a glyph, as a rectangle for each run of its pixels. */
static int add_row(SDL_Rect *rects, unsigned bits, int left, int top, int side)
{
    int count = 0;
    for (int column = 0; column < FONT_COLUMNS; column++) {
        bool lit = bits >> (FONT_COLUMNS - 1 - column) & 1;
        bool goes_on = column > 0 && bits >> (FONT_COLUMNS - column) & 1;
        if (lit && goes_on)
            rects[count - 1].w += side;
        else if (lit)
            rects[count++] = (SDL_Rect){ left + column * side, top, side, side };
    }
    return count;
}

static void draw_line(SDL_Renderer *renderer, const char *line, int left, int top, int side)
{
    for (; *line; line++, left += FONT_ADVANCE * side) {
        SDL_Rect rects[FONT_ROWS * (FONT_COLUMNS + 1) / 2];
        int count = 0;
        for (unsigned row = 0; row < FONT_ROWS; row++)
            count +=
                add_row(rects + count, font_row(*line, row), left, top + (int)row * side, side);
        if (count > 0)
            SDL_RenderFillRects(renderer, rects, count);
    }
}

static unsigned longest_word(const char *text)
{
    unsigned longest = 0, length = 0;
    for (; *text; text++) {
        length = *text == ' ' || *text == '\n' ? 0 : length + 1;
        longest = SDL_max(longest, length);
    }
    return longest;
}

static int columns_of(int width, int side)
{
    return SDL_max(width / (FONT_ADVANCE * side) - 2, 1);
}

/* The side of a font pixel; reduced where a word would have to be cut otherwise. */
static int choose_side(const char *text, int width, int height)
{
    int side = SDL_min(height / (LINE_HEIGHT * LINES_MIN), width / (FONT_ADVANCE * COLUMNS_MIN));
    unsigned longest = longest_word(text);
    while (side > 1 && longest > (unsigned)columns_of(width, side))
        side--;
    return SDL_max(side, 1);
}

static int width_of(const char *line, int side)
{
    return ((int)strlen(line) * FONT_ADVANCE - (FONT_ADVANCE - FONT_COLUMNS)) * side;
}

static void fill(SDL_Renderer *renderer, SDL_Rect area, Uint8 opacity)
{
    SDL_SetRenderDrawBlendMode(renderer, SDL_BLENDMODE_BLEND);
    SDL_SetRenderDrawColor(renderer, 0, 0, 0, opacity);
    SDL_RenderFillRect(renderer, &area);
    SDL_SetRenderDrawBlendMode(renderer, SDL_BLENDMODE_NONE);
}

void overlay_dim(SDL_Renderer *renderer, struct layout_area area)
{
    fill(renderer, (SDL_Rect){ area.x, area.y, area.width, area.height }, DIMMED);
}

void overlay_message(SDL_Renderer *renderer, const char *text, struct layout_area area)
{
    char lines[OVERLAY_LINES][OVERLAY_LINE_MAX];
    int side = choose_side(text, area.width, area.height), widest = 0;
    int count = (int)overlay_wrap(text, (unsigned)columns_of(area.width, side), lines);
    for (int i = 0; i < count; i++)
        widest = SDL_max(widest, width_of(lines[i], side));
    int line_height = LINE_HEIGHT * side, margin = FONT_ADVANCE * side;
    int middle = area.x + area.width / 2;
    int top = area.y + (area.height - count * line_height) / 2;
    fill(renderer,
         (SDL_Rect){ middle - widest / 2 - margin, top - margin / 2, widest + 2 * margin,
                     count * line_height + margin / 2 },
         OPACITY);
    SDL_SetRenderDrawColor(renderer, BRIGHT, BRIGHT, BRIGHT, SDL_ALPHA_OPAQUE);
    for (int i = 0; i < count; i++)
        draw_line(renderer, lines[i], area.x + (area.width - width_of(lines[i], side)) / 2,
                  top + i * line_height, side);
}

/* Cuts the line to `columns` characters, before a " - " if it has one. */
static void cut_label(char *line, unsigned columns)
{
    while (strlen(line) > columns) {
        char *last = NULL;
        for (char *at = strstr(line, " - "); at; at = strstr(at + 1, " - "))
            last = at;
        if (!last)
            last = line + columns;
        *last = '\0';
    }
}

int overlay_label_side(struct layout_area area, int scale)
{
    if (area.width < NARROW * scale)
        return scale;
    return SDL_max(2 * scale, area.height / (FONT_ROWS * LABEL_LINES));
}

int overlay_label_height(int side)
{
    return FONT_ROWS * side + FONT_ADVANCE * side / 2;
}

void overlay_label(SDL_Renderer *renderer, const char *text, struct layout_area area, int side)
{
    char line[OVERLAY_LINE_MAX];
    int margin = FONT_ADVANCE * side / 2;
    int columns = (area.width - 2 * margin) / (FONT_ADVANCE * side);
    copy_line(line, text, strlen(text));
    cut_label(line, (unsigned)SDL_max(columns, 1));
    fill(
        renderer,
        (SDL_Rect){ area.x, area.y, width_of(line, side) + 2 * margin, overlay_label_height(side) },
        OPACITY);
    SDL_SetRenderDrawColor(renderer, BRIGHT, BRIGHT, BRIGHT, SDL_ALPHA_OPAQUE);
    draw_line(renderer, line, area.x + margin, area.y + margin, side);
}
