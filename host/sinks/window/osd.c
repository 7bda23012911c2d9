#include "host/sinks/window/plates.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/sinks/window/control_text.h"

enum {
    PLATE = 205,
    VALUES_MAX = 64,
    VALUE_BYTES = 96,
    VALUES_WIDTH = 12, /* heights of characters, for one value: longer ones are cut */
    TONES_HEIGHT = 5,  /* lines */
    NOTICE_LINES = 6
};
#define CLIPPED_MUCH 0.01 /* of the pixels */

struct value_line {
    char name[VALUE_BYTES], value[VALUE_BYTES];
};

/* The last line says how many there are beyond `max`. */
static unsigned list_values(const struct pitether_frame *frame, const struct camera *camera,
                            struct value_line *lines, unsigned max)
{
    struct pitether_value value;
    size_t at = 0;
    const char *name;
    unsigned count = 1;
    snprintf(lines[0].name, VALUE_BYTES, "frame");
    snprintf(lines[0].value, VALUE_BYTES, "%" PRIu64, frame->id);
    unsigned left_out = 0;
    while ((name = pitether_frame_next_value(frame, &at, &value))) {
        if (count == max) {
            left_out++;
            continue;
        }
        const char *vendor = strstr(name, "::");
        snprintf(lines[count].name, VALUE_BYTES, "%s", vendor ? vendor + 2 : name);
        control_text(camera_find(camera, name), &value, CONTROL_ALL_ELEMENTS, lines[count].value,
                     VALUE_BYTES);
        count++;
    }
    if (left_out > 0) {
        snprintf(lines[count - 1].name, VALUE_BYTES, "...");
        snprintf(lines[count - 1].value, VALUE_BYTES, "%u more", left_out + 1);
    }
    return count;
}

void plate_values(struct sheet *sheet, SDL_Renderer *renderer, const struct glyphs *glyphs,
                  const struct pitether_frame *frame, const struct camera *camera,
                  struct layout_size most)
{
    struct value_line lines[VALUES_MAX];
    int margin = glyphs->height / 2, room = (most.height - 2 * margin) / glyphs->line;
    int names = 0, values = 0;
    unsigned count =
        list_values(frame, camera, lines, (unsigned)SDL_min(SDL_max(room, 1), (int)VALUES_MAX));
    for (unsigned i = 0; i < count; i++) {
        names = SDL_max(names, glyphs_width(glyphs, lines[i].name));
        values = SDL_max(values, glyphs_width(glyphs, lines[i].value));
    }
    values = SDL_min(values, VALUES_WIDTH * glyphs->height);
    if (names + 4 * margin > most.width) { /* nothing could be read */
        sheet_clear(sheet);
        return;
    }
    /* Widths that follow each digit would make it tremble. */
    int step = 4 * glyphs->height, width = names + values + 4 * margin;
    width = SDL_min((width + step - 1) / step * step, most.width);
    if (!sheet_begin(sheet, width, (int)count * glyphs->line + 2 * margin, PLATE))
        return;
    for (unsigned i = 0; i < count; i++) {
        int y = margin + (int)i * glyphs->line;
        sheet_text(sheet, glyphs, margin, y, lines[i].name, sheet_grey);
        sheet_text(sheet, glyphs, names + 2 * margin, y, lines[i].value, sheet_bright);
    }
    sheet_end(sheet, renderer);
}

/* One curve as columns, under those that follow. */
static void draw_bins(struct sheet *sheet, const unsigned *bins, unsigned highest, SDL_Rect area,
                      SDL_Color colour)
{
    int wide = area.w / TONES_BINS;
    for (int i = 0; i < TONES_BINS; i++) {
        /* The root makes what is rare visible beside what is not. */
        double share = fmin(1, sqrt((double)bins[i] / highest));
        int high = (int)lround(share * area.h);
        sheet_fill(sheet, (SDL_Rect){ area.x + i * wide, area.y + area.h - high, wide, high },
                   colour);
    }
}

static void draw_outline(struct sheet *sheet, const unsigned *bins, unsigned highest, SDL_Rect area,
                         SDL_Color colour)
{
    int wide = area.w / TONES_BINS, before = area.h;
    for (int i = 0; i < TONES_BINS; i++) {
        double share = fmin(1, sqrt((double)bins[i] / highest));
        int top = area.h - (int)lround(share * area.h);
        int from = i == 0 ? top : SDL_min(top, before), to = SDL_max(top, i == 0 ? top : before);
        sheet_fill(sheet, (SDL_Rect){ area.x + i * wide, area.y + from, wide, 1 }, colour);
        sheet_fill(sheet, (SDL_Rect){ area.x + i * wide, area.y + from, 1, to - from + 1 }, colour);
        before = top;
    }
}

static void draw_clipping(struct sheet *sheet, const struct glyphs *glyphs,
                          const struct tones *tones, SDL_Rect area)
{
    char dark[40], bright[40];
    int y = area.y + area.h + glyphs->height / 4;
    snprintf(dark, sizeof(dark), "black %.1f %%", 100 * tones->dark);
    snprintf(bright, sizeof(bright), "clipped %.1f %%", 100 * tones->bright);
    sheet_text(sheet, glyphs, area.x, y, dark,
               tones->dark > CLIPPED_MUCH ? sheet_red : sheet_bright);
    sheet_text_right(sheet, glyphs, area.x + area.w, y, area.w, bright,
                     tones->bright > CLIPPED_MUCH ? sheet_red : sheet_bright);
    int wide = area.w / TONES_BINS;
    if (tones->dark > CLIPPED_MUCH)
        sheet_fill(sheet, (SDL_Rect){ area.x - wide, area.y, wide, area.h }, sheet_red);
    if (tones->bright > CLIPPED_MUCH)
        sheet_fill(sheet, (SDL_Rect){ area.x + area.w, area.y, wide, area.h }, sheet_red);
}

int plate_tones_height(const struct glyphs *glyphs)
{
    return (TONES_HEIGHT + 1) * glyphs->line + 2 * (glyphs->height / 2);
}

void plate_tones(struct sheet *sheet, SDL_Renderer *renderer, const struct glyphs *glyphs,
                 const struct tones *tones)
{
    static const SDL_Color luma = { 130, 130, 130, 230 };
    int margin = glyphs->height / 2;
    int text = glyphs_width(glyphs, "black 00.0 % clipped 00.0 %");
    int bin = (text + TONES_BINS - 1) / TONES_BINS;
    SDL_Rect area = { margin, margin, bin * TONES_BINS, TONES_HEIGHT * glyphs->line };
    if (!sheet_begin(sheet, area.w + 2 * margin, plate_tones_height(glyphs), PLATE))
        return;
    draw_bins(sheet, tones->luma, tones->highest, area, luma);
    draw_outline(sheet, tones->red, tones->highest, area, sheet_red);
    draw_outline(sheet, tones->green, tones->highest, area, sheet_green);
    draw_outline(sheet, tones->blue, tones->highest, area, sheet_blue);
    draw_clipping(sheet, glyphs, tones, area);
    sheet_end(sheet, renderer);
}

void plate_notice(struct sheet *sheet, SDL_Renderer *renderer, const struct glyphs *glyphs,
                  const char *text, SDL_Color colour, int max_width)
{
    char lines[NOTICE_LINES][NOTICE_MAX];
    int margin = glyphs->height / 2, widest = 0, count = 0;
    while (*text && count < NOTICE_LINES) {
        size_t size = glyphs_line(glyphs, text, max_width - 2 * margin);
        snprintf(lines[count], NOTICE_MAX, "%.*s", (int)size, text);
        int width = glyphs_width(glyphs, lines[count++]);
        widest = SDL_max(widest, width);
        text += size;
        text += *text == ' ';
    }
    if (!sheet_begin(sheet, SDL_min(widest + 2 * margin, max_width), count * glyphs->line + margin,
                     PLATE))
        return;
    for (int i = 0; i < count; i++)
        sheet_text(sheet, glyphs, margin, margin / 2 + i * glyphs->line, lines[i], colour);
    sheet_end(sheet, renderer);
}
