#include "device/image/picture.h"

#include <errno.h>

const char *pixel_format_name(enum pixel_format format)
{
    static const char *const names[] = { "YUV420", "YUV422", "YUV444", "GREY", "NV12",
                                         "YUYV",   "RGB",    "BGR",    "JPEG" };
    return (unsigned)format < sizeof(names) / sizeof(names[0]) ? names[format] : "?";
}

static int check_plane(const struct plane *plane, size_t row, size_t rows)
{
    if (!plane->data || plane->stride < row || plane->size < row)
        return -EINVAL;
    return (plane->size - row) / plane->stride >= rows - 1 ? 0 : -EINVAL;
}

int picture_check(const struct picture *picture)
{
    size_t width = picture->width, height = picture->height;
    if (width < PICTURE_MIN_SIDE || width > PICTURE_MAX_SIDE || height < PICTURE_MIN_SIDE ||
        height > PICTURE_MAX_SIDE)
        return -EINVAL;
    size_t half_width = (width + 1) / 2, half_height = (height + 1) / 2;
    const struct plane *planes = picture->planes;
    switch (picture->format) {
    case PIXEL_YUV420:
        return check_plane(&planes[0], width, height) ||
                       check_plane(&planes[1], half_width, half_height) ||
                       check_plane(&planes[2], half_width, half_height)
                   ? -EINVAL
                   : 0;
    case PIXEL_YUV422:
        return check_plane(&planes[0], width, height) ||
                       check_plane(&planes[1], half_width, height) ||
                       check_plane(&planes[2], half_width, height)
                   ? -EINVAL
                   : 0;
    case PIXEL_YUV444:
        return check_plane(&planes[0], width, height) || check_plane(&planes[1], width, height) ||
                       check_plane(&planes[2], width, height)
                   ? -EINVAL
                   : 0;
    case PIXEL_GREY:
        return check_plane(&planes[0], width, height);
    case PIXEL_NV12:
        return check_plane(&planes[0], width, height) ||
                       check_plane(&planes[1], 2 * half_width, half_height)
                   ? -EINVAL
                   : 0;
    case PIXEL_YUYV:
        return check_plane(&planes[0], 4 * half_width, height);
    case PIXEL_RGB:
    case PIXEL_BGR:
        return check_plane(&planes[0], 3 * width, height);
    case PIXEL_JPEG:
        return planes[0].data && planes[0].size > 0 ? 0 : -EINVAL;
    }
    return -EINVAL;
}
