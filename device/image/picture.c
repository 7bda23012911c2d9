#include "device/image/picture.h"

#include <errno.h>

/* How a format's samples lie in memory. */
struct layout {
    const char *name;
    struct sampling sampling;
    uint8_t planes;
    uint8_t first_bytes;  /* of a pixel in the first plane */
    uint8_t chroma_bytes; /* of a place in each of the others, which has samples of U, V or both */
};

static const struct layout *layout_of(enum pixel_format format)
{
    static const struct layout layouts[] = {
        [PIXEL_YUV420] = { "YUV420", { 3, 2, 2 }, 3, 1, 1 },
        [PIXEL_YUV422] = { "YUV422", { 3, 2, 1 }, 3, 1, 1 },
        [PIXEL_YUV444] = { "YUV444", { 3, 1, 1 }, 3, 1, 1 },
        [PIXEL_GREY] = { "GREY", { 1, 1, 1 }, 1, 1, 0 },
        [PIXEL_NV12] = { "NV12", { 3, 2, 2 }, 2, 1, 2 },
        [PIXEL_YUYV] = { "YUYV", { 3, 2, 1 }, 1, 2, 0 },
        [PIXEL_RGB] = { "RGB", { 3, 2, 2 }, 1, 3, 0 },
        [PIXEL_BGR] = { "BGR", { 3, 2, 2 }, 1, 3, 0 },
        [PIXEL_JPEG] = { "JPEG", { 3, 2, 2 }, 1, 1, 0 },
    };
    static const struct layout unknown = { "?", { 3, 2, 2 }, 0, 0, 0 };
    return (unsigned)format < sizeof(layouts) / sizeof(layouts[0]) ? &layouts[format] : &unknown;
}

const char *pixel_format_name(enum pixel_format format)
{
    return layout_of(format)->name;
}

struct sampling picture_sampling(enum pixel_format format)
{
    return layout_of(format)->sampling;
}

struct orientation picture_orientation(bool hflip, bool vflip, unsigned degrees)
{
    /* To turn is to mirror and, by an odd number of quarters, to transpose. */
    return (struct orientation){ .hflip = hflip != (degrees == 180 || degrees == 270),
                                 .vflip = vflip != (degrees == 90 || degrees == 180),
                                 .transpose = degrees == 90 || degrees == 270 };
}

unsigned picture_coded_width(const struct picture *picture)
{
    return picture->transpose ? picture->height : picture->width;
}

unsigned picture_coded_height(const struct picture *picture)
{
    return picture->transpose ? picture->width : picture->height;
}

struct sampling picture_coded_sampling(const struct picture *picture)
{
    struct sampling sampling = picture_sampling(picture->format);
    if (picture->transpose)
        return (struct sampling){ sampling.components, .h = sampling.v, .v = sampling.h };
    return sampling;
}

unsigned picture_planes(enum pixel_format format)
{
    return layout_of(format)->planes;
}

size_t picture_stride(enum pixel_format format, unsigned plane, size_t first_stride)
{
    const struct layout *layout = layout_of(format);
    const unsigned h = layout->sampling.h;
    return plane == 0 ? first_stride : (first_stride * layout->chroma_bytes + h - 1) / h;
}

size_t picture_row(const struct picture *picture, unsigned plane)
{
    const struct layout *layout = layout_of(picture->format);
    size_t width = picture->width;
    if (picture->format == PIXEL_YUYV)
        width += width % 2; /* whole pairs */
    const unsigned h = layout->sampling.h;
    return plane == 0 ? width * layout->first_bytes : (width + h - 1) / h * layout->chroma_bytes;
}

size_t picture_rows(const struct picture *picture, unsigned plane)
{
    unsigned v = plane == 0 ? 1 : layout_of(picture->format)->sampling.v;
    return (picture->height + v - 1) / v;
}

static bool has_rows(const struct plane *plane, size_t row, size_t rows)
{
    return plane->data && plane->stride >= row && plane->size >= row &&
           (plane->size - row) / plane->stride >= rows - 1;
}

static bool is_side(unsigned side)
{
    return side >= PICTURE_MIN_SIDE && side <= PICTURE_MAX_SIDE;
}

int picture_check(const struct picture *picture)
{
    if (!is_side(picture->width) || !is_side(picture->height))
        return -EINVAL;
    if (picture->format == PIXEL_JPEG)
        return picture->planes[0].data && picture->planes[0].size > 0 ? 0 : -EINVAL;
    const unsigned planes = picture_planes(picture->format);
    for (unsigned i = 0; i < planes; i++)
        if (!has_rows(&picture->planes[i], picture_row(picture, i), picture_rows(picture, i)))
            return -EINVAL;
    return planes > 0 ? 0 : -EINVAL;
}
