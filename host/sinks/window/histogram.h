/*
 * The histogram of a picture, and how much of it is clipped. Pure.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_TONES_H
#define PITETHER_HOST_SINKS_WINDOW_TONES_H

#include "host/jpeg/decoder.h"

enum { TONES_BINS = 64 };

struct tones {
    unsigned luma[TONES_BINS], red[TONES_BINS], green[TONES_BINS], blue[TONES_BINS];
    unsigned highest; /* of all bins but the first and the last one */
    /* Shares of the pixels, 0 to 1: all three colours are at their least; one is at its most. */
    double dark, bright;
};

/* Of one pixel in some: at most about 130,000 are looked at, evenly spread. */
void tones_measure(struct tones *tones, const struct jpeg_planes *planes);

#endif
