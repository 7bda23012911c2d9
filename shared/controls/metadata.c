#include "shared/controls/metadata.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* A number, and the count of elements of what has no fixed one. */
enum { HEAD_MAX = 2 };

static bool has_count(unsigned type, bool array)
{
    return array || type == VALUE_TEXT;
}

int metadata_names_add(struct metadata_names *names, const char *name, unsigned type, bool array)
{
    unsigned count = metadata_names_count(names);
    for (unsigned i = 0; i < count; i++) {
        const struct metadata_name *known = &names->items[i];
        if (known->type == type && known->array == array && strcmp(known->name, name) == 0)
            return (int)i;
    }
    if (count == METADATA_NAMES_MAX)
        return -ENOSPC;
    struct metadata_name *added = &names->items[count];
    snprintf(added->name, sizeof(added->name), "%s", name);
    added->type = (uint8_t)type;
    added->array = array;
    __atomic_store_n(&names->count, count + 1, __ATOMIC_RELEASE);
    return (int)count;
}

int metadata_names_find(const struct metadata_names *names, const char *name)
{
    unsigned count = metadata_names_count(names);
    while (count-- > 0)
        if (strcmp(names->items[count].name, name) == 0)
            return (int)count;
    return -ENOENT;
}

bool metadata_add(struct metadata *metadata, unsigned number, const struct value *value)
{
    size_t size = value->count * value_element_size(value->type);
    if (value->type == VALUE_NONE || value->count > UINT8_MAX ||
        HEAD_MAX + size > (size_t)(METADATA_BYTES_MAX - metadata->size))
        return false;
    uint8_t *at = metadata->bytes + metadata->size;
    *at++ = (uint8_t)number;
    if (has_count(value->type, value->array))
        *at++ = (uint8_t)value->count;
    at += value_encode(value, at);
    metadata->size = (uint16_t)(at - metadata->bytes);
    return true;
}

int metadata_next(const struct metadata *metadata, const struct metadata_names *names, size_t *at,
                  unsigned *number, struct value *value)
{
    const uint8_t *byte = metadata->bytes + *at, *end = metadata->bytes + metadata->size;
    if (byte >= end)
        return 0;
    *number = *byte++;
    if (*number >= metadata_names_count(names))
        return -EBADMSG;
    const struct metadata_name *name = &names->items[*number];
    unsigned count = 1;
    if (has_count(name->type, name->array)) {
        if (byte == end)
            return -EBADMSG;
        count = *byte++;
    }
    int used = value_decode(name->type, name->array, count, byte, (size_t)(end - byte), value);
    if (used < 0)
        return used;
    *at = (size_t)(byte + used - metadata->bytes);
    return 1;
}

bool metadata_find(const struct metadata *metadata, const struct metadata_names *names,
                   const char *name, struct value *value)
{
    unsigned number;
    for (size_t at = 0; metadata_next(metadata, names, &at, &number, value) > 0;)
        if (strcmp(names->items[number].name, name) == 0)
            return true;
    return false;
}

double metadata_number(const struct metadata *metadata, const struct metadata_names *names,
                       const char *name)
{
    struct value value;
    return metadata_find(metadata, names, name, &value) ? value_number(&value, 0) : NAN;
}
