#include "device/image/test_card.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "device/image/frame_code.h"
#include "shared/base/clock.h"
#include "shared/base/font.h"

enum { BARS = 8, NEUTRAL = 128, BLACK = 0, DIAL = 28, WHITE = 255, TICKS = 12, RADIUS_MIN = 6 };

/* The bars in JFIF's Y, Cb, Cr (ITU-T T.871, 7). */
static const uint8_t bars[BARS][3] = {
    { 255, 128, 128 }, { 226, 0, 149 }, { 179, 171, 0 },  { 150, 44, 21 },
    { 105, 212, 235 }, { 76, 85, 255 }, { 29, 255, 107 }, { 0, 128, 128 },
};

/* The parts of the time's text: the longest one that fits is shown. */
enum { TEXT_MAX = 26 };
static const struct {
    unsigned first, length;
} excerpts[] = { { 0, TEXT_MAX }, { 11, 11 }, { 11, 8 }, { 14, 5 } };

/* A line of text in the luma plane; scale is the side of a font's pixel, 0 if there is no text. */
struct line {
    unsigned left, top, scale, first, length;
};

/* Where the parts lie; in pixels of the luma plane. */
struct layout {
    unsigned card_bottom, bars_bottom; /* bars and ramp; below it is black */
    unsigned centre_x, centre_y, radius;
    struct line time, number;
    struct frame_code code;
};

/* A plane of the picture, and how many luma pixels one of its pixels stands for. */
struct canvas {
    uint8_t *data;
    unsigned width, height, step;
};

static unsigned half(unsigned size)
{
    return (size + 1) / 2;
}

static unsigned min(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

size_t test_card_size(const struct test_card *card)
{
    size_t chroma = (size_t)half(card->width) * half(card->height);
    return (size_t)card->width * card->height + 2 * chroma;
}

/* The line's text ends at `bottom`, above the code, in the lower third of the picture. */
static struct line place_time(const struct test_card *card, unsigned bottom)
{
    for (size_t i = 0; i < sizeof(excerpts) / sizeof(excerpts[0]); i++) {
        struct line line = { .first = excerpts[i].first, .length = excerpts[i].length };
        unsigned columns = line.length * FONT_ADVANCE - 1;
        line.scale = min(card->width / columns, card->height / (12 * FONT_ROWS));
        line.scale = line.scale ? line.scale : card->width >= columns;
        unsigned height = line.scale * FONT_DIGIT_ROWS;
        if (line.scale == 0 || bottom < card->height * 2 / 3 + height)
            continue;
        line.left = (card->width - columns * line.scale) / 2;
        line.top = bottom - height;
        return line;
    }
    return (struct line){ .top = bottom };
}

/* Ten digits to the right of the code, as high as a cell. */
static struct line place_number(const struct test_card *card, const struct frame_code *code)
{
    struct line line = { .length = 10, .scale = code->cell_height / (FONT_DIGIT_ROWS + 1) };
    line.left = code->columns * code->cell_width + line.scale * FONT_ADVANCE / 2;
    line.top = code->top + (code->cell_height - line.scale * FONT_DIGIT_ROWS) / 2;
    if (line.left + line.length * FONT_ADVANCE * line.scale > card->width)
        line.scale = 0;
    return line;
}

static struct layout arrange(const struct test_card *card)
{
    struct layout layout = { .code = frame_code_place(card->width, card->height) };
    unsigned gap = card->height / 54; /* between the lines; none where they barely fit */
    layout.time = place_time(card, layout.code.top - min(gap, layout.code.top));
    layout.number = place_number(card, &layout.code);
    layout.card_bottom = layout.time.top - min(layout.time.scale ? gap : 0, layout.time.top);
    layout.bars_bottom = layout.card_bottom * 3 / 8 * 2; /* even: no chroma sample is shared */
    layout.centre_x = card->width / 2;
    layout.centre_y = layout.card_bottom / 2;
    layout.radius = min(layout.card_bottom, card->width) * 2 / 5;
    if (layout.radius < RADIUS_MIN)
        layout.radius = 0;
    return layout;
}

static void fill(struct canvas plane, unsigned left, unsigned top, unsigned right, unsigned bottom,
                 int value)
{
    for (unsigned y = top; y < bottom; y++)
        memset(plane.data + (size_t)y * plane.width + left, value, right - left);
}

static void paint_bars(struct canvas plane, const struct layout *layout, unsigned component)
{
    for (unsigned bar = 0; bar < BARS; bar++)
        fill(plane, plane.width * bar / BARS, 0, plane.width * (bar + 1) / BARS,
             layout->bars_bottom / plane.step, bars[bar][component]);
}

static void paint_ramp(struct canvas luma, const struct layout *layout)
{
    for (unsigned y = layout->bars_bottom; y < layout->card_bottom; y++)
        for (unsigned x = 0; x < luma.width; x++)
            luma.data[(size_t)y * luma.width + x] = (uint8_t)(x * WHITE / (luma.width - 1));
}

static void paint_disc(struct canvas plane, const struct layout *layout, unsigned radius, int value)
{
    int y_centre = (int)(layout->centre_y / plane.step), r = (int)(radius / plane.step);
    unsigned centre = layout->centre_x / plane.step;
    for (int y = -r; y <= r; y++) {
        unsigned reach = (unsigned)sqrt((r + 0.5) * (r + 0.5) - (double)y * y);
        unsigned row = (unsigned)(y_centre + y);
        fill(plane, centre - reach, row, centre + reach + 1, row + 1, value);
    }
}

/* Inverts a run of pixels; a second call restores them. */
static void invert_run(struct canvas luma, int x, int y, bool steep, unsigned length)
{
    uint8_t *pixel = luma.data + (size_t)y * luma.width + (size_t)x;
    for (unsigned i = 0; i < length; i++, pixel += steep ? 1 : luma.width)
        *pixel ^= WHITE;
}

/* Inverts a hand of the stopwatch: what lies `from` to `to` pixels from the centre in the direction
 * of turn (0 is up, 1/4 to the right), so wide. */
static void invert_hand(struct canvas luma, const struct layout *layout, double turn, double from,
                        double to, unsigned width)
{
    double x = sin(turn * 2 * M_PI), y = -cos(turn * 2 * M_PI);
    bool steep = fabs(y) > fabs(x);
    double along = steep ? y : x, across = steep ? x : y;
    int direction = along > 0 ? 1 : -1;
    unsigned run = (unsigned)lround(width / fabs(along));
    for (int i = (int)lround(from * fabs(along)); i <= (int)lround(to * fabs(along)); i++) {
        int a = direction * i, b = (int)lround(i * across / fabs(along)) - (int)run / 2;
        invert_run(luma, (int)layout->centre_x + (steep ? b : a),
                   (int)layout->centre_y + (steep ? a : b), steep, run);
    }
}

static void paint_dial(struct canvas luma, const struct layout *layout)
{
    unsigned radius = layout->radius, ring = radius / 32 + 1, width = radius / 48 + 1;
    if (radius == 0)
        return;
    paint_disc(luma, layout, radius, WHITE);
    paint_disc(luma, layout, radius - ring, DIAL);
    for (unsigned tick = 0; tick < TICKS; tick++)
        invert_hand(luma, layout, (double)tick / TICKS, radius * 0.84, radius * 0.92, width);
}

/* The stopwatch's hands; a second call removes them. */
static void invert_hands(struct canvas luma, const struct layout *layout, uint64_t wall_ns)
{
    const uint64_t minute = 60 * CLOCK_SECOND;
    double radius = layout->radius;
    if (layout->radius == 0)
        return;
    invert_hand(luma, layout, (double)(wall_ns % CLOCK_SECOND) / CLOCK_SECOND, radius * 0.1,
                radius * 0.8, layout->radius / 32 + 1);
    invert_hand(luma, layout, (double)(wall_ns % minute) / (double)minute, radius * 0.1,
                radius * 0.5, layout->radius / 12 + 1);
}

static void paint_glyph(struct canvas luma, const struct line *line, unsigned place, char character)
{
    unsigned side = line->scale, left = line->left + place * FONT_ADVANCE * side;
    for (unsigned row = 0; row < FONT_DIGIT_ROWS; row++) {
        unsigned bits = font_row(character, row), top = line->top + row * side;
        for (unsigned column = 0; column < FONT_COLUMNS; column++)
            fill(luma, left + column * side, top, left + (column + 1) * side, top + side,
                 bits >> (FONT_COLUMNS - 1 - column) & 1 ? WHITE : BLACK);
    }
}

/* Paints the characters in which two texts differ. */
static void paint_text(struct canvas luma, const struct line *line, const char *from,
                       const char *to)
{
    for (unsigned i = 0; line->scale && i < line->length; i++)
        if (from[line->first + i] != to[line->first + i])
            paint_glyph(luma, line, i, to[line->first + i]);
}

static void write_time(char *text, uint64_t wall_ns)
{
    time_t seconds = (time_t)(wall_ns / CLOCK_SECOND);
    unsigned hundredths = (unsigned)(wall_ns % CLOCK_SECOND / (CLOCK_SECOND / 100));
    struct tm utc = { 0 };
    gmtime_r(&seconds, &utc);
    snprintf(text, TEXT_MAX + 1, "%04u-%02u-%02u %02u:%02u:%02u.%02u UTC",
             (unsigned)(1900 + utc.tm_year) % 10000, (unsigned)(1 + utc.tm_mon) % 100,
             (unsigned)utc.tm_mday % 100, (unsigned)utc.tm_hour % 100, (unsigned)utc.tm_min % 100,
             (unsigned)utc.tm_sec % 100, hundredths % 100);
}

/* Paints what differs from the texts before. */
static void paint_moment(struct canvas luma, const struct layout *layout, const char *time_before,
                         const char *number_before, struct test_card_moment now)
{
    char time[TEXT_MAX + 1], number[11];
    write_time(time, now.wall_ns);
    snprintf(number, sizeof(number), "%-10u", now.number);
    paint_text(luma, &layout->time, time_before, time);
    paint_text(luma, &layout->number, number_before, number);
    invert_hands(luma, layout, now.wall_ns);
}

void test_card_paint(const struct test_card *card, uint8_t *yuv, struct test_card_moment now)
{
    static const char nothing[TEXT_MAX + 1];
    struct layout layout = arrange(card);
    struct canvas luma = { yuv, card->width, card->height, 1 }, plane = luma;
    for (unsigned c = 0; c < 3; c++) {
        size_t size = (size_t)plane.width * plane.height;
        memset(plane.data, c == 0 ? BLACK : NEUTRAL, size);
        paint_bars(plane, &layout, c);
        if (c > 0 && layout.radius > 0)
            paint_disc(plane, &layout, layout.radius, NEUTRAL);
        plane = (struct canvas){ plane.data + size, half(luma.width), half(luma.height), 2 };
    }
    paint_ramp(luma, &layout);
    paint_dial(luma, &layout);
    frame_code_paint(&layout.code, yuv, card->width, ~now.number, now.number);
    paint_moment(luma, &layout, nothing, nothing, now);
}

void test_card_update(const struct test_card *card, uint8_t *yuv, struct test_card_moment from,
                      struct test_card_moment to)
{
    char time[TEXT_MAX + 1], number[11];
    struct layout layout = arrange(card);
    struct canvas luma = { yuv, card->width, card->height, 1 };
    write_time(time, from.wall_ns);
    snprintf(number, sizeof(number), "%-10u", from.number);
    invert_hands(luma, &layout, from.wall_ns);
    frame_code_paint(&layout.code, yuv, card->width, from.number, to.number);
    paint_moment(luma, &layout, time, number, to);
}

unsigned test_card_scene_rows(const struct test_card *card)
{
    return frame_code_place(card->width, card->height).top;
}

uint32_t test_card_read(const uint8_t *luma, size_t stride, unsigned width, unsigned height)
{
    struct frame_code code = frame_code_place(width, height);
    return frame_code_read(&code, luma, stride);
}
