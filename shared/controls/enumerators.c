#include "shared/controls/enumerators.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_boundary(const char *name, size_t at)
{
    return isupper((unsigned char)name[at]) || isdigit((unsigned char)name[at]);
}

/* The bytes that the names of all have in front, up to the beginning of a word. A single name has
 * the words of the control's own name in front: "AfSpeedNormal" of AfSpeed. */
static size_t prefix_size(const struct control_info *info)
{
    const char *first = info->enumerators[0].name;
    size_t size = strlen(first);
    if (info->enumerator_count == 1) {
        const char *vendor_end = strstr(info->name, "::");
        const char *own = vendor_end ? vendor_end + 2 : info->name;
        size_t own_size = strlen(own);
        return strncmp(first, own, own_size) == 0 && is_boundary(first, own_size) ? own_size : 0;
    }
    for (unsigned i = 1; i < info->enumerator_count; i++) {
        const char *name = info->enumerators[i].name;
        size_t same = 0;
        while (same < size && name[same] == first[same])
            same++;
        size = same;
    }
    for (unsigned i = 0; size > 0 && i < info->enumerator_count; i++)
        if (!is_boundary(info->enumerators[i].name, size)) {
            size--;
            i = -1u; /* from the first one again */
        }
    return size;
}

static char next_letter(const char **text)
{
    while (**text == '-' || **text == '_' || **text == ' ')
        ++*text;
    char letter = (char)tolower((unsigned char)**text);
    *text += letter != '\0';
    return letter;
}

static bool is_same(const char *one, const char *other)
{
    char letter;
    do {
        letter = next_letter(&one);
        if (letter != next_letter(&other))
            return false;
    } while (letter);
    return true;
}

int enumerator_read(const struct control_info *info, const char *text, int32_t *value)
{
    size_t prefix = info->enumerator_count ? prefix_size(info) : 0;
    for (unsigned i = 0; i < info->enumerator_count; i++) {
        const struct control_enumerator *enumerator = &info->enumerators[i];
        if (is_same(enumerator->name, text) || is_same(enumerator->name + prefix, text)) {
            *value = enumerator->value;
            return 0;
        }
    }
    return -EINVAL;
}

const char *enumerator_short_name(const struct control_info *info, int64_t value)
{
    const char *name = control_word(info, value);
    return name ? name + prefix_size(info) : NULL;
}

void enumerator_list(const struct control_info *info, char *text, size_t size)
{
    static const char more[] = ", ...";
    size_t prefix = info->enumerator_count ? prefix_size(info) : 0, used = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < info->enumerator_count; i++) {
        const char *name = info->enumerators[i].name + prefix;
        bool is_last = i + 1 == info->enumerator_count;
        if (used + 2 + strlen(name) + (is_last ? 1 : sizeof(more)) > size) {
            snprintf(text + used, size - used, "%s", used ? more : more + 2);
            return;
        }
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", name);
    }
}
