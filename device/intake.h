/*
 * Takes in what the camera says: gives frames their ids, accounts for those that were lost on the
 * way, and hands pictures to the encoder. Ids go on over all runs of the camera.
 */
#ifndef PITETHER_DEVICE_INTAKE_H
#define PITETHER_DEVICE_INTAKE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "device/camera.h"
#include "device/demand.h"
#include "device/encoder.h"
#include "shared/log.h"

/* As many as a source has buffers: what it gives while it is still being started. */
enum { INTAKE_EARLY_MAX = 16 };

/* What the camera said of one frame. */
struct intake_report {
    struct capture *capture; /* NULL: lost */
    uint32_t sequence;
    uint64_t time_ns; /* sensor time, or if it was lost, when that was told; CLOCK_BOOTTIME */
    enum wire_drop_reason reason;
};

struct intake_totals {
    uint64_t ids;      /* frame ids given out, lost frames included */
    uint64_t captures; /* pictures that came, whether or not anybody wanted them */
};

enum intake_state {
    INTAKE_SHUT,    /* the camera is off: what it says all the same counts for nothing */
    INTAKE_WAITING, /* it is being started: what it says waits */
    INTAKE_OPEN,    /* it runs */
};

struct intake {
    struct encoder *encoder;
    struct demand *demand;        /* NULL: each picture is wanted */
    uint64_t capture_limit;       /* 0: none */
    void (*on_limit)(void *user); /* it was reached, and nothing is taken in any more */
    void *user;

    atomic_uint calls; /* the begins and ends of calls by the camera's thread; odd: in one */

    pthread_mutex_t gate;
    /* Under gate. */
    enum intake_state state;
    struct intake_report early[INTAKE_EARLY_MAX];
    unsigned early_count;
    bool sequence_known, full;
    uint32_t last_sequence;
    uint64_t last_ns; /* of the report before */
    struct log_limit jump_limit, broken_limit;

    pthread_mutex_t lock;
    struct intake_totals totals; /* under lock; written under gate, too */
};

/* It is shut. The encoder and the demand must outlive it. on_limit is called on the camera's
 * thread, or within intake_open(), and must not call back. */
void intake_init(struct intake *intake, struct encoder *encoder, struct demand *demand,
                 uint64_t capture_limit, void (*on_limit)(void *user), void *user);
/* Shut it first. */
void intake_destroy(struct intake *intake);

/* The camera's thread: a picture, lent until capture_release(); a frame that came to nothing. */
void intake_capture(struct intake *intake, struct capture *capture);
void intake_lost(struct intake *intake, uint32_t sequence, enum wire_drop_reason reason);

/* The supervisor, for each run of the camera: before its start; once the hub has been told of its
 * mode, which lets what came early through first; after its stop, or a start that failed. */
void intake_expect(struct intake *intake);
void intake_open(struct intake *intake);
void intake_shut(struct intake *intake);

/* Any thread: another number than the last time, or an odd one, is a sign of life. */
unsigned intake_calls(struct intake *intake);

/* Any thread. */
struct intake_totals intake_totals(struct intake *intake);

#endif
