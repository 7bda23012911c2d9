/*
 * The histogram of a picture, and how much of it is clipped. Pure.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_HISTOGRAM_H
#define PITETHER_HOST_SINKS_WINDOW_HISTOGRAM_H

#include "host/jpeg/decoder.h"

enum { HISTOGRAM_BINS = 64 };

struct histogram {
    unsigned luma[HISTOGRAM_BINS], red[HISTOGRAM_BINS], green[HISTOGRAM_BINS], blue[HISTOGRAM_BINS];
    unsigned highest; /* of all bins but the first and the last one */
    /* Shares of the pixels, 0 to 1: all three colours are at their least; one is at its most. */
    double dark, bright;
};

/* Of one pixel in some: at most about 130,000 are looked at, evenly spread. */
void histogram_measure(struct histogram *histogram, const struct jpeg_planes *planes);

#endif
