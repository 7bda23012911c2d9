/*
 * From which frame on a change of controls is in force, found from the frames that follow it: no
 * lock, no clock.
 *
 * Where the camera says which frame is the first one to show a change, that is the frame. Otherwise
 * what the frames report under the controls' names is compared with what was set, in up to
 * DECISION_LOOKS frames: those from the first one on that the camera can have made with the change.
 */
#ifndef PITETHER_DEVICE_STREAM_DECISION_H
#define PITETHER_DEVICE_STREAM_DECISION_H

#include "device/stream/change.h"

/* Four times what libcamera's cameras need: sensors take a new exposure after two or three frames,
 * and some frames are on their way already. */
enum { DECISION_LOOKS = 16 };

/* A value lasts if it was reported for this many frames. */
enum { DECISION_LASTS = 4 };

/* What is known of a frame. */
struct decision_frame {
    uint64_t id;
    uint64_t applied, shown; /* as applied_change and shown_change of struct raw_frame */
    const struct metadata *metadata;
    const struct metadata_names *names; /* NULL: nothing is reported */
    bool exact;                         /* the camera reports `shown` */
};

/* All take a change that is not decided yet; once it is, each item has its result.
 *
 * Looks at the next frame, whether the camera can have made it with the change or not. */
void decision_look(struct change *change, const struct decision_frame *frame);

/* A later change sets some of the same controls, or a mode in which these have no effect, and no
 * frame will show the earlier one's values, or a frame already shows the later one's. */
void decision_replace(struct change *earlier, const struct change *later);

/* Of a change that a frame decided: the camera had a later one by then, which sets some of the same
 * controls, or a mode in which these have no effect. Those that had other values are replaced. */
void decision_overtake(struct change *decided, const struct change *later);

/* The camera refused it: no frame will show it, and no later run is set to it. */
void decision_refuse(struct change *change);

/* The camera stopped: no frame will show it. */
void decision_lose(struct change *change);

#endif
