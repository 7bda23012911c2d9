#include "host/sinks/window/osd.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/sinks/window/control_text.h"

enum {
    OPACITY = 205,
    VALUES_MAX = 64,
    VALUE_BYTES = 96,
    VALUES_WIDTH = 12,    /* heights of characters, for one value: longer ones are cut */
    HISTOGRAM_HEIGHT = 5, /* lines */
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

void osd_values(struct layer *layer, SDL_Renderer *renderer, const struct glyphs *glyphs,
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
        layer_clear(layer);
        return;
    }
    /* Widths that follow each digit would make it tremble. */
    int step = 4 * glyphs->height, width = names + values + 4 * margin;
    width = SDL_min((width + step - 1) / step * step, most.width);
    if (!layer_begin(layer, width, (int)count * glyphs->line + 2 * margin, OPACITY))
        return;
    for (unsigned i = 0; i < count; i++) {
        int y = margin + (int)i * glyphs->line;
        layer_text(layer, glyphs, margin, y, lines[i].name, layer_grey);
        layer_text(layer, glyphs, names + 2 * margin, y, lines[i].value, layer_bright);
    }
    layer_end(layer, renderer);
}

/* One curve as columns, under those that follow. */
static void draw_bins(struct layer *layer, const unsigned *bins, unsigned highest, SDL_Rect area,
                      SDL_Color colour)
{
    int wide = area.w / HISTOGRAM_BINS;
    for (int i = 0; i < HISTOGRAM_BINS; i++) {
        /* The root makes what is rare visible beside what is not. */
        double share = fmin(1, sqrt((double)bins[i] / highest));
        int high = (int)lround(share * area.h);
        layer_fill(layer, (SDL_Rect){ area.x + i * wide, area.y + area.h - high, wide, high },
                   colour);
    }
}

static void draw_outline(struct layer *layer, const unsigned *bins, unsigned highest, SDL_Rect area,
                         SDL_Color colour)
{
    int wide = area.w / HISTOGRAM_BINS, before = area.h;
    for (int i = 0; i < HISTOGRAM_BINS; i++) {
        double share = fmin(1, sqrt((double)bins[i] / highest));
        int top = area.h - (int)lround(share * area.h);
        int from = i == 0 ? top : SDL_min(top, before), to = SDL_max(top, i == 0 ? top : before);
        layer_fill(layer, (SDL_Rect){ area.x + i * wide, area.y + from, wide, 1 }, colour);
        layer_fill(layer, (SDL_Rect){ area.x + i * wide, area.y + from, 1, to - from + 1 }, colour);
        before = top;
    }
}

static void draw_clipping(struct layer *layer, const struct glyphs *glyphs,
                          const struct histogram *histogram, SDL_Rect area)
{
    char dark[40], bright[40];
    int y = area.y + area.h + glyphs->height / 4;
    snprintf(dark, sizeof(dark), "black %.1f %%", 100 * histogram->dark);
    snprintf(bright, sizeof(bright), "clipped %.1f %%", 100 * histogram->bright);
    layer_text(layer, glyphs, area.x, y, dark,
               histogram->dark > CLIPPED_MUCH ? layer_red : layer_bright);
    layer_text_right(layer, glyphs, area.x + area.w, y, area.w, bright,
                     histogram->bright > CLIPPED_MUCH ? layer_red : layer_bright);
    int wide = area.w / HISTOGRAM_BINS;
    if (histogram->dark > CLIPPED_MUCH)
        layer_fill(layer, (SDL_Rect){ area.x - wide, area.y, wide, area.h }, layer_red);
    if (histogram->bright > CLIPPED_MUCH)
        layer_fill(layer, (SDL_Rect){ area.x + area.w, area.y, wide, area.h }, layer_red);
}

int osd_histogram_height(const struct glyphs *glyphs)
{
    return (HISTOGRAM_HEIGHT + 1) * glyphs->line + 2 * (glyphs->height / 2);
}

void osd_histogram(struct layer *layer, SDL_Renderer *renderer, const struct glyphs *glyphs,
                   const struct histogram *histogram)
{
    static const SDL_Color luma = { 130, 130, 130, 230 };
    int margin = glyphs->height / 2;
    int text = glyphs_width(glyphs, "black 00.0 % clipped 00.0 %");
    int bin = (text + HISTOGRAM_BINS - 1) / HISTOGRAM_BINS;
    SDL_Rect area = { margin, margin, bin * HISTOGRAM_BINS, HISTOGRAM_HEIGHT * glyphs->line };
    if (!layer_begin(layer, area.w + 2 * margin, osd_histogram_height(glyphs), OPACITY))
        return;
    draw_bins(layer, histogram->luma, histogram->highest, area, luma);
    draw_outline(layer, histogram->red, histogram->highest, area, layer_red);
    draw_outline(layer, histogram->green, histogram->highest, area, layer_green);
    draw_outline(layer, histogram->blue, histogram->highest, area, layer_blue);
    draw_clipping(layer, glyphs, histogram, area);
    layer_end(layer, renderer);
}

void osd_notice(struct layer *layer, SDL_Renderer *renderer, const struct glyphs *glyphs,
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
    if (!layer_begin(layer, SDL_min(widest + 2 * margin, max_width), count * glyphs->line + margin,
                     OPACITY))
        return;
    for (int i = 0; i < count; i++)
        layer_text(layer, glyphs, margin, margin / 2 + i * glyphs->line, lines[i], colour);
    layer_end(layer, renderer);
}
