/*
 * How the device's clock relates to this machine's, from PINGs and PONGs (PROTOCOL.md, 7; RFC 5905,
 * 8). Pure; one thread.
 */
#ifndef PITETHER_HOST_CLOCK_SYNC_H
#define PITETHER_HOST_CLOCK_SYNC_H

#include <stdbool.h>
#include <stdint.h>

enum { CLOCK_SYNC_SAMPLES = 8 };

/* Zeroed: nothing known. */
struct clock_sync {
    struct {
        int64_t offset; /* device minus host, ns */
        uint64_t delay; /* ns, at least 1 */
    } samples[CLOCK_SYNC_SAMPLES];
    unsigned next, count;
};

/* A PONG with t1, t2, t3 was read at t4; t1 and t4 are host times, t2 and t3 device times. One that
 * makes no sense (t4 before t1, a negative delay) is ignored. */
void clock_sync_add(struct clock_sync *sync, uint64_t t1, uint64_t t2, uint64_t t3, uint64_t t4);

/* The best offset and its error, ns; false: nothing known yet. */
bool clock_sync_offset(const struct clock_sync *sync, int64_t *offset, uint64_t *error);

#endif
