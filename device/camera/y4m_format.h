/*
 * The header of a YUV4MPEG2 file (yuv4mpeg(5) of mjpegtools). Pure; any thread.
 */
#ifndef PITETHER_DEVICE_CAMERA_Y4M_FORMAT_H
#define PITETHER_DEVICE_CAMERA_Y4M_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "device/image/picture.h"
#include "shared/base/error.h"

enum { Y4M_LINE_MAX = 512 };

struct y4m_header {
    enum pixel_format format; /* YUV420, YUV422, YUV444 or GREY */
    unsigned width, height;   /* pixels */
    double fps;               /* 0.001..10000 */
    bool limited_range;
};

/* Reads the first line, without its line feed. 0, or -EINVAL with the reason in error, which does
 * not name the file. The range is limited unless XCOLORRANGE=FULL, which ffmpeg writes, says
 * otherwise: the colour space's name, "420jpeg" included, gives the place of the chroma samples
 * only. */
int y4m_parse_header(const char *line, struct y4m_header *header, struct error *error);

/* Where the planes of a frame lie in its frame_size bytes. */
void y4m_layout(const struct y4m_header *header, struct picture *picture, size_t offsets[3],
                size_t *frame_size);

#endif
