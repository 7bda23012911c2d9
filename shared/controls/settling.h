/*
 * Whether a camera's exposure, white balance and focus have settled, by what it reports of its
 * frames. Both ends ask it: the receiver for --settle, the daemon for stills. Pure; one thread.
 *
 * What is reported decides: the states of exposure, white balance and focus. A camera that reports
 * no state of its exposure has settled it when exposure time and gains have changed by at most 1 %
 * over SETTLING_STEADY frames; one that reports nothing at all has settled at once.
 */
#ifndef PITETHER_SHARED_CONTROLS_SETTLING_H
#define PITETHER_SHARED_CONTROLS_SETTLING_H

#include <stdbool.h>
#include <stdint.h>

/* Frames in a row. */
enum { SETTLING_STEADY = 5 };

/* What is looked at; the order is that of settling_names. */
enum settling_number {
    SETTLING_AE_STATE,
    SETTLING_AE_DRAFT_STATE,
    SETTLING_AE_LOCKED,
    SETTLING_AWB_STATE,
    SETTLING_AWB_DRAFT_STATE,
    SETTLING_AWB_LOCKED,
    SETTLING_AF_STATE,
    SETTLING_EXPOSURE,
    SETTLING_ANALOGUE_GAIN,
    SETTLING_DIGITAL_GAIN,
    SETTLING_NUMBERS
};

/* By which names a frame's metadata have them. */
extern const char *const settling_names[SETTLING_NUMBERS];

enum settling_state {
    SETTLING_WAITS,   /* this frame is to be left out */
    SETTLING_DONE,    /* it has settled: this frame is the first one to be taken */
    SETTLING_GAVE_UP, /* it has not, and the time is over: the same */
};

/* The fields are settling.c's own. */
struct settling {
    uint64_t limit_ns, begin_ns;
    bool begun;
    unsigned steady; /* frames in a row that have what reference has */
    double reference[SETTLING_NUMBERS];
};

/* Nothing is left out for longer than limit_ns; 0: nothing at all. */
void settling_begin(struct settling *settling, uint64_t limit_ns);

/* The next frame. numbers: what is reported of it by those names, NAN where it is not. time_ns: of
 * the frame, by a clock that does not jump; if it goes back, the limit begins anew. After an answer
 * other than SETTLING_WAITS there is nothing more to ask. */
enum settling_state settling_add(struct settling *settling, const double numbers[SETTLING_NUMBERS],
                                 uint64_t time_ns);

#endif
