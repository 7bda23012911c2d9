#include "device/control_listing.h"

#include <string.h>

#include "device/controls/limits.h"
#include "device/source.h"
#include "shared/controls/enumerators.h"
#include "shared/protocol/wire.h"

/* Of a column. */
enum { TYPE_MAX = 24, VALUES_MAX = 512 };

static void format_type(const struct control_info *info, char *text)
{
    static const char *const names[VALUE_TYPES] = {
        "?", "bool", "byte", "int32", "int64", "float", "text", "rectangle", "size", "point"
    };
    const char *name = info->type < VALUE_TYPES ? names[info->type] : names[0];
    if (info->array && info->size > 0)
        snprintf(text, TYPE_MAX, "%s[%u]", name, info->size);
    else
        snprintf(text, TYPE_MAX, "%s%s", name, info->array ? "[]" : "");
}

/* text holds VALUE_TEXT_SIZE bytes. */
static void format_default(const struct control_info *info, char *text)
{
    const char *word = info->enumerator_count > 0 && info->def.type == info->type
                           ? enumerator_short_name(info, (int64_t)value_number(&info->def, 0))
                           : NULL;
    if (word || info->def.type == VALUE_NONE)
        snprintf(text, VALUE_TEXT_SIZE, "%s", word ? word : "-");
    else
        value_format(&info->def, text);
}

static void format_values(const struct control_table *table, const struct control_info *info,
                          char *text)
{
    if (info->enumerator_count > 0)
        enumerator_list(info, text, VALUES_MAX);
    else
        limits_format(table, info, text, VALUES_MAX);
    if (!*text)
        snprintf(text, VALUES_MAX, "%s", info->type == VALUE_BOOL ? "true, false" : info->unit);
}

/* The longest name, which is at least as long as its heading. */
static int name_width(const struct control_table *table, const char *heading)
{
    size_t width = strlen(heading);
    for (unsigned i = 0; i < table->count; i++)
        if (strlen(table->items[i].name) > width)
            width = strlen(table->items[i].name);
    return (int)width;
}

void control_listing_write(const struct control_table *table, FILE *out)
{
    static const char heading[] = "control";
    int width = name_width(table, heading);
    if (table->count > 0)
        fprintf(out, "    %-*s  %-12s  %-14s  %s\n", width, heading, "type", "default", "values");
    for (unsigned i = 0; i < table->count; i++) {
        const struct control_info *info = &table->items[i];
        char type[TYPE_MAX], fallback[VALUE_TEXT_SIZE], values[VALUES_MAX];
        format_type(info, type);
        format_default(info, fallback);
        format_values(table, info, values);
        fprintf(out, "    %-*s  %-12s  %-14s  %s%s\n", width, info->name, type, fallback, values,
                info->settable ? ""
                : *values      ? " (can't be set)"
                               : "(can't be set)");
    }
}

/* label: what log lines begin with. */
static enum exit_code list_stream(const struct stream_options *options, const char *label)
{
    struct camera_description description = { .controls = { .items = NULL } };
    struct source source;
    struct error error;
    enum exit_code code = source_open(&source, options, label, false);
    if (code == EXIT_DONE && source.ops->describe(source.camera, &description, &error)) {
        log_error("%s%s", label, error.text);
        code = EXIT_CAMERA;
    }
    if (code == EXIT_DONE) {
        printf("%s: %s%s\n", options->name, description.mode.model,
               description.controls.count ? "" : " has no controls");
        control_listing_write(&description.controls, stdout);
    }
    control_table_clear(&description.controls);
    source_close(&source);
    return code;
}

enum exit_code control_listing(const struct device_options *options, bool has_output)
{
    enum exit_code code = EXIT_DONE;
    for (unsigned i = 0; i < options->stream_count; i++) {
        const struct stream_options *stream = &options->streams[i];
        char label[WIRE_NAME_MAX + 3] = "";
        if (options->stream_count > 1)
            snprintf(label, sizeof(label), "%s: ", stream->name);
        enum exit_code listed = list_stream(stream, label);
        code = code == EXIT_DONE ? listed : code;
    }
    enum exit_code flushed = exit_flushed(has_output);
    return code == EXIT_DONE ? flushed : code;
}
