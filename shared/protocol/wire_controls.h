/*
 * The messages about controls and metadata whose blobs are lists or long texts: CONTROLS, SET,
 * CHANGED and METADATA. Apart from struct wire_message, which would be many times as large with
 * them. Pure; any thread.
 */
#ifndef PITETHER_SHARED_PROTOCOL_WIRE_CONTROLS_H
#define PITETHER_SHARED_PROTOCOL_WIRE_CONTROLS_H

#include "shared/controls/control_list.h"
#include "shared/controls/metadata.h"
#include "shared/protocol/wire.h"

enum {
    WIRE_SET_TEXT_MAX = 2048, /* bytes */
    WIRE_WHY_MAX = 96,        /* bytes */
    WIRE_MESSAGE_MAX =
        WIRE_HEADER_SIZE + WIRE_CONTROL_MAX /* what the encoders below write at most */
};

/* SET: what is to be set, as "NAME=VALUE,NAME=VALUE"; see PROTOCOL.md. */
struct wire_set {
    uint32_t request; /* not 0 */
    char text[WIRE_SET_TEXT_MAX + 1];
};

/* What became of one control of a SET. */
enum wire_set_result {
    WIRE_SET_OK = 0,
    WIRE_SET_CLAMPED = 1, /* to the nearest that the camera can do */
    WIRE_SET_IGNORED = 2, /* the camera took it, and did something else or nothing */
    WIRE_SET_UNKNOWN = 3, /* the camera has no such control, or the control no such word */
    WIRE_SET_BAD = 4,     /* the value can't be read, or is not of the control's type */
    WIRE_SET_UNSET = 5, /* nothing is wrong with it, but another control of the SET was rejected */
    WIRE_SET_REPLACED = 6,   /* a later SET replaced it before a frame showed all of this one */
    WIRE_SET_UNREPORTED = 7, /* it was set, and the camera does not report it */
};

struct wire_change {
    char name[CONTROL_NAME_MAX + 1]; /* the control's; of UNKNOWN what the SET called it */
    uint8_t result;             /* enum wire_set_result, or one that a later revision may add */
    struct value asked;         /* what the SET asked for, as it was read; NONE: auto, or BAD */
    struct value now;           /* what is in force; NONE: not known */
    char why[WIRE_WHY_MAX + 1]; /* for people; of OK empty */
};

struct wire_changed {
    struct wire_changed_head head;
    unsigned count;
    struct wire_change items[CONTROL_LIST_MAX];
};

/* The next message of a list of controls: as many as fit, from number *first on, which is advanced.
 * Call until *first is table->count; a table without any takes one message. Returns its size; out
 * holds WIRE_MESSAGE_MAX bytes. */
size_t wire_encode_controls(uint8_t stream, const struct control_table *table, unsigned *first,
                            uint8_t *out);

/* Adds the controls of one message to the table, which is emptied at the first one of a list. 1:
 * the list is complete; 0: more are to come; -EBADMSG: malformed, or not the next message of the
 * list; -ENOMEM. */
NODISCARD int wire_decode_controls(const struct wire_raw *raw, struct control_table *table);

/* Returns the size; out holds WIRE_MESSAGE_MAX bytes. */
size_t wire_encode_set(const struct wire_set *set, uint8_t *out);

/* 0; -EBADMSG: too long, request 0, a zero or line feed in the text, or malformed. */
NODISCARD int wire_decode_set(const struct wire_raw *raw, struct wire_set *set);

/* Returns the size; out holds WIRE_MESSAGE_MAX bytes. If not all fits, values and reasons are left
 * out, but no control. */
size_t wire_encode_changed(const struct wire_changed *changed, uint8_t *out);

NODISCARD int wire_decode_changed(const struct wire_raw *raw, struct wire_changed *changed);

/* METADATA with names from number *first on, below end, which is at most the names' count: as many
 * as fit; *first is advanced. Returns the size; out holds WIRE_MESSAGE_MAX bytes. */
size_t wire_encode_metadata(uint8_t stream, const struct metadata_names *names, unsigned *first,
                            unsigned end, uint8_t *out);

/* Adds the names to those that came before. 0; -EBADMSG: malformed, a number left out or given
 * twice, or too many. */
NODISCARD int wire_decode_metadata(const struct wire_raw *raw, struct metadata_names *names);

#endif
