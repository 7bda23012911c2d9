/*
 * --adaptive: the bit rate that the slowest live client can take, found from what it was sent.
 * Pure; the loop thread alone.
 */
#ifndef PITETHER_DEVICE_SERVE_ADAPT_H
#define PITETHER_DEVICE_SERVE_ADAPT_H

#include <stdint.h>

struct adapt {
    uint64_t max;  /* bits a second that --bitrate allows; 0: no limit */
    uint64_t rate; /* now; 0: no limit */
};

/* Call about twice a second. limited: bits a second that reached the slowest of those live clients
 * that missed frames because their path is full; 0: there is none. stream: bits a second that the
 * encoder made. Returns the rate to keep; 0: none. */
uint64_t adapt_update(struct adapt *adapt, uint64_t limited, uint64_t stream);

#endif
