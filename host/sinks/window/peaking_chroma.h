/*
 * The marks of focus peaking in a picture: a copy of its chroma, so that what else looks at the
 * picture sees it as it is. First thread only.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_PEAKS_H
#define PITETHER_HOST_SINKS_WINDOW_PEAKS_H

#include "host/jpeg/decoder.h"

/* All zeroes at first. */
struct peaks {
    uint8_t *chroma; /* both planes; allocated */
    size_t size;
};

/* The planes with the marks, valid until the next call; as they are, if memory is short. */
struct jpeg_planes peaks_mark(struct peaks *peaks, const struct jpeg_planes *planes);

void peaks_clear(struct peaks *peaks);

#endif
