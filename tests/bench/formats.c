#include "formats.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/encode/jpeg_slice.h"

bool form_parse(const char *text, struct picture *form)
{
    char words[64], *rest = words;
    *form = (struct picture){ .format = PIXEL_YUV420 };
    snprintf(words, sizeof(words), "%s", text);
    const char *word = strsep(&rest, ",");
    while (form->format < PIXEL_JPEG && strcmp(word, pixel_format_name(form->format)) != 0)
        form->format++;
    if (strcmp(word, pixel_format_name(form->format)) != 0)
        return false;
    while ((word = strsep(&rest, ","))) {
        if (strcmp(word, "limited") == 0)
            form->limited_range = true;
        else if (strcmp(word, "bt709") == 0)
            form->encoding = COLOUR_BT709;
        else if (strcmp(word, "hflip") == 0)
            form->hflip = true;
        else if (strcmp(word, "vflip") == 0)
            form->vflip = true;
        else if (strcmp(word, "transpose") == 0)
            form->transpose = true;
        else
            return false;
    }
    return true;
}

static uint8_t to_byte(double value)
{
    return (uint8_t)lround(fmin(fmax(value, 0), 255));
}

/* A pixel's Y, U, V as BT.601 at full range has them, to those of the form, or to R, G, B. */
static void convert(const struct picture *form, const uint8_t in[3], uint8_t out[3])
{
    double y = in[0], u = in[1] - 128, v = in[2] - 128;
    double r = y + 1.402 * v, b = y + 1.772 * u, g = (y - 0.299 * r - 0.114 * b) / 0.587;
    if (form->format == PIXEL_RGB || form->format == PIXEL_BGR) {
        out[0] = to_byte(form->format == PIXEL_RGB ? r : b);
        out[1] = to_byte(g);
        out[2] = to_byte(form->format == PIXEL_RGB ? b : r);
        return;
    }
    if (form->encoding == COLOUR_BT709) {
        y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        u = (b - y) / 1.8556;
        v = (r - y) / 1.5748;
    }
    out[0] = to_byte(form->limited_range ? 16 + y * 219 / 255 : y);
    out[1] = to_byte(128 + (form->limited_range ? u * 224 / 255 : u));
    out[2] = to_byte(128 + (form->limited_range ? v * 224 / 255 : v));
}

/* Where a sample of component c belongs, of the pixel at x, y; NULL: the format does not hold it.
 */
static uint8_t *place(const struct picture *picture, unsigned c, unsigned x, unsigned y)
{
    unsigned plane = 0;
    size_t at = 3 * (size_t)x + c;
    bool chroma = c > 0, second = (x | y) & 1;
    switch (picture->format) {
    case PIXEL_YUV420:
        if (chroma && second)
            return NULL;
        plane = c;
        at = x >> chroma;
        y >>= chroma;
        break;
    case PIXEL_YUV422:
        if (chroma && x & 1)
            return NULL;
        plane = c;
        at = x >> chroma;
        break;
    case PIXEL_YUV444:
        plane = c;
        at = x;
        break;
    case PIXEL_GREY:
        if (chroma)
            return NULL;
        at = x;
        break;
    case PIXEL_NV12:
        if (chroma && second)
            return NULL;
        plane = chroma;
        at = chroma ? x + c - 1 : x;
        y >>= chroma;
        break;
    case PIXEL_YUYV:
        if (chroma && x & 1)
            return NULL;
        at = 2 * (size_t)x + (chroma ? 2 * c - 1 : 0);
        break;
    default:
        break;
    }
    return (uint8_t *)picture->planes[plane].data + y * picture->planes[plane].stride + at;
}

static uint8_t *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

/* Sets the planes, in one allocation. */
static void allocate(struct picture *picture)
{
    static const struct {
        unsigned row[3], rows[3]; /* halves of a picture's width and height */
    } shapes[PIXEL_JPEG] = {
        [PIXEL_YUV420] = { { 2, 1, 1 }, { 2, 1, 1 } },
        [PIXEL_YUV422] = { { 2, 1, 1 }, { 2, 2, 2 } },
        [PIXEL_YUV444] = { { 2, 2, 2 }, { 2, 2, 2 } },
        [PIXEL_GREY] = { { 2 }, { 2 } },
        [PIXEL_NV12] = { { 2, 2 }, { 2, 1 } },
        [PIXEL_YUYV] = { { 4 }, { 2 } },
        [PIXEL_RGB] = { { 6 }, { 2 } },
        [PIXEL_BGR] = { { 6 }, { 2 } },
    };
    size_t offsets[3], size = 0;
    for (unsigned i = 0; i < 3; i++) {
        struct plane *plane = &picture->planes[i];
        plane->stride = shapes[picture->format].row[i] * (size_t)picture->width / 2;
        plane->size = plane->stride * (shapes[picture->format].rows[i] * picture->height / 2);
        offsets[i] = size;
        size += plane->size;
    }
    uint8_t *memory = must(malloc(size));
    for (unsigned i = 0; i < 3; i++)
        picture->planes[i].data = memory + offsets[i];
}

static void compress(struct picture *picture, const struct picture *from, int quality)
{
    struct slice_plan plan = slice_plan(from, 1);
    struct slice out = { 0 };
    struct jpeg_slicer *slicer = jpeg_slicer_create();
    if (!slicer || jpeg_slice_encode(slicer, from, &plan, 0, quality, &out))
        abort();
    picture->planes[0] = (struct plane){ out.buffer, 0, out.size };
    jpeg_slicer_destroy(slicer);
}

struct picture form_make(const struct picture *form, const struct picture *from, int quality)
{
    struct picture picture = *form;
    picture.width = from->width;
    picture.height = from->height;
    if (form->format == PIXEL_JPEG) {
        compress(&picture, from, quality);
        return picture;
    }
    allocate(&picture);
    for (unsigned y = 0; y < picture.height; y++)
        for (unsigned x = 0; x < picture.width; x++) {
            uint8_t in[3], out[3];
            for (unsigned c = 0; c < 3; c++)
                in[c] =
                    from->planes[c].data[(y >> (c > 0)) * from->planes[c].stride + (x >> (c > 0))];
            convert(form, in, out);
            for (unsigned c = 0; c < 3; c++) {
                uint8_t *to = place(&picture, c, x, y);
                if (to)
                    *to = out[c];
            }
        }
    return picture;
}
