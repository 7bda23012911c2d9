/*
 * The marks of focus peaking in a picture: a copy of its chroma, so that what else looks at the
 * picture sees it as it is. First thread only.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_PEAKING_CHROMA_H
#define PITETHER_HOST_SINKS_WINDOW_PEAKING_CHROMA_H

#include "host/jpeg/decoder.h"

/* All zeroes at first. */
struct peaking_chroma {
    uint8_t *chroma; /* both planes; allocated */
    size_t size;
};

/* The planes with the marks, valid until the next call; as they are, if memory is short. */
struct jpeg_planes peaking_chroma_mark(struct peaking_chroma *marks,
                                       const struct jpeg_planes *planes);

void peaking_chroma_clear(struct peaking_chroma *marks);

#endif
