#include "host/sinks/window/text.h"

#include <stdbool.h>
#include <string.h>

#define SDL_MAIN_HANDLED /* main() is the program's own */
#include <SDL.h>

#include "shared/base/font.h"

enum {
    LINE_HEIGHT = FONT_ROWS + 3, /* font pixels */
    LINES_WANTED = 10,           /* that would fill the area from top to bottom */
    COLUMNS_WANTED = 32,         /* that should fit beside one another */
    PLATE = 160,                 /* opacity */
    BRIGHT = 235,
};

/* Copies a line of the text's first bytes, each character as one. */
static void copy_line(char *line, const char *text, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < size; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80 && used < WINDOW_TEXT_LINE_MAX - 1)
            line[used++] = text[i];
    line[used] = '\0';
}

/* How many bytes of the text make up its first line. */
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

unsigned window_text_wrap(const char *text, unsigned columns,
                          char lines[WINDOW_TEXT_LINES][WINDOW_TEXT_LINE_MAX])
{
    unsigned count = 0;
    if (columns >= WINDOW_TEXT_LINE_MAX)
        columns = WINDOW_TEXT_LINE_MAX - 1;
    while (*text && count < WINDOW_TEXT_LINES) {
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

/* The side of a font pixel: smaller than is wanted only so that no word must be cut. */
static int choose_side(const char *text, int width, int height)
{
    int side =
        SDL_min(height / (LINE_HEIGHT * LINES_WANTED), width / (FONT_ADVANCE * COLUMNS_WANTED));
    unsigned longest = longest_word(text);
    while (side > 1 && longest > (unsigned)columns_of(width, side))
        side--;
    return SDL_max(side, 1);
}

static int width_of(const char *line, int side)
{
    return ((int)strlen(line) * FONT_ADVANCE - (FONT_ADVANCE - FONT_COLUMNS)) * side;
}

static void draw_plate(SDL_Renderer *renderer, SDL_Rect plate)
{
    SDL_SetRenderDrawBlendMode(renderer, SDL_BLENDMODE_BLEND);
    SDL_SetRenderDrawColor(renderer, 0, 0, 0, PLATE);
    SDL_RenderFillRect(renderer, &plate);
    SDL_SetRenderDrawBlendMode(renderer, SDL_BLENDMODE_NONE);
}

void window_text_draw(SDL_Renderer *renderer, const char *text, int width, int height)
{
    char lines[WINDOW_TEXT_LINES][WINDOW_TEXT_LINE_MAX];
    int side = choose_side(text, width, height), widest = 0;
    int count = (int)window_text_wrap(text, (unsigned)columns_of(width, side), lines);
    for (int i = 0; i < count; i++)
        widest = SDL_max(widest, width_of(lines[i], side));
    int line_height = LINE_HEIGHT * side, margin = FONT_ADVANCE * side;
    int top = (height - count * line_height) / 2;
    draw_plate(renderer, (SDL_Rect){ (width - widest) / 2 - margin, top - margin / 2,
                                     widest + 2 * margin, count * line_height + margin / 2 });
    SDL_SetRenderDrawColor(renderer, BRIGHT, BRIGHT, BRIGHT, SDL_ALPHA_OPAQUE);
    for (int i = 0; i < count; i++)
        draw_line(renderer, lines[i], (width - width_of(lines[i], side)) / 2, top + i * line_height,
                  side);
}
