/*
 * How much of a live stream may be on the way to one client. What has left for the kernel can't
 * give way to a newer frame any more, so a frame begins only when the ones before it are
 * acknowledged, or when what is still on the way is less than the path itself holds: bandwidth
 * times round trip, and a little for the receiver's answer. The loop thread alone.
 */
#ifndef PITETHER_DEVICE_SERVE_IN_FLIGHT_H
#define PITETHER_DEVICE_SERVE_IN_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/attributes.h"
#include "shared/net/transport.h"

enum { IN_FLIGHT_FRAMES = 32 };

struct in_flight {
    struct {
        uint64_t id;
        uint64_t bytes;
    } sent[IN_FLIGHT_FRAMES]; /* a ring: begun and not acknowledged */
    unsigned first, count;
    uint64_t unacked;     /* bytes of those */
    uint64_t budget;      /* bytes; 0 until the path is known */
    uint64_t measured_ns; /* when it was last measured; CLOCK_MONOTONIC */
};

/* May another frame begin? */
NODISCARD bool in_flight_may_start(const struct in_flight *in_flight);

/* A frame's last byte was handed to the kernel, `bytes` of it in all. */
void in_flight_sent(struct in_flight *in_flight, uint64_t id, uint64_t bytes);

/* The receiver has this frame, and so all before it. Unknown ids are ignored. Looks at the path now
 * and then. */
void in_flight_acked(struct in_flight *in_flight, uint64_t id, struct transport *transport,
                     uint64_t now_ns);

#endif
