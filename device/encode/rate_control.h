/*
 * Chooses each frame's JPEG quality so that the stream keeps a bit rate. Pure; one thread at a
 * time.
 *
 * The model: at scale s(q) of libjpeg's quantisation tables, a picture takes C / s^0.7 bytes, where
 * C is the complexity of recent pictures. For natural pictures between quality 20 and 90 the
 * exponent is right within some 15 %; measuring C with each frame corrects the rest.
 */
#ifndef PITETHER_DEVICE_ENCODE_RATE_CONTROL_H
#define PITETHER_DEVICE_ENCODE_RATE_CONTROL_H

#include <stdint.h>

/* The rate is measured over at most so many frames: at 120 fps, a second. */
enum { RATE_FRAMES = 128 };

struct rate_control {
    int quality_min, quality_max; /* 1..100 */
    uint64_t bits_per_second;     /* 0: no limit, always quality_max */
    double quality;               /* of the next frame, before it is rounded */
    double complexity;            /* C; 0: not known yet */
    struct {
        uint64_t time_ns;
        uint32_t bytes;
    } frames[RATE_FRAMES]; /* a ring: those of the last second */
    unsigned first, count;
};

/* quality_min <= quality_max. */
void rate_control_init(struct rate_control *control, int quality_min, int quality_max,
                       uint64_t bits_per_second);

/* Sets another rate; 0: no limit. */
void rate_control_set(struct rate_control *control, uint64_t bits_per_second);

/* The next frame's quality, 1..100. */
int rate_control_quality(const struct rate_control *control);

/* A frame of that quality was encoded. time_ns: its sensor time; they rise. */
void rate_control_frame(struct rate_control *control, int quality, uint32_t bytes,
                        uint64_t time_ns);

#endif
