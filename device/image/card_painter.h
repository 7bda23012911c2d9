/*
 * The test card as a camera with settings shows it: zoomed, blurred, and changed in brightness and
 * colour, except for the frame's number at the bottom. Without any of that it is the card itself,
 * of which only what differs from frame to frame is painted.
 *
 * One thread at a time.
 *
 */
#ifndef PITETHER_DEVICE_IMAGE_CARD_PAINTER_H
#define PITETHER_DEVICE_IMAGE_CARD_PAINTER_H

#include "device/image/test_card.h"
#include "device/image/tone.h"
#include "device/image/zoom.h"
#include "shared/base/attributes.h"

struct card_look {
    struct zoom zoom;
    double blur; /* radius, as a share of the picture's width */
    struct tone tone;
};

/* What a buffer holds. Zeroed: nothing that could be used. */
struct card_buffer {
    bool plain; /* the card itself, as of ... */
    struct test_card_moment moment;
};

struct card_painter {
    struct test_card card;
    /* Private. */
    struct card_buffer own_state;
    uint8_t *own, *scratch;
};

/* For cards of this size. -ENOMEM. The painter is to be zeroed. */
NODISCARD int card_painter_init(struct card_painter *painter, const struct test_card *card);

/* May be called for one that was never initialized, or failed to be. */
void card_painter_free(struct card_painter *painter);

/* Paints yuv, which holds test_card_size() bytes; `buffer` says what is in it. */
void card_painter_paint(struct card_painter *painter, uint8_t *yuv, struct card_buffer *buffer,
                        struct test_card_moment now, const struct card_look *look);

#endif
