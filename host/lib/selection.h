/*
 * Which frames of a stream the receiver wants, over all of its connections: those on the grid of
 * max_fps or every that were captured within duration_s. Pure; one thread.
 */
#ifndef PITETHER_HOST_LIB_SELECTION_H
#define PITETHER_HOST_LIB_SELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "host/lib/frame.h"
#include "shared/protocol/decimation.h"
#include "shared/protocol/wire.h"

/* When a frame was taken, ns. */
struct selection_mark {
    uint64_t epoch, id;
    uint64_t device_ns; /* the sensor's time */
    uint64_t host_ns;   /* the same on this machine's CLOCK_MONOTONIC, as well as it is known */
};

struct selection {
    double duration_ns; /* 0: no limit */
    uint32_t max_fps_mhz, every;
    uint32_t fps_mhz; /* the camera's; 0: not known */
    bool begun;       /* the marks are set */
    struct selection_mark first, last;
    struct decimation grid;
    uint64_t offset; /* the device's clock minus this machine's CLOCK_BOOTTIME */
    bool offset_known;
};

/* max_fps_mhz and every as in SUBSCRIBE; duration_s: 0 is no limit. */
void selection_init(struct selection *selection, uint32_t max_fps_mhz, uint32_t every,
                    double duration_s);

/* The camera's rate, in frames per 1000 s, has become known. */
void selection_set_rate(struct selection *selection, uint32_t fps_mhz);

/* From one wanted frame to the next, ns, a day at most; 0: not known. */
uint64_t selection_interval(const struct selection *selection);

/* A frame has come. suspended_ns: CLOCK_BOOTTIME minus CLOCK_MONOTONIC. Returns how many wanted
 * frames there were before it that neither came nor were replaced by another one. */
uint64_t selection_add(struct selection *selection, const struct pitether_frame *frame,
                       uint64_t suspended_ns);

/* The frame that came last does not count: the duration begins with a later one. */
void selection_begin_later(struct selection *selection);

/* Whether the frame that came last was taken within the duration. */
bool selection_in_time(const struct selection *selection);

/* How many of the frames that the daemon had not sent when the duration was over were taken well
 * before that. */
uint64_t selection_overdue(const struct selection *selection, const struct wire_drops *unsent);

/* Where the grid goes on over a connection to a daemon of this epoch, as SUBSCRIBE's first_due.
 * offset: of its clock, device minus CLOCK_MONOTONIC, if it is known. */
uint64_t selection_resume(struct selection *selection, uint64_t epoch, const int64_t *offset,
                          uint64_t suspended_ns);

#endif
