/*
 * The duration of each stage between the sensor and the screen. One thread.
 */
#ifndef PITETHER_HOST_REPORT_STAGES_H
#define PITETHER_HOST_REPORT_STAGES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "host/lib/pitether.h"
#include "host/report/histogram.h"

/* In the order of the way; a stage begins where the one before it ends, but for the sums. Encoding,
 * sending and receiving of one frame overlap: what is left of a later one is what it adds. */
enum stage {
    STAGE_CAPTURE,
    STAGE_QUEUE,
    STAGE_ENCODE,
    STAGE_SEND,
    STAGE_NETWORK,
    STAGE_DECODE,
    STAGE_SHOW,
    STAGE_STEPS,
    STAGE_RECEIVED = STAGE_STEPS,
    STAGE_HANDED_OVER,
    STAGE_SHOWN,
    STAGE_SENDING,
    STAGE_RECEIVING,
    STAGES,
};

/* Zeroed: nothing came. */
struct stages {
    struct histogram stage[STAGES];
};

/* A frame came. */
void stages_frame(struct stages *stages, const struct pitether_frame *frame);

/* It was decoded, then presented, at these host times, ns. */
void stages_shown(struct stages *stages, const struct pitether_frame *frame, uint64_t decoded_ns,
                  uint64_t shown_ns);

/* A line for each stage that frames went through: p50, p95 and p99; with bars, which begin where
 * the stage begins on the way from the sensor. */
void stages_list(const struct stages *stages, bool bars, FILE *out);

/* From the sensor to a host time, ns; the frame's clock offset is known. */
int64_t frame_age_at(const struct pitether_frame *frame, uint64_t host_ns);

#endif
