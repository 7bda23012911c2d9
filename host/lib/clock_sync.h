/*
 * How the device's clock relates to this machine's, from PINGs and PONGs (PROTOCOL.md, 7). Pure;
 * one thread.
 *
 * The offset, device minus host, is kept as an interval that contains it for certain. A PONG bounds
 * it from both sides; the bounds are kept apart, since one way is often slower than the other. They
 * move apart with time, by as much as the clocks may drift: by RATE_BOUND at first, and by what the
 * measurements leave possible later on.
 *
 * Certain is that as long as both clocks run at their crystals' pace. A clock that is set or slewed
 * (as by NTP after a start), or a suspended machine, breaks it, until the next PONG contradicts
 * what is known: then it starts again from that PONG.
 */
#ifndef PITETHER_HOST_LIB_CLOCK_SYNC_H
#define PITETHER_HOST_LIB_CLOCK_SYNC_H

#include <stdbool.h>
#include <stdint.h>

enum { CLOCK_SYNC_MARKS = 16 };

/* What was known at some time: at host time `at` the offset was within [low, high], ns. */
struct clock_bounds {
    uint64_t at;
    int64_t low, high;
};

/* Zeroed: nothing known. */
struct clock_sync {
    uint64_t epoch; /* of the daemon whose clock it is; see clock_sync_begin() */
    bool known;
    struct clock_bounds now;    /* as of the last PONG; the fields below belong to that time */
    double rate_low, rate_high; /* of the offset's change, ns in a ns */
    double rate_bound;          /* and no more than that either way */
    struct clock_bounds marks[CLOCK_SYNC_MARKS]; /* the closest of each some seconds, a ring */
    uint64_t mark_begun;                         /* when the newest mark's time began */
    unsigned newest, mark_count;
    int64_t asleep; /* see clock_sync_asleep() */
};

/* A conversation with a daemon of that epoch begins: what is known of another one's clock is
 * forgotten, since another epoch may be another machine, or the same one after a restart. */
void clock_sync_begin(struct clock_sync *sync, uint64_t epoch);

/* This machine's CLOCK_BOOTTIME is ahead of its CLOCK_MONOTONIC, the host's clock here, by at least
 * and at most that, ns. Where that has grown, the machine was suspended, and what is known of the
 * offset is forgotten: call before anything that was read since is used. */
void clock_sync_asleep(struct clock_sync *sync, int64_t min, int64_t max);

/* A PONG with t1, t2, t3 was read at t4; t1 and t4 are host times, t2 and t3 device times. One that
 * makes no sense (t4 before t1, a negative delay) is ignored. */
void clock_sync_add(struct clock_sync *sync, uint64_t t1, uint64_t t2, uint64_t t3, uint64_t t4);

/* An offset that is right within *error, ns, for device times from `since` until host time `now`,
 * which is that of the last PONG or later; false: nothing is known yet. */
bool clock_sync_offset(const struct clock_sync *sync, uint64_t since, uint64_t now, int64_t *offset,
                       uint64_t *error);

#endif
