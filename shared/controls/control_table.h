/*
 * What a camera can be set to: its controls, as it lists them itself once it is configured. Both
 * ends have the list. A struct control_table is one thread's; it is large, and lives in allocated
 * memory. Pure.
 */
#ifndef PITETHER_SHARED_CONTROLS_CONTROL_TABLE_H
#define PITETHER_SHARED_CONTROLS_CONTROL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/attributes.h"
#include "shared/controls/value.h"

enum {
    CONTROL_NAME_MAX = 48, /* bytes, with the vendor */
    CONTROL_UNIT_MAX = 12, /* bytes */
    CONTROL_WORD_MAX = 31, /* bytes in an enumerator's name */
    CONTROL_ENUMERATORS_MAX = 24,
    CONTROLS_MAX = 128 /* in one table */
};

struct control_enumerator {
    int32_t value;
    char name[CONTROL_WORD_MAX + 1];
};

struct control_info {
    char name[CONTROL_NAME_MAX + 1]; /* libcamera's; of a vendor's "vendor::Name", e.g.
                                        "rpi::ScalerCrops", "draft::NoiseReductionMode" */
    uint8_t type;                    /* enum value_type */
    bool array;
    bool settable;
    uint16_t size;                   /* elements of an array; 0: any number */
    char unit[CONTROL_UNIT_MAX + 1]; /* of the numbers, e.g. "µs"; "": it has none */
    struct value min, max, def;      /* of the type, or VALUE_NONE: not known. Of an array, one
                                        element that holds for all, or one for each */
    struct value set;                /* what a user has set; VALUE_NONE: it is the camera's */
    uint16_t enumerator_count;       /* what an INT32 (or BYTE) may be; 0: any number */
    struct control_enumerator enumerators[CONTROL_ENUMERATORS_MAX];
};

struct control_table {
    unsigned count, capacity;
    struct control_info *items; /* allocated */
};

/* An item more, zeroed but for its name. NULL: out of memory, or CONTROLS_MAX are there. */
struct control_info *control_table_add(struct control_table *table, const char *name);

/* Frees the items; the table is empty then. */
void control_table_clear(struct control_table *table);

/* A copy of its own, which the caller clears. 0 or -ENOMEM. */
NODISCARD int control_table_copy(struct control_table *to, const struct control_table *from);

/* By name (`size` bytes), without regard to case; also by what follows "::" if only one has that.
 * NULL: there is none. */
struct control_info *control_table_find(const struct control_table *table, const char *name,
                                        size_t size);

/* The enumerator's name for a value; NULL: it has none. */
const char *control_word(const struct control_info *info, int64_t value);

#endif
