#include "host/sinks/window/control_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/sinks/window/control_step.h"
#include "shared/controls/enumerators.h"

void control_number_text(const struct pitether_control *control, double number, char *text)
{
    const char *word = NULL;
    struct control_info info;
    if (control && control->enumerator_count > 0 && fabs(number) <= INT32_MAX) {
        memcpy(&info, control, sizeof(info)); /* from_wire.c says that they are laid out alike */
        word = enumerator_short_name(&info, (int64_t)number);
    }
    if (word) {
        snprintf(text, CONTROL_TEXT_MAX, "%s", word);
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
