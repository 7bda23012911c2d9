/*
 * Reads what a user wants a camera to be set to, "NAME=VALUE,NAME=VALUE", against the table of its
 * controls: options of the daemon, and SET messages. The same rules hold for both; they are in
 * shared/doc/controls.md. Pure; any thread.
 */
#ifndef PITETHER_DEVICE_CONTROLS_ASSIGNMENTS_H
#define PITETHER_DEVICE_CONTROLS_ASSIGNMENTS_H

#include "shared/base/error.h"
#include "shared/protocol/wire_controls.h"

/* What to do with a value that is out of the control's range. */
enum assignments_range {
    ASSIGNMENTS_CLAMP, /* take the nearest that is in the range, and report CLAMPED */
    ASSIGNMENTS_REJECT /* report BAD */
};

/* What was read: a struct of some 60 KB. */
struct assignments {
    unsigned count;
    /* One for each NAME=VALUE, in the order of the text: the control's name as in the table (of
     * UNKNOWN as in the text), the result, what was asked for (before it was clamped), and why it
     * can't be set. `now` is NONE. */
    struct wire_change items[CONTROL_LIST_MAX];
    /* What the camera is to be given, in the order in which it must be, with the modes that the
     * values need to have an effect, e.g. ExposureTimeMode with ExposureTime. Values have the
     * table's types and are within its limits. */
    struct control_list list;
    /* Where each item is in the text. */
    struct assignment_piece {
        uint32_t at, size; /* bytes */
    } pieces[CONTROL_LIST_MAX];
};

/* 0: all can be set. -EINVAL: something can't; then the list is empty, each item that is at fault
 * is UNKNOWN or BAD, and all others are UNSET. A text without any assignment gives one item, which
 * is BAD. `set` in the table says what was set before. */
NODISCARD int assignments_read(struct assignments *assignments, const char *text,
                               const struct control_table *table, enum assignments_range range);

/* After -EINVAL: the first item that is at fault as a line for the user, "NAME=VALUE: why". Returns
 * -EINVAL. */
int assignments_explain(const struct assignments *assignments, const char *text,
                        struct error *error);

#endif
