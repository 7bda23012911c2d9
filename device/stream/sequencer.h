/*
 * Takes what the camera reports: gives frames their ids, accounts for those that were lost on the
 * way, and hands pictures to the encoder. Ids go on over all runs of the camera.
 */
#ifndef PITETHER_DEVICE_STREAM_SEQUENCER_H
#define PITETHER_DEVICE_STREAM_SEQUENCER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "device/camera/camera.h"
#include "device/stream/changes.h"
#include "device/stream/demand.h"
#include "device/stream/encoder.h"
#include "shared/base/log.h"

/* Pictures that a source may deliver while it is being started: as many as it has buffers. */
enum { SEQUENCER_EARLY_MAX = 16 };

/* What the camera reported of one frame. */
struct sequencer_report {
    struct raw_frame *capture; /* NULL: lost */
    uint32_t sequence;
    uint64_t time_ns; /* sensor time, or if it was lost, when that was reported; CLOCK_BOOTTIME */
    enum wire_drop_reason reason;
};

struct sequencer_totals {
    uint64_t ids;      /* frame ids given out, lost frames included */
    uint64_t captures; /* pictures that came, wanted or not */
};

enum sequencer_state {
    SEQUENCER_SHUT,    /* the camera is off: what it still reports is ignored */
    SEQUENCER_WAITING, /* it is being started: what it reports is kept until it runs */
    SEQUENCER_OPEN,    /* it runs */
};

struct sequencer_config {
    const char *label; /* what log lines begin with */
    struct encoder *encoder;
    struct demand *demand;   /* NULL: each picture is wanted */
    struct changes *changes; /* is shown each picture of the stream; or NULL */
    uint64_t capture_limit;  /* 0: none */
    /* The limit was reached, and nothing is taken any more. Called on the camera's thread, or
     * within sequencer_open(); it must not call back. */
    void (*on_limit)(void *user);
    void *user;
};

struct sequencer {
    struct sequencer_config config;

    pthread_mutex_t gate;
    /* Under gate. */
    enum sequencer_state state;
    struct sequencer_report early[SEQUENCER_EARLY_MAX];
    unsigned early_count;
    bool sequence_known, full;
    uint32_t last_sequence;
    uint64_t last_ns;  /* of the report before */
    double bridge_fps; /* see sequencer_bridge() */
    struct log_limit jump_limit, broken_limit;

    pthread_mutex_t lock;
    struct sequencer_totals totals; /* under lock; written under gate, too */
};

/* It is shut at first. What the config points to must outlive it. */
void sequencer_init(struct sequencer *sequencer, const struct sequencer_config *config);
/* It must be shut. */
void sequencer_destroy(struct sequencer *sequencer);

/* The camera's thread: a picture, lent until raw_frame_release(); a frame that is lost. */
void sequencer_frame(struct sequencer *sequencer, struct raw_frame *capture);
void sequencer_lost(struct sequencer *sequencer, uint32_t sequence, enum wire_drop_reason reason);

/* The supervisor, for each run of the camera: before its start; once its mode is in the event
 * queue, which lets what came early through first; after its stop, or a start that failed. */
void sequencer_expect(struct sequencer *sequencer);
void sequencer_open(struct sequencer *sequencer);
void sequencer_shut(struct sequencer *sequencer);

/* The supervisor, while it is shut: as many frames as would have come at this rate (frames per
 * second) between the last report and the first one of the next run are lost for MODE_SWITCH. 0:
 * none are. */
void sequencer_bridge(struct sequencer *sequencer, double fps);

/* Any thread. */
struct sequencer_totals sequencer_totals(struct sequencer *sequencer);

#endif
