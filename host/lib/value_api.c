/*
 * pitether_value_format().
 */
#include <stdio.h>
#include <string.h>

#include "host/lib/pitether.h"
#include "shared/controls/control_table.h"

/* The name of element i; NULL: it has none. */
static const char *word_of(const struct pitether_value *value,
                           const struct pitether_control *control, unsigned i)
{
    bool is_number = value->type == PITETHER_VALUE_INT32 || value->type == PITETHER_VALUE_BYTE;
    int32_t number = value->type == PITETHER_VALUE_BYTE ? value->bytes[i] : value->int32[i];
    for (unsigned e = 0; control && is_number && e < control->enumerator_count; e++)
        if (control->enumerators[e].value == number)
            return control->enumerators[e].name;
    return NULL;
}

/* Appends what still fits; returns the length without that. */
static size_t append(char *text, size_t size, size_t used, const char *piece)
{
    if (used < size)
        snprintf(text + used, size - used, "%s", piece);
    return used + strlen(piece);
}

static size_t format_words(const struct pitether_value *value, unsigned count,
                           const struct pitether_control *control, char *text, size_t size)
{
    size_t used = 0;
    for (unsigned i = 0; i < count; i++) {
        const char *word = word_of(value, control, i);
        char number[16];
        snprintf(number, sizeof(number), "%d",
                 value->type == PITETHER_VALUE_BYTE ? value->bytes[i] : value->int32[i]);
        used = append(text, size, used, i > 0 ? "," : "");
        used = append(text, size, used, word ? word : number);
    }
    return used;
}

size_t pitether_value_format(const struct pitether_value *value,
                             const struct pitether_control *control, char *text, size_t size)
{
    char whole[VALUE_TEXT_SIZE];
    struct value own;
    memcpy(&own, value, sizeof(own)); /* frame.c says that they are laid out alike */
    if (own.count > value_count_max(own.type))
        own.count = (uint16_t)value_count_max(own.type);
    if (size > 0)
        text[0] = '\0';
    if (own.count > 0 && word_of(value, control, 0))
        return format_words(value, own.count, control, text, size);
    value_format(&own, whole);
    return append(text, size, 0, whole);
}
