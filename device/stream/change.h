/*
 * One change of a camera's controls, from the request to set them until it is known from which
 * frame on they are in force. Plain data: whoever holds it is its only user.
 */
#ifndef PITETHER_DEVICE_STREAM_CHANGE_H
#define PITETHER_DEVICE_STREAM_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/controls/control_list.h"
#include "shared/controls/metadata.h"
#include "shared/protocol/wire_controls.h"

/* See device/controls/assignments.h. */
struct assignments;

/* In place of a frame id: no frame shows anything of the change. The protocol's number that is
 * never an id. */
#define CHANGE_NO_FRAME UINT64_MAX

/* Who asks for a change. */
struct change_request {
    const void *requester; /* not NULL; only compared */
    uint32_t request;      /* the requester's number for it */
    const char *by;        /* for people */
    const char *text;      /* "NAME=VALUE,NAME=VALUE" */
};

/* One control of it. */
struct change_item {
    char name[CONTROL_NAME_MAX + 1]; /* as in the table; of UNKNOWN as in the request */
    uint8_t result;                  /* enum wire_set_result; OK until it is known */
    bool named;                 /* in the request; otherwise it is set because of another control */
    bool limited;               /* `asked` is out of the limits, so that `given` is another value */
    bool replaced;              /* a later change sets the same control */
    struct value asked;         /* what the request asks for; NONE: auto, or BAD */
    struct value given;         /* what the camera was given; NONE: nothing */
    struct value now;           /* in force; NONE: not known */
    char why[WIRE_WHY_MAX + 1]; /* of OK empty */
    /* See decision.h. */
    bool reached;   /* the newest frame that was looked at shows the value that was set */
    uint64_t since; /* the first frame since which `reached` and, unless it is reached, `now` have
                       not changed */
};

struct change {
    struct change *next;   /* its holder's */
    uint64_t number;       /* not 0; later ones have higher ones */
    const void *requester; /* as in the request; NULL: it is gone */
    uint32_t request;      /* the requester's number for it */
    char by[WIRE_TEXT_MAX + 1];
    uint8_t status;                    /* enum wire_changed_status; DONE until it is known */
    char text[WIRE_BLOB_TEXT_MAX + 1]; /* why it was not done; of DONE empty */
    uint64_t first_frame_id; /* DONE: the first frame from which on everything that took effect is
                                in force, or CHANGE_NO_FRAME. Otherwise 0 */
    bool decided;            /* there is nothing more to find out */
    /* See decision.h. */
    bool taken;                      /* the camera has been given it, ... */
    uint64_t batch;                  /* ... together with the changes up to this number */
    unsigned looks;                  /* frames that were looked at since then */
    struct metadata before;          /* of the last frame before those */
    struct control_list kept_before; /* what users had set before it, or before its batch */
    unsigned count;
    struct change_item items[]; /* in the order in which they are set */
};

/* A change, which the caller free()s. status: DONE for one that is to be decided; any other is
 * decided at once, and text says why. read: what to set, or, of REJECTED, what was wrong; NULL: no
 * items. NULL: out of memory. */
struct change *change_create(const struct change_request *request, enum wire_changed_status status,
                             const char *text, const struct assignments *read);

/* Whether the request gives the control back to the camera, by `auto`. */
static inline bool change_item_is_given_back(const struct change_item *item)
{
    return item->named && item->asked.type == VALUE_NONE;
}

/* Whether it is DONE and at least one of its controls took effect. */
bool change_is_visible(const struct change *change);

#endif
