#include "host/controls/format.h"

#include <stdio.h>
#include <string.h>

#include "shared/base/text.h"
#include "shared/controls/enumerators.h"

void control_value_text(const struct pitether_value *value, const struct pitether_control *control,
                        char *text)
{
    const char *unit = control ? control->unit : "";
    if (value->type == PITETHER_VALUE_NONE) {
        strcpy(text, "-");
        return;
    }
    size_t space = CONTROL_TEXT_SIZE - sizeof(control->unit) - 1;
    size_t size = pitether_value_format(value, control, text, space);
    if (size >= space) {
        text_trim(text);
        size = strlen(text);
    }
    if (*unit)
        snprintf(text + size, CONTROL_TEXT_SIZE - size, " %s", unit);
}

void control_whole_text(const struct pitether_value *value, const struct pitether_control *control,
                        char *text)
{
    if (pitether_value_format(value, control, text, CONTROL_TEXT_SIZE) >= CONTROL_TEXT_SIZE)
        pitether_value_format(value, NULL, text, CONTROL_TEXT_SIZE);
}

void control_short_text(const struct pitether_value *value, const struct pitether_control *control,
                        char *text)
{
    struct control_info info;
    const char *word = NULL;
    if (control && control->enumerator_count > 0 && value->count == 1 &&
        value->type == PITETHER_VALUE_INT32) {
        memcpy(&info, control, sizeof(info)); /* from_wire.c says that they are laid out alike */
        word = enumerator_short_name(&info, value->int32[0]);
    }
    if (word)
        snprintf(text, CONTROL_TEXT_SIZE, "%s", word);
    else
        control_value_text(value, control, text);
}

void control_type_text(unsigned type, bool array, unsigned elements, char *text, size_t size)
{
    static const char *const names[] = { "none",  "bool", "byte",      "int32", "int64",
                                         "float", "text", "rectangle", "size",  "point" };
    const char *name = type < sizeof(names) / sizeof(names[0]) ? names[type] : "?";
    if (!array)
        snprintf(text, size, "%s", name);
    else if (elements == 0)
        snprintf(text, size, "%s[]", name);
    else
        snprintf(text, size, "%s[%u]", name, elements);
}

void control_result_text(const struct pitether_change *change, char *text, size_t size)
{
    static const char *const names[] = { "ok",        "clamped", "ignored",  "unknown",
                                         "bad value", "not set", "replaced", "not reported" };
    const char *name =
        change->result < sizeof(names) / sizeof(names[0]) ? names[change->result] : "?";
    snprintf(text, size, "%s%s%s", name, *change->why ? ": " : "", change->why);
}
