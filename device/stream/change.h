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

/* What users may ask for, as it was read. */
struct assignments;

/* No frame shows anything of a change: the protocol's number that is no id. */
#define CHANGE_NO_FRAME UINT64_MAX

/* Who asks for a change. */
struct change_request {
    const void *asker; /* not NULL; only compared */
    uint32_t request;  /* the asker's number for it */
    const char *by;    /* for people */
    const char *text;  /* "NAME=VALUE,NAME=VALUE" */
};

/* One control of it. */
struct change_item {
    char name[CONTROL_NAME_MAX + 1]; /* as in the table; of UNKNOWN what the request called it */
    uint8_t result;                  /* enum wire_set_result; OK until it is known */
    bool named;                      /* the request has it; else it follows from one that it has */
    bool limited;                    /* given is not asked, which is out of the limits */
    bool replaced;                   /* a later change has it, too */
    struct value asked;              /* as the request was read; NONE: auto, or BAD */
    struct value given;              /* to the camera; NONE: nothing */
    struct value now;                /* in force; NONE: not known */
    char why[WIRE_WHY_MAX + 1];      /* of OK empty */
    /* See decision.h. */
    bool reached;   /* by the newest frame that was looked at */
    uint64_t since; /* the id from which on that, or else its value, is so */
};

struct change {
    struct change *next; /* its holder's */
    uint64_t number;     /* not 0; later ones have higher ones */
    const void *asker;   /* as in the request; NULL: it is gone */
    uint32_t request;    /* the asker's number for it */
    char by[WIRE_TEXT_MAX + 1];
    uint8_t status;                    /* enum wire_changed_status; DONE until it is known */
    char text[WIRE_BLOB_TEXT_MAX + 1]; /* unless DONE: why not */
    uint64_t first_frame_id; /* DONE: the first frame for which all of it that is in force is;
                                or CHANGE_NO_FRAME. Otherwise 0 */
    bool decided;            /* there is nothing more to find out */
    /* See decision.h. */
    bool taken;             /* the camera has it, ... */
    uint64_t batch;         /* ... with all others up to this number */
    unsigned looks;         /* frames that were looked at since the camera had it */
    struct metadata before; /* of the last frame before that */
    unsigned count;
    struct change_item items[]; /* in the order in which they are set */
};

/* A change that has this status, and so is decided, or DONE. The caller's to free(). text: why not,
 * unless DONE. read: what to set, or of REJECTED what was wrong; NULL: no items. NULL: out of
 * memory. */
struct change *change_create(const struct change_request *request, enum wire_changed_status status,
                             const char *text, const struct assignments *read);

/* Whether it was asked for by `auto`. */
static inline bool change_item_is_given_back(const struct change_item *item)
{
    return item->named && item->asked.type == VALUE_NONE;
}

/* Whether something of it is in force that was not before. */
bool change_is_visible(const struct change *change);

#endif
