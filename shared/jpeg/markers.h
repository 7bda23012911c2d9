/*
 * The markers of a JPEG (ITU-T T.81, annex B), for those who read its structure and decode nothing:
 * the segments of its header, and the markers within its entropy-coded data. Pure; any thread.
 */
#ifndef PITETHER_SHARED_JPEG_MARKERS_H
#define PITETHER_SHARED_JPEG_MARKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/attributes.h"

/* Table B.1. */
enum {
    MARKER_SOF0 = 0xC0,
    MARKER_SOF1 = 0xC1,
    MARKER_DHT = 0xC4,
    MARKER_JPG = 0xC8,
    MARKER_DAC = 0xCC,
    MARKER_SOF15 = 0xCF,
    MARKER_RST0 = 0xD0,
    MARKER_RST7 = 0xD7,
    MARKER_SOI = 0xD8,
    MARKER_EOI = 0xD9,
    MARKER_SOS = 0xDA,
    MARKER_DQT = 0xDB,
    MARKER_DRI = 0xDD,
    MARKER_APP0 = 0xE0,
    MARKER_APP14 = 0xEE,
    MARKER_APP15 = 0xEF,
    MARKER_COM = 0xFE
};

/* Whether it begins a frame header (SOFn). */
bool jpeg_marker_is_frame(uint8_t marker);

struct jpeg_segment {
    uint8_t marker;
    size_t offset;          /* of the marker */
    const uint8_t *content; /* behind the length field */
    size_t size;            /* of the content */
};

/*
 * Reads the segment at offset *at of the header, which begins behind SOI; fill bytes may precede
 * it. *at is moved to its end. 0; -EBADMSG: no segment is there; -ENODATA: it is cut off. Then *at
 * and the segment mean nothing.
 */
NODISCARD int jpeg_read_segment(const uint8_t *jpeg, size_t size, size_t *at,
                                struct jpeg_segment *segment);

/* The next marker in entropy-coded data from offset *at on, which is moved behind it; stuffed zeros
 * and fill bytes are skipped. -ENODATA: there is none. */
NODISCARD int jpeg_find_marker(const uint8_t *jpeg, size_t size, size_t *at);

#endif
