/*
 * The test picture: colour bars, a grey ramp, a stopwatch, date and time, and the frame's number as
 * digits and as a code that programs read. YUV 4:2:0 at full range.
 *
 *     +-----------------------------------+
 *     | 8 colour bars   .-"""-.           |  white yellow cyan green magenta red blue black
 *     |                /   |   \          |  a circle, if the aspect is right; its long hand goes
 *     |               |    +--  |         |  round once a second, the short one once a minute
 *     | grey ramp      \       /          |  from black to white
 *     |                 '-...-'           |
 *     |   2026-11-28 02:03:52.12 UTC      |  as large as fits, or an excerpt
 *     | [][]  [][][]  []  [] 1234         |  the number (frame_code.h)
 *     +-----------------------------------+
 *
 * What does not fit a small picture is left out, except for the code. Pure; any thread.
 */
#ifndef PITETHER_DEVICE_IMAGE_TEST_CARD_H
#define PITETHER_DEVICE_IMAGE_TEST_CARD_H

#include <stddef.h>
#include <stdint.h>

struct test_card {
    unsigned width, height; /* pixels, PICTURE_MIN_SIDE..PICTURE_MAX_SIDE */
};

/* What differs between the frames. */
struct test_card_moment {
    uint32_t number;
    uint64_t wall_ns; /* CLOCK_REALTIME */
};

/* Bytes of one picture: Y, U, V one after the other, without padding. */
size_t test_card_size(const struct test_card *card);

/* Paints all of it. */
void test_card_paint(const struct test_card *card, uint8_t *yuv, struct test_card_moment now);

/* Turns the picture of one moment into that of another, touching only what differs. */
void test_card_update(const struct test_card *card, uint8_t *yuv, struct test_card_moment from,
                      struct test_card_moment to);

/* The rows of Y above the code: what a camera's settings act upon. */
unsigned test_card_scene_rows(const struct test_card *card);

/* Reads the number back from a luma plane, as decoded from a JPEG. */
uint32_t test_card_read(const uint8_t *luma, size_t stride, unsigned width, unsigned height);

#endif
