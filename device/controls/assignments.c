#include "device/controls/assignments.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "device/controls/assignment.h"
#include "device/controls/limits.h"
#include "device/controls/pairs.h"
#include "shared/base/text.h"

/* The bytes up to the next "NAME=", or to the end. */
static size_t assignment_size(const char *text)
{
    size_t size = strcspn(text, ",");
    while (text[size]) {
        const char *next = text + size + 1;
        size_t next_size = strcspn(next, ",");
        if (memchr(next, '=', next_size))
            break;
        size += 1 + next_size;
    }
    return size;
}

static void read_all(struct assignments *out, const char *text, const struct control_table *table,
                     enum assignments_range range)
{
    const char *at = text;
    do {
        size_t size = assignment_size(at);
        out->pieces[out->count++] =
            (struct assignment_piece){ (uint32_t)(at - text), (uint32_t)size };
        assignment_read(out, at, size, table, range);
        at += size + 1;
    } while (at[-1] && out->count < CONTROL_LIST_MAX);
    if (at[-1])
        assignment_reject(&out->items[out->count - 1], WIRE_SET_BAD, "more than %d values at once",
                          CONTROL_LIST_MAX);
}

/* Adds another control with this value, which the item needs. */
static void require(struct assignments *out, struct wire_change *item, const char *name,
                    const struct value *value)
{
    const struct control_setting *there = control_list_find(&out->list, name);
    if (!there)
        assignment_give(out, item, name, value);
    else if (!value_equal(&there->value, value))
        assignment_reject(item, WIRE_SET_BAD, "it can't be combined with what is given for %s",
                          name);
}

/* What it has no automatic for. */
static void give_default(struct assignments *out, struct wire_change *item,
                         const struct value *value)
{
    assignment_give(out, item, item->name, value);
    struct control_setting *setting = control_list_find(&out->list, item->name);
    if (setting)
        setting->given_back = true;
}

/* The camera is to choose. */
static void give_back(struct assignments *out, struct wire_change *item,
                      const struct control_table *table, const struct control_info *info)
{
    const struct pair *pair = pair_find(table, info->name);
    struct value value;
    if (control_is_trigger(info->name))
        assignment_reject(item, WIRE_SET_BAD, "it is a trigger, so it can't be automatic");
    else if (pair && pair_automatic(table, pair, &value))
        require(out, item, pair->mode, &value);
    else if (strcmp(info->name, "ColourGains") == 0)
        give_default(out, item, &(struct value){ .type = info->type, .array = true, .count = 2 });
    else if (info->def.type == info->type) {
        value = limits_default(info);
        give_default(out, item, &value);
    } else
        assignment_reject(item, WIRE_SET_BAD,
                          "it can't be automatic, and its default is not known");
}

/* Whether this text or an earlier one sets it. */
static bool has_value(const struct assignments *out, const struct control_table *table,
                      const char *name)
{
    const struct control_info *info = control_table_find(table, name, strlen(name));
    return control_list_find(&out->list, name) || (info && info->set.type != VALUE_NONE);
}

/* A camera refuses a matrix while white balance is automatic. Gains that were not set with it
 * would be those of an unknown moment. */
static bool lacks_gains(const struct assignments *out, const struct control_table *table)
{
    static const char gains[] = "ColourGains";
    return control_table_find(table, gains, strlen(gains)) && !has_value(out, table, gains) &&
           !has_value(out, table, "ColourTemperature") && !has_value(out, table, "AwbEnable");
}

/* Adds what a value needs to have an effect. */
static void complete(struct assignments *out, struct wire_change *item,
                     const struct control_table *table)
{
    const struct pair *pair = pair_find(table, item->name);
    struct value mode;
    if (strcmp(item->name, "ColourCorrectionMatrix") == 0 && lacks_gains(out, table))
        assignment_reject(item, WIRE_SET_BAD, "it needs ColourGains with it");
    else if (strcmp(item->name, "ColourTemperature") == 0 &&
             control_list_find(&out->list, "ColourGains"))
        assignment_reject(item, WIRE_SET_BAD, "it can't be combined with ColourGains");
    else if (pair && !pair_mode_value(table, pair->mode, pair->manual, &mode))
        assignment_reject(item, WIRE_SET_BAD, "the camera's %s has no mode for it", pair->mode);
    else if (pair)
        require(out, item, pair->mode, &mode);
}

/* Sets the switches without which values have no effect. */
static void turn_on_switches(struct assignments *out, const struct control_table *table)
{
    for (unsigned i = 0; i < out->count; i++) {
        const char *name = pair_switch(table, out->items[i].name);
        struct value on = value_of_bool(true);
        if (name && !control_list_find(&out->list, name))
            assignment_give(out, &out->items[i], name, &on);
    }
}

static void complete_all(struct assignments *out, const struct control_table *table)
{
    for (unsigned i = 0; i < out->count; i++) {
        struct wire_change *item = &out->items[i];
        const struct control_info *info = control_table_find(table, item->name, strlen(item->name));
        if (assignment_is_rejected(item))
            continue;
        assert(info);
        if (item->asked.type == VALUE_NONE)
            give_back(out, item, table, info);
        else
            complete(out, item, table);
    }
    turn_on_switches(out, table);
}

/* If one item can't be set, none is. */
static int finish(struct assignments *out)
{
    bool all = true;
    for (unsigned i = 0; i < out->count; i++)
        all = all && !assignment_is_rejected(&out->items[i]);
    if (all) {
        control_list_arrange(&out->list);
        return 0;
    }
    out->list.count = 0;
    for (unsigned i = 0; i < out->count; i++)
        if (!assignment_is_rejected(&out->items[i])) {
            out->items[i].result = WIRE_SET_UNSET;
            out->items[i].why[0] = '\0';
        }
    return -EINVAL;
}

int assignments_read(struct assignments *assignments, const char *text,
                     const struct control_table *table, enum assignments_range range)
{
    assignments->count = assignments->list.count = 0;
    read_all(assignments, text, table, range);
    complete_all(assignments, table);
    return finish(assignments);
}

int assignments_explain(const struct assignments *assignments, const char *text,
                        struct error *error)
{
    unsigned i = 0;
    while (i + 1 < assignments->count && !assignment_is_rejected(&assignments->items[i]))
        i++;
    const struct assignment_piece *piece = &assignments->pieces[i];
    size_t shown = text_whole_size(text + piece->at, piece->size < 100 ? piece->size : 100);
    return error_set(error, -EINVAL, "%.*s: %s", (int)shown, text + piece->at,
                     assignments->items[i].why);
}
