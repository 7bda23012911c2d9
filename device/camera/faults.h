/*
 * A script of faults: how and when the test picture fails as a camera would. Tests and users see
 * with it what daemon and receivers do then.
 *
 *     stall@100:5s, gap@300:7, unplug@400:2s
 *
 * The number after @ is the source's sequence number. A fault happens once, with the first frame
 * of at least that number. Times are whole numbers of s or ms.
 *
 * No I/O. One thread at a time.
 */
#ifndef PITETHER_DEVICE_CAMERA_FAULTS_H
#define PITETHER_DEVICE_CAMERA_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/attributes.h"
#include "shared/base/error.h"

enum fault_kind {
    FAULT_STALL,      /* stall@N[:TIME]      gives no frames for TIME, or until it is stopped */
    FAULT_UNPLUG,     /* unplug@N:TIME       is gone, and can't be started for TIME */
    FAULT_GAP,        /* gap@N:COUNT         the sensor skips COUNT frames */
    FAULT_BROKEN,     /* broken@N:COUNT      COUNT frames are broken */
    FAULT_LATE,       /* late@N              the next stop waits for one more frame */
    FAULT_ABSENT,     /* absent@0:TIME       is missing from the program's start, for TIME */
    FAULT_SLOW_START, /* slow-start@N:TIME   the next start takes TIME */
    FAULT_HANG,       /* hang@N[:TIME]       the next stop takes TIME, or forever */
    /* Of the changes of controls that are sent with frame N or later, COUNT or all: */
    FAULT_IGNORE, /* ignore@N[:COUNT]    they have no effect */
    FAULT_CLAMP,  /* clamp@N[:COUNT]     exposure ends at half of what was asked */
    FAULT_REJECT, /* reject@N[:COUNT]    the frame is lost with it, and the change has no effect */
    FAULT_SLOW,   /* slow@N:COUNT        they take effect COUNT frames later than usual */
    FAULT_UNREPORTED, /* unreported@N        frames report no controls, nor which frame shows a
                         change */
    FAULT_UNSHOWN,    /* unshown@N           frames don't report which one shows a change */
    FAULT_SWITCH,     /* switch@0            the camera must be switched for a still */
    FAULT_KINDS
};

struct fault {
    enum fault_kind kind;
    uint32_t frame; /* at most FAULT_FRAME_MAX */
    uint64_t ns;    /* at most FAULT_SECONDS_MAX s; 0: forever */
    uint32_t count; /* 1..FAULT_FRAME_MAX, for kinds with a COUNT; 0: none was given */
};

enum { FAULTS_MAX = 32, FAULT_FRAME_MAX = 1000000000, FAULT_SECONDS_MAX = 3600 };

struct fault_script {
    struct fault faults[FAULTS_MAX]; /* those that have not happened */
    unsigned count;
};

/* Reads a script: at most FAULTS_MAX faults, separated by commas and optional spaces. 0, or -EINVAL
 * with error filled and an empty script. */
NODISCARD int faults_parse(struct fault_script *script, const char *text, struct error *error);

/* Whether there is one of this kind that has not happened. */
bool faults_has(const struct fault_script *script, enum fault_kind kind);

/* Removes the first fault of this kind that is due at the frame from the script; false: none is. */
bool faults_take(struct fault_script *script, enum fault_kind kind, uint32_t frame,
                 struct fault *fault);

#endif
