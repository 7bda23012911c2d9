/*
 * A script of what goes wrong with a source, for tests: faults, each on the cue of a frame.
 *
 *     stall@100:5s, gap@300:7, unplug@400:2s
 *
 * The frame is the source's sequence number; a fault comes with the first frame that is not before
 * it, and once. Times are whole numbers of s or ms.
 *
 * No I/O. One thread at a time.
 */
#ifndef PITETHER_DEVICE_CAMERA_FAULTS_H
#define PITETHER_DEVICE_CAMERA_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/error.h"

enum fault_kind {
    FAULT_STALL,  /* stall@N[:TIME]       says nothing for so long, or until it is stopped */
    FAULT_UNPLUG, /* unplug@N:TIME        is lost, and can't be started for so long */
    FAULT_GAP,    /* gap@N:COUNT          the sensor leaves out so many frames */
    FAULT_BROKEN, /* broken@N:COUNT       so many frames are broken */
    FAULT_LATE,   /* late@N               the next stop waits for one more frame */
    FAULT_ABSENT, /* absent@0:TIME        is not there from the program's start on, for so long */
    FAULT_SLOW_START, /* slow-start@N:TIME    the next start takes so long */
    FAULT_HANG,       /* hang@N[:TIME]        the next stop takes so long, or for ever */
    FAULT_KINDS
};

struct fault {
    enum fault_kind kind;
    uint32_t frame; /* at most FAULT_FRAME_MAX */
    uint64_t ns;    /* at most FAULT_SECONDS_MAX s; 0: no end */
    uint32_t count; /* 1..FAULT_FRAME_MAX, of those that have one */
};

enum { FAULTS_MAX = 32, FAULT_FRAME_MAX = 1000000000, FAULT_SECONDS_MAX = 3600 };

struct fault_script {
    struct fault faults[FAULTS_MAX]; /* those to come */
    unsigned count;
};

/* Reads a script: at most FAULTS_MAX faults, separated by commas and optional spaces. 0, or -EINVAL
 * with error filled and an empty script. */
int faults_parse(struct fault_script *script, const char *text, struct error *error);

/* Takes the first fault of this kind that is due at the frame off the script; false: none is. */
bool faults_take(struct fault_script *script, enum fault_kind kind, uint32_t frame,
                 struct fault *fault);

#endif
