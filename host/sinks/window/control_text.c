#include "host/sinks/window/control_text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/sinks/window/control_step.h"

/* Up to where all names are the same, and each begins a new word. */
size_t control_common_prefix(const struct pitether_control *control)
{
    const char *name = control->enumerators[0].name;
    size_t size = control->enumerator_count > 1 ? strlen(name) : 0;
    for (unsigned i = 1; i < control->enumerator_count; i++)
        while (size > 0 && strncmp(name, control->enumerators[i].name, size) != 0)
            size--;
    while (size > 0) {
        unsigned i = 0;
        while (i < control->enumerator_count &&
               isupper((unsigned char)control->enumerators[i].name[size]))
            i++;
        if (i == control->enumerator_count)
            break;
        size--;
    }
    return size;
}

void control_number_text(const struct pitether_control *control, double number, char *text)
{
    if (control && control->enumerator_count > 0) {
        control_write_number(control, number, text);
        size_t prefix = control_common_prefix(control);
        if (isalpha((unsigned char)text[0]) && strlen(text) > prefix)
            memmove(text, text + prefix, strlen(text + prefix) + 1);
    } else if (number == round(number)) {
        snprintf(text, CONTROL_TEXT_MAX, "%.0f", number);
    } else {
        snprintf(text, CONTROL_TEXT_MAX, "%.4g", number);
    }
}

static void write_numbers(const struct pitether_control *control,
                          const struct pitether_value *value, int element, char *text, size_t size)
{
    unsigned from = element < 0 ? 0 : (unsigned)element;
    unsigned end = element < 0 ? value->count : from + 1;
    size_t used = 0;
    text[0] = '\0';
    for (unsigned i = from; i < end && used < size; i++) {
        char number[CONTROL_TEXT_MAX];
        control_number_text(control, control_number(value, i), number);
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > from ? ", " : "", number);
    }
}

void control_text(const struct pitether_control *control, const struct pitether_value *value,
                  int element, char *text, size_t size)
{
    if (value->type == PITETHER_VALUE_NONE) {
        snprintf(text, size, "-");
        return;
    }
    if (value->type == PITETHER_VALUE_BOOL && !value->array) {
        snprintf(text, size, "%s", value->bytes[0] ? "on" : "off");
        return;
    }
    if (isnan(control_number(value, 0))) {
        pitether_value_format(value, control, text, size);
        return;
    }
    write_numbers(control, value, element, text, size);
    size_t used = strlen(text);
    if (control && control->unit[0] && used < size)
        snprintf(text + used, size - used, " %s", control->unit);
}
