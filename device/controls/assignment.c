#include "device/controls/assignment.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "device/controls/limits.h"
#include "device/controls/names.h"
#include "device/controls/pairs.h"
#include "device/controls/value_text.h"
#include "shared/base/text.h"
#include "shared/controls/enumerators.h"

/* A value as it is written; what is longer is no value of any control. */
enum { VALUE_TEXT_MAX = VALUE_TEXT_SIZE };

/* Of so many unknown names the nearest ones are told. */
enum { SUGGESTIONS_MAX = 4 };

/* A piece while it is read. */
struct reading {
    struct assignments *out;
    const struct control_table *table;
    enum assignments_range range;
};

void assignment_reject(struct wire_change *item, enum wire_set_result result, const char *format,
                       ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(item->why, sizeof(item->why), format, arguments);
    va_end(arguments);
    text_trim(item->why);
    item->result = (uint8_t)result;
}

void assignment_give(struct assignments *out, struct wire_change *item, const char *name,
                     const struct value *value)
{
    if (!control_list_set(&out->list, name, value))
        assignment_reject(item, WIRE_SET_BAD, "more than %d values at once", CONTROL_LIST_MAX);
}

/* The two sides of NAME=VALUE. */
struct parts {
    const char *name; /* of name_size bytes; part of the text */
    size_t name_size;
    char value[VALUE_TEXT_MAX + 1];
};

static size_t trimmed(const char **text, size_t size)
{
    while (size > 0 && **text == ' ')
        ++*text, size--;
    while (size > 0 && (*text)[size - 1] == ' ')
        size--;
    return size;
}

/* Cuts a piece at its "=". */
static bool cut(const char *piece, size_t size, struct parts *parts, struct wire_change *item)
{
    const char *equals = memchr(piece, '=', size);
    parts->name = piece;
    parts->name_size = trimmed(&parts->name, equals ? (size_t)(equals - piece) : size);
    text_copy(item->name, parts->name, parts->name_size, CONTROL_NAME_MAX);
    const char *value = equals ? equals + 1 : piece + size;
    size_t value_size = trimmed(&value, (size_t)(piece + size - value));
    if (parts->name_size == 0 || value_size == 0)
        assignment_reject(item, WIRE_SET_BAD, "give NAME=VALUE");
    else if (value_size > VALUE_TEXT_MAX)
        assignment_reject(item, WIRE_SET_BAD, "the value is too long");
    else
        text_copy(parts->value, value, value_size, VALUE_TEXT_MAX);
    return item->result == WIRE_SET_OK;
}

/* Replaces a value that only the alias has. *info is another control's after that, if the value is
 * for another one. */
static bool translate(const struct reading *reading, const struct alias *alias, struct parts *parts,
                      const struct control_info **info, struct wire_change *item)
{
    const struct alias_value *known = alias ? alias_value_find(alias, parts->value) : NULL;
    if (!known)
        return true;
    if (known->refusal) {
        assignment_reject(item, WIRE_SET_BAD, "%s", known->refusal);
        return false;
    }
    if (known->control)
        *info = control_table_find(reading->table, known->control, strlen(known->control));
    if (!*info) {
        assignment_reject(item, WIRE_SET_UNKNOWN, "the camera has no %s", known->control);
        return false;
    }
    const struct control_info *trigger =
        known->trigger ? control_table_find(reading->table, known->trigger, strlen(known->trigger))
                       : NULL;
    if (trigger && trigger->settable)
        assignment_give(reading->out, item, trigger->name,
                        &(struct value){ .type = trigger->type, .count = 1 });
    snprintf(parts->value, sizeof(parts->value), "%s", known->value);
    return true;
}

static void clamp(const struct reading *reading, struct wire_change *item,
                  const struct control_info *info, struct value *value)
{
    char range[80];
    if (!limits_clamp(reading->table, info, value) && item->result != WIRE_SET_CLAMPED)
        return;
    limits_format(reading->table, info, range, sizeof(range));
    if (*range)
        assignment_reject(item, WIRE_SET_CLAMPED, "the range is %s", range);
    if (reading->range == ASSIGNMENTS_REJECT)
        item->result = WIRE_SET_BAD;
}

static bool is_reversed(const struct control_info *info, const struct value *value)
{
    return strcmp(info->name, "FrameDurationLimits") == 0 && value->type == VALUE_INT64 &&
           value->count == 2 && value->int64[0] > value->int64[1];
}

static void read_value(const struct reading *reading, struct wire_change *item,
                       const struct control_info *info, const char *text)
{
    struct value value = { .type = VALUE_NONE };
    bool is_default = strcasecmp(text, "default") == 0;
    if (is_default && info->def.type != info->type) {
        assignment_reject(item, WIRE_SET_BAD, "its default is not known");
        return;
    }
    if (is_default)
        value = limits_default(info);
    else
        item->result = (uint8_t)value_text_read(text, reading->table, info, &value, item->why);
    if (!assignment_is_rejected(item) && is_reversed(info, &value))
        assignment_reject(item, WIRE_SET_BAD, "give the shortest frame first");
    if (assignment_is_rejected(item))
        return;
    item->asked = value;
    clamp(reading, item, info, &value);
    if (!assignment_is_rejected(item))
        assignment_give(reading->out, item, info->name, &value);
}

/* Whether the text says that the camera is to choose. */
static bool is_auto(const struct control_info *info, const char *text)
{
    int32_t number;
    double red, blue;
    char rest;
    if (strcmp(info->name, "ColourGains") == 0 &&
        sscanf(text, "%lf , %lf%c", &red, &blue, &rest) == 2)
        return red == 0 && blue == 0;
    return strcasecmp(text, "auto") == 0 && enumerator_read(info, text, &number) != 0;
}

static bool is_given(const struct assignments *out, const char *name)
{
    for (unsigned i = 0; i + 1 < out->count; i++)
        if (strcmp(out->items[i].name, name) == 0)
            return true;
    return false;
}

static void assign(const struct reading *reading, struct wire_change *item,
                   const struct control_info *info, const char *text)
{
    snprintf(item->name, sizeof(item->name), "%s", info->name);
    if (!info->settable)
        assignment_reject(item, WIRE_SET_BAD, "it can't be set: the camera only reports it");
    else if (is_given(reading->out, info->name))
        assignment_reject(item, WIRE_SET_BAD, "it is given twice: leave one of them out");
    else if (control_is_switch(info->name) && strcasecmp(text, "auto") == 0)
        read_value(reading, item, info, "true");
    else if (!is_auto(info, text))
        read_value(reading, item, info, text);
}

/* Whether an unknown name is worth a search for the nearest ones: it takes longer than all else,
 * and a client may send as many names as it likes. */
static bool may_suggest(const struct assignments *out)
{
    unsigned unknown = 0;
    for (unsigned i = 0; i + 1 < out->count; i++)
        unknown += out->items[i].result == WIRE_SET_UNKNOWN;
    return unknown < SUGGESTIONS_MAX;
}

void assignment_read(struct assignments *out, const char *piece, size_t size,
                     const struct control_table *table, enum assignments_range range)
{
    const struct reading reading = { out, table, range };
    struct wire_change *item = &out->items[out->count - 1];
    struct parts parts;
    const struct alias *alias;
    *item = (struct wire_change){ .result = WIRE_SET_OK };
    if (!cut(piece, size, &parts, item))
        return;
    const struct control_info *info =
        name_find(table, parts.name, parts.name_size, &alias, item->why);
    if (!info)
        item->result = WIRE_SET_UNKNOWN;
    if (!info && may_suggest(out))
        name_suggest(table, parts.name, parts.name_size, item->why);
    if (info && translate(&reading, alias, &parts, &info, item))
        assign(&reading, item, info, parts.value);
}
