/*
 * What a camera reports of a frame, packed: for each value a byte that stands for its name, and the
 * value's bytes. The names are in a table that only grows, so that what was packed once can be read
 * later on. See PROTOCOL.md, section 5.
 */
#ifndef PITETHER_SHARED_CONTROLS_METADATA_H
#define PITETHER_SHARED_CONTROLS_METADATA_H

#include "shared/controls/control_table.h"

enum {
    METADATA_NAMES_MAX = 128,
    METADATA_BYTES_MAX = 512, /* packed, of one frame */
};

struct metadata_name {
    char name[CONTROL_NAME_MAX + 1]; /* as struct control_info has it */
    uint8_t type;
    bool array;
};

/* Zeroed at first. One thread adds; any thread reads those below metadata_names_count(). */
struct metadata_names {
    unsigned count; /* atomic; C and C++ have no common type for that */
    struct metadata_name items[METADATA_NAMES_MAX];
};

static inline unsigned metadata_names_count(const struct metadata_names *names)
{
    return __atomic_load_n(&names->count, __ATOMIC_ACQUIRE);
}

/* The number that stands for a value of this name and type: an earlier one, or a new one. -ENOSPC:
 * there are too many. */
int metadata_names_add(struct metadata_names *names, const char *name, unsigned type, bool array);

/* The number of the name, of whatever type; the newest, if there are several. -ENOENT. */
int metadata_names_find(const struct metadata_names *names, const char *name);

struct metadata {
    uint16_t size;
    uint8_t bytes[METADATA_BYTES_MAX];
};

/* Appends a value whose name has this number. False: there is no space, or it is VALUE_NONE. */
bool metadata_add(struct metadata *metadata, unsigned number, const struct value *value);

/* Reads the value at offset *at, which goes behind it. 1; 0: there are no more; -EBADMSG: an
 * unknown number, or the value runs over the end. Any thread. */
NODISCARD int metadata_next(const struct metadata *metadata, const struct metadata_names *names,
                            size_t *at, unsigned *number, struct value *value);

/* The value of that name. False: it was not reported, or the bytes are malformed. */
bool metadata_find(const struct metadata *metadata, const struct metadata_names *names,
                   const char *name, struct value *value);

/* A number that was reported, or NAN. */
double metadata_number(const struct metadata *metadata, const struct metadata_names *names,
                       const char *name);

#endif
