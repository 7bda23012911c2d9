#include "device/controls/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "device/controls/limits.h"
#include "device/controls/pairs.h"
#include "shared/base/log.h"

void settings_init(struct settings *settings, const char *text)
{
    *settings = (struct settings){ .text = text && *text ? text : NULL };
}

/* Keeps a setting, unless the control is given back to the camera. False: there are too many. */
static bool keep(struct control_list *kept, const char *name, const struct value *given,
                 bool given_back)
{
    if (given->type != VALUE_NONE)
        pairs_supersede(kept, name, given);
    if (given_back)
        control_list_remove(kept, name);
    return given_back || given->type == VALUE_NONE || control_is_trigger(name) ||
           control_list_set(kept, name, given);
}

void settings_keep(struct settings *settings, const char *name, const struct value *given,
                   bool given_back)
{
    (void)keep(&settings->kept, name, given, given_back);
}

bool settings_merge(struct settings *settings, const struct assignments *accepted)
{
    struct control_list kept = settings->kept;
    for (unsigned i = 0; i < accepted->count; i++)
        if (accepted->items[i].asked.type == VALUE_NONE)
            control_list_remove(&kept, accepted->items[i].name);
    for (unsigned i = 0; i < accepted->list.count; i++) {
        const struct control_setting *setting = &accepted->list.items[i];
        if (!keep(&kept, setting->name, &setting->value, setting->given_back))
            return false;
    }
    settings->kept = kept;
    return true;
}

static int read_text(struct settings *settings, const struct control_table *table,
                     struct error *error)
{
    struct assignments *read = malloc(sizeof(*read));
    if (!read)
        return error_set(error, -ENOMEM, "out of memory");
    int result = assignments_read(read, settings->text, table, ASSIGNMENTS_REJECT);
    if (result)
        assignments_explain(read, settings->text, error);
    else if (settings_merge(settings, read))
        settings->text = NULL;
    free(read);
    return result;
}

/* Why the camera can't be set to it; NULL: it can, or to what is nearest. */
static const char *misfit(const struct control_info *info, const struct value *value)
{
    if (!info || !info->settable)
        return "the camera has no such control any more";
    if (info->type != value->type || info->array != value->array ||
        (info->array && info->size > 0 && info->size != value->count))
        return "the camera's control of that name is of another kind now";
    if (info->enumerator_count > 0 && !control_word(info, (int64_t)value_number(value, 0)))
        return "the camera has no such mode any more";
    return NULL;
}

/* Adds one setting to the list for a new run. */
static void restore(const struct control_table *table, const struct control_setting *setting,
                    const char *label, struct control_list *list)
{
    const struct control_info *info =
        control_table_find(table, setting->name, strlen(setting->name));
    const char *why = misfit(info, &setting->value);
    struct value value = setting->value;
    char range[80];
    if (why) {
        log_warning("%s%s is not set: %s", label, setting->name, why);
        return;
    }
    if (limits_clamp(table, info, &value)) {
        limits_format(table, info, range, sizeof(range));
        log_warning("%s%s is changed to what the camera can do now: %s", label, setting->name,
                    range);
    }
    control_list_set(list, setting->name, &value);
}

/* Adds modes that this camera needs, and an earlier one did not. */
static void add_modes(const struct control_table *table, struct control_list *list)
{
    unsigned count = list->count;
    for (unsigned i = 0; i < count; i++) {
        const struct pair *pair = pair_find(table, list->items[i].name);
        struct value mode;
        if (pair && !control_list_find(list, pair->mode) &&
            pair_mode_value(table, pair->mode, pair->manual, &mode))
            control_list_set(list, pair->mode, &mode);
    }
}

/* A lens in AfMode Auto focuses only when it is triggered, also after a start. */
static void add_trigger(const struct control_table *table, struct control_list *list)
{
    enum { AUTO = 1, START = 0 };
    static const char trigger[] = "AfTrigger";
    const struct control_setting *mode = control_list_find(list, "AfMode");
    const struct control_info *info = control_table_find(table, trigger, strlen(trigger));
    struct value start = value_of_int32(START);
    if (mode && value_number(&mode->value, 0) == AUTO && info && info->settable &&
        info->type == start.type)
        control_list_set(list, trigger, &start);
}

int settings_begin(struct settings *settings, const char *label, const struct control_table *table,
                   struct control_list *list, struct error *error)
{
    int result = settings->text ? read_text(settings, table, error) : 0;
    list->count = 0;
    if (result)
        return result;
    for (unsigned i = 0; i < settings->kept.count; i++)
        restore(table, &settings->kept.items[i], label, list);
    add_modes(table, list);
    add_trigger(table, list);
    given_add_rest(&settings->given, table, &settings->kept, list);
    given_note(&settings->given, list);
    control_list_arrange(list);
    return 0;
}

void settings_fill(const struct settings *settings, struct control_table *table)
{
    for (unsigned i = 0; i < table->count; i++) {
        struct control_info *info = &table->items[i];
        const struct control_setting *setting = control_list_find(&settings->kept, info->name);
        info->set = setting ? setting->value : (struct value){ .type = VALUE_NONE };
    }
}
