/*
 * The card as a camera with settings shows it: brightness and colour by numbers, zoom and blur, and
 * the frame's number, which stays readable.
 */
#include "device/image/card_painter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "device/image/blur.h"
#include "support.h"

static const struct tone_settings neutral = { 1, 1, 1, 0, 1, 1 };
static const struct zoom whole = { 0, 0, 1, 1 };
static const struct {
    unsigned width, height;
} sizes[] = { { 16, 16 }, { 17, 33 }, { 31, 18 }, { 65, 99 }, { 320, 240 }, { 641, 479 } };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct card_look look_of(const struct tone_settings *tone, struct zoom zoom, double blur)
{
    struct card_look look = { .zoom = zoom, .blur = blur };
    tone_make(&look.tone, tone);
    return look;
}

static void init(struct card_painter *painter, unsigned width, unsigned height, struct guarded *yuv)
{
    const struct test_card card = { width, height };
    *painter = (struct card_painter){ .own = NULL };
    assert_int_equal(card_painter_init(painter, &card), 0);
    guarded_make(yuv, test_card_size(&card));
}

static struct test_card_moment moment_of(uint32_t number)
{
    return (struct test_card_moment){ number, UINT64_C(1795831432125000000) + number * 33366700u };
}

/* Without settings, and back from them, the card is the one that is painted without a painter. */
static void the_card_itself_comes_back(void **state)
{
    (void)state;
    const struct tone_settings bright = { 2, 1, 1, 0, 1, 1 };
    const struct card_look plain = look_of(&neutral, whole, 0), other = look_of(&bright, whole, 0);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct card_painter painter;
        struct card_buffer buffer = { .plain = false };
        struct guarded yuv, expected;
        init(&painter, sizes[i].width, sizes[i].height, &yuv);
        guarded_make(&expected, yuv.size);
        for (uint32_t number = 0; number < 12; number++) {
            const struct card_look *look = number % 4 == 2 ? &other : &plain;
            card_painter_paint(&painter, yuv.data, &buffer, moment_of(number), look);
            test_card_paint(&painter.card, expected.data, moment_of(number));
            if (look == &plain)
                assert_memory_equal(yuv.data, expected.data, yuv.size);
            else if (sizes[i].width >= 64) /* in a smaller one there is but the number */
                assert_memory_not_equal(yuv.data, expected.data, yuv.size);
        }
        guarded_free(&expected);
        guarded_free(&yuv);
        card_painter_free(&painter);
    }
}

/* Whatever is set; the memory ends where the picture does. */
static void the_number_stays_readable(void **state)
{
    (void)state;
    const struct tone_settings tones[] = { neutral,
                                           { 0, 1, 1, 0, 1, 1 },
                                           { 1e9, 1, 1, 0, 1, 1 },
                                           { 1, 16, 0, 0, 1, 1 },
                                           { 1, 1, 1, 1, 32, 32 },
                                           { 0.3, 2, 0.5, -1, 0, 0 } };
    const struct zoom zooms[] = {
        whole, { 0.25, 0.25, 0.5, 0.5 }, { -1, -1, 3, 3 }, { 0.9, 0.9, 0.01, 0.01 }, { 5, 5, 1, 1 }
    };
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct card_painter painter;
        struct card_buffer buffer = { .plain = false };
        struct guarded yuv;
        uint32_t number = 77;
        init(&painter, sizes[i].width, sizes[i].height, &yuv);
        for (size_t t = 0; t < COUNT(tones); t++)
            for (size_t z = 0; z < COUNT(zooms); z++)
                for (int blur = 0; blur < 3; blur++) {
                    struct card_look look = look_of(&tones[t], zooms[z], blur * 0.05);
                    card_painter_paint(&painter, yuv.data, &buffer, moment_of(++number), &look);
                    assert_int_equal(
                        test_card_read(yuv.data, sizes[i].width, sizes[i].width, sizes[i].height),
                        number);
                }
        guarded_free(&yuv);
        card_painter_free(&painter);
    }
}

/* What a sample becomes, by the definition in tone.h. */
static void expect(const struct tone_settings *settings, const double in[3], double out[3])
{
    double u = in[1] - 128, v = in[2] - 128, light = pow(settings->light, 1 / 2.2);
    double red = (in[0] + 1.402 * v) * light * pow(settings->red, 1 / 2.2);
    double green = (in[0] - 0.344136 * u - 0.714136 * v) * light;
    double blue = (in[0] + 1.772 * u) * light * pow(settings->blue, 1 / 2.2);
    double luma = 0.299 * red + 0.587 * green + 0.114 * blue;
    out[0] = (luma - 128) * settings->contrast + 128 + 128 * settings->brightness;
    out[1] = (blue - luma) / 1.772 * settings->saturation + 128;
    out[2] = (red - luma) / 1.402 * settings->saturation + 128;
    for (int i = 0; i < 3; i++)
        out[i] = fmax(0, fmin(255, out[i]));
}

static void tones_are_what_the_numbers_say(void **state)
{
    (void)state;
    static const struct tone_settings settings[] = {
        { 1, 1, 1, 0, 1, 1 },   { 0.5, 1, 1, 0, 1, 1 },           { 3, 1, 1, 0, 1, 1 },
        { 1, 0.5, 2, 0, 1, 1 }, { 1, 1, 1, 0.25, 1, 1 },          { 1, 1, 1, -0.5, 2, 1 },
        { 1, 1, 1, 0, 0.5, 3 }, { 0.7, 1.3, 0.9, 0.1, 1.2, 0.4 }, { 16000, 1, 1, 0, 32, 1 },
        { 0, 1, 1, 0, 1, 1 },
    };
    enum { SIDE = 4 };
    for (size_t i = 0; i < COUNT(settings); i++)
        for (int y = 0; y < 256; y += 15)
            for (int u = 0; u < 256; u += 51)
                for (int v = 0; v < 256; v += 51) {
                    uint8_t luma[SIDE * SIDE], blue[SIDE * SIDE / 4], red[SIDE * SIDE / 4];
                    uint8_t *const planes[3] = { luma, blue, red };
                    struct tone tone;
                    const double in[3] = { y, u, v };
                    double out[3];
                    memset(luma, y, sizeof(luma));
                    memset(blue, u, sizeof(blue));
                    memset(red, v, sizeof(red));
                    tone_make(&tone, &settings[i]);
                    tone_apply(&tone, planes, SIDE, SIDE);
                    expect(&settings[i], in, out);
                    for (size_t k = 0; k < sizeof(luma); k++)
                        assert_true(fabs(luma[k] - out[0]) <= 0.75);
                    for (size_t k = 0; k < sizeof(blue); k++) {
                        assert_true(fabs(blue[k] - out[1]) <= 0.75);
                        assert_true(fabs(red[k] - out[2]) <= 0.75);
                    }
                }
}

static void zooms_show_their_part(void **state)
{
    (void)state;
    enum { WIDTH = 8, HEIGHT = 6, OUTSIDE = 200 };
    uint8_t from[WIDTH * HEIGHT], to[WIDTH * HEIGHT];
    for (unsigned i = 0; i < sizeof(from); i++)
        from[i] = (uint8_t)i;
    const struct zoom middle = { 0.25, 0.5, 0.5, 0.5 }, beyond = { -0.5, -0.5, 2, 2 };
    zoom_plane(&whole, from, to, WIDTH, HEIGHT, OUTSIDE);
    assert_memory_equal(to, from, sizeof(from));
    zoom_plane(&middle, from, to, WIDTH, HEIGHT, OUTSIDE);
    for (unsigned y = 0; y < HEIGHT; y++)
        for (unsigned x = 0; x < WIDTH; x++)
            assert_int_equal(to[y * WIDTH + x], (3 + y / 2) * WIDTH + 2 + x / 2);
    zoom_plane(&beyond, from, to, WIDTH, HEIGHT, OUTSIDE);
    for (unsigned y = 0; y < HEIGHT; y++)
        for (unsigned x = 0; x < WIDTH; x++) {
            int column = (int)(2 * x) + 1 - WIDTH / 2, row = (int)(2 * y) + 1 - HEIGHT / 2;
            bool inside = column >= 0 && column < WIDTH && row >= 0 && row < HEIGHT;
            assert_int_equal(to[y * WIDTH + x], inside ? row * WIDTH + column : OUTSIDE);
        }
}

/* Flat stays flat, a step becomes a slope of the square's width, and nothing is read beyond. */
static void blur_takes_the_mean(void **state)
{
    (void)state;
    enum { WIDTH = 64, HEIGHT = 16, RADIUS = 5 };
    struct guarded plane, scratch;
    guarded_make(&plane, WIDTH * HEIGHT);
    guarded_make(&scratch, blur_scratch(WIDTH, HEIGHT));
    memset(plane.data, 99, plane.size);
    blur_plane(plane.data, WIDTH, HEIGHT, RADIUS, scratch.data);
    for (size_t i = 0; i < plane.size; i++)
        assert_int_equal(plane.data[i], 99);
    for (size_t i = 0; i < plane.size; i++)
        plane.data[i] = i % WIDTH < WIDTH / 2 ? 0 : 220;
    blur_plane(plane.data, WIDTH, HEIGHT, RADIUS, scratch.data);
    for (size_t i = 0; i < plane.size; i++) {
        int bright = (int)(i % WIDTH) + RADIUS - WIDTH / 2 + 1;
        bright = bright < 0 ? 0 : bright > 2 * RADIUS + 1 ? 2 * RADIUS + 1 : bright;
        assert_int_equal(plane.data[i], 20 * bright);
    }
    /* A square that is larger than the plane. */
    blur_plane(plane.data, 3, 2, BLUR_RADIUS_MAX, scratch.data);
    blur_plane(plane.data, WIDTH, 0, RADIUS, scratch.data);
    guarded_free(&scratch);
    guarded_free(&plane);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_card_itself_comes_back),
        cmocka_unit_test(the_number_stays_readable),
        cmocka_unit_test(tones_are_what_the_numbers_say),
        cmocka_unit_test(zooms_show_their_part),
        cmocka_unit_test(blur_takes_the_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
