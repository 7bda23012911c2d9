/*
 * An uncompressed picture (or a camera's own JPEG) as it lies in memory: a view, it owns nothing.
 */
#ifndef PITETHER_DEVICE_IMAGE_PICTURE_H
#define PITETHER_DEVICE_IMAGE_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/protocol/wire.h"

/* JPEG's own limits: SOF stores 16 bits, libjpeg's JPEG_MAX_DIMENSION is 65500; we stay where
 * width * height * 4 fits 32 bits by far. */
enum { PICTURE_MIN_SIDE = WIRE_SIDE_MIN, PICTURE_MAX_SIDE = WIRE_SIDE_MAX };

enum pixel_format {
    PIXEL_YUV420, /* planar Y, U, V; chroma halved both ways (rounded up) */
    PIXEL_YUV422, /* planar Y, U, V; chroma halved across (rounded up) */
    PIXEL_YUV444, /* planar Y, U, V */
    PIXEL_GREY,   /* planar Y alone */
    PIXEL_NV12,   /* Y, then interleaved U V; chroma halved both ways (rounded up) */
    PIXEL_YUYV,   /* one plane: Y0 U Y1 V; its rows hold whole pairs of pixels */
    PIXEL_RGB,    /* one plane, bytes in memory R G B */
    PIXEL_BGR,    /* one plane, bytes in memory B G R */
    PIXEL_JPEG,   /* planes[0] holds `size` bytes of a complete JPEG; stride is not used */
};

/* How Y, U and V relate to colour. JFIF wants BT.601 at full range (ITU-T T.871, 7). */
enum colour_encoding { COLOUR_BT601, COLOUR_BT709 };

struct plane {
    const uint8_t *data; /* first row, first sample */
    size_t stride;       /* bytes from one row to the next, at least a row's own bytes */
    size_t size;         /* bytes readable from data on; the last row may lack its padding */
};

struct picture {
    enum pixel_format format;
    unsigned width, height; /* pixels, PICTURE_MIN_SIDE..PICTURE_MAX_SIDE */
    struct plane planes[3];
    bool limited_range;            /* Y 16..235, U and V 16..240 (BT.601, 2.5.3) */
    enum colour_encoding encoding; /* for the YUV formats */
    bool hflip, vflip;             /* still to be mirrored, left to right, top to bottom, ... */
    bool transpose;                /* ... and after that rows are to become columns */
};

/* How a picture is to be turned: mirrored first, then transposed. */
struct orientation {
    bool hflip, vflip, transpose;
};

/* Of a picture that is first mirrored and then turned clockwise by 0, 90, 180 or 270 degrees. */
struct orientation picture_orientation(bool hflip, bool vflip, unsigned degrees);

/* The format's name as the log and --list-cameras show it, e.g. "YUV420". */
const char *pixel_format_name(enum pixel_format format);

/* How a format is sampled in JPEG terms (ITU-T T.81, A.1.1), or is to be, for RGB. */
struct sampling {
    unsigned components; /* 1 or 3 */
    unsigned h, v;       /* of Y; U and V have 1, 1 */
};

struct sampling picture_sampling(enum pixel_format format);

/* What the encoder makes of it: transposed if it is to be. */
unsigned picture_coded_width(const struct picture *picture);
unsigned picture_coded_height(const struct picture *picture);
struct sampling picture_coded_sampling(const struct picture *picture);

/* How many planes a format has, 1 to 3. */
unsigned picture_planes(enum pixel_format format);

/* The bytes from one row to the next in a plane, if the first one has so many and the padding is in
 * proportion. */
size_t picture_stride(enum pixel_format format, unsigned plane, size_t first_stride);

/* The bytes of a row without padding, and the rows of a plane; of width, height and format. */
size_t picture_row(const struct picture *picture, unsigned plane);
size_t picture_rows(const struct picture *picture, unsigned plane);

/* 0 if the sizes are in range and each plane holds all the rows, else -EINVAL. */
int picture_check(const struct picture *picture);

#endif
