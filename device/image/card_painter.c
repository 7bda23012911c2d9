#include "device/image/card_painter.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "device/image/blur.h"

enum { BLACK = 0, NEUTRAL = 128 };

int card_painter_init(struct card_painter *painter, const struct test_card *card)
{
    painter->card = *card;
    painter->own_state = (struct card_buffer){ .plain = false };
    painter->own = malloc(test_card_size(card));
    painter->scratch = malloc(blur_scratch(card->width, card->height));
    if (painter->own && painter->scratch)
        return 0;
    card_painter_free(painter);
    return -ENOMEM;
}

void card_painter_free(struct card_painter *painter)
{
    free(painter->own);
    free(painter->scratch);
    painter->own = painter->scratch = NULL;
}

static void paint_plain(const struct test_card *card, uint8_t *yuv, struct card_buffer *buffer,
                        struct test_card_moment now)
{
    if (buffer->plain)
        test_card_update(card, yuv, buffer->moment, now);
    else
        test_card_paint(card, yuv, now);
    *buffer = (struct card_buffer){ .plain = true, .moment = now };
}

static unsigned blur_radius(const struct card_look *look, unsigned width)
{
    double radius = round(look->blur * width);
    return radius > BLUR_RADIUS_MAX ? BLUR_RADIUS_MAX : (unsigned)radius;
}

void card_painter_paint(struct card_painter *painter, uint8_t *yuv, struct card_buffer *buffer,
                        struct test_card_moment now, const struct card_look *look)
{
    const struct test_card *card = &painter->card;
    unsigned rows = test_card_scene_rows(card), radius = blur_radius(look, card->width);
    if (zoom_is_neutral(&look->zoom) && radius == 0 && look->tone.neutral) {
        paint_plain(card, yuv, buffer, now);
        return;
    }
    paint_plain(card, painter->own, &painter->own_state, now);
    buffer->plain = false;
    memcpy(yuv, painter->own, test_card_size(card));
    uint8_t *planes[3];
    size_t offset = 0;
    for (unsigned i = 0; i < 3; i++) {
        unsigned width = i ? (card->width + 1) / 2 : card->width;
        unsigned height = i ? (card->height + 1) / 2 : card->height;
        planes[i] = yuv + offset;
        if (!zoom_is_neutral(&look->zoom))
            zoom_plane(&look->zoom, painter->own + offset, planes[i], width, i ? rows / 2 : rows,
                       i ? NEUTRAL : BLACK);
        blur_plane(planes[i], width, i ? rows / 2 : rows, i ? radius / 2 : radius,
                   painter->scratch);
        offset += (size_t)width * height;
    }
    tone_apply(&look->tone, planes, card->width, rows);
}
