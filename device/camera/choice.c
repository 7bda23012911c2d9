#include "device/camera/choice.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char model_prefix[] = "model=";

bool camera_is_usb(const char *id)
{
    static const char hex[] = "0123456789abcdef";
    const char *vendor = strrchr(id, '-');
    if (!vendor || strspn(vendor + 1, hex) != 4 || vendor[5] != ':')
        return false;
    const char *product = vendor + 6;
    return strspn(product, hex) == 4 && product[4] == '\0';
}

static int compare(const void *one, const void *other)
{
    return strcmp(((const struct camera_entry *)one)->id, ((const struct camera_entry *)other)->id);
}

void camera_sort(struct camera_entry *entries, size_t count)
{
    if (count > 0)
        qsort(entries, count, sizeof(*entries), compare);
}

static bool is_same_model(const char *one, const char *other)
{
    return one && other && strcmp(one, other) == 0;
}

bool camera_is_only(const struct camera_entry *entries, size_t count, size_t index)
{
    for (size_t i = 0; i < count; i++)
        if (i != index && is_same_model(entries[i].model, entries[index].model))
            return false;
    return true;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool contains(const char *model, const char *text)
{
    for (; *model; model++) {
        size_t same = 0;
        while (text[same] && lower(model[same]) == lower(text[same]))
            same++;
        if (!text[same])
            return true;
    }
    return false;
}

/* "0 is ID (MODEL), 1 is ..."; what does not fit is left out. */
static void describe(char *text, size_t size, const struct camera_entry *entries, size_t count)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count && used < size; i++) {
        const char *model = entries[i].model ? entries[i].model : "unknown model";
        int added = snprintf(text + used, size - used, "%s%zu is %s (%s)", i ? ", " : "", i,
                             entries[i].id, model);
        assert(added >= 0);
        used += (size_t)added;
    }
}

static int fail(struct error *error, int code, const char *what, const char *argument,
                const struct camera_entry *entries, size_t count)
{
    char list[sizeof(error->text)];
    describe(list, sizeof(list), entries, count);
    return error_set(error, code, "%s \"%.64s\": %s", what, argument, list);
}

static int find_id(const struct camera_entry *entries, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(entries[i].id, id) == 0)
            return (int)i;
    return -ENODEV;
}

static int find_default(const struct camera_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!entries[i].usb)
            return (int)i;
    return 0;
}

static int find_index(size_t count, const char *argument)
{
    if (strspn(argument, "0123456789") != strlen(argument))
        return -ENODEV;
    unsigned long index = strtoul(argument, NULL, 10);
    return index < count ? (int)index : -ENODEV;
}

static int find_model(const struct camera_entry *entries, size_t count, const char *text)
{
    int found = -ENODEV;
    for (size_t i = 0; i < count; i++) {
        if (!entries[i].model || !contains(entries[i].model, text))
            continue;
        if (found >= 0)
            return -ENOTUNIQ;
        found = (int)i;
    }
    return found;
}

static int find(const struct camera_entry *entries, size_t count, const char *argument,
                struct error *error)
{
    if (!argument)
        return find_default(entries, count);
    int found = find_id(entries, count, argument);
    if (found < 0 && strncmp(argument, model_prefix, strlen(model_prefix)) == 0)
        found = find_model(entries, count, argument + strlen(model_prefix));
    else if (found < 0)
        found = find_index(count, argument);
    if (found == -ENOTUNIQ)
        return fail(error, found, "several cameras match", argument, entries, count);
    if (found < 0)
        return fail(error, found, "no camera", argument, entries, count);
    return found;
}

/* The camera that the stream had, perhaps at another port. */
static int find_again(const struct camera_entry *entries, size_t count,
                      const struct camera_identity *before, struct error *error)
{
    int found = find_id(entries, count, before->id);
    for (size_t i = 0; found < 0 && before->only && i < count; i++)
        if (is_same_model(entries[i].model, before->model) && camera_is_only(entries, count, i))
            found = (int)i;
    if (found < 0)
        return error_set(error, found, "camera %s is not there: check the cable", before->id);
    return found;
}

int camera_choose(const struct camera_entry *entries, size_t count, const char *argument,
                  const struct camera_identity *before, struct error *error)
{
    assert(count > 0 || before->id);
    int found = before->id ? find_again(entries, count, before, error)
                           : find(entries, count, argument, error);
    if (found < 0 || !entries[found].user)
        return found;
    return error_set(error, -EBUSY,
                     "camera %s is already used by the stream %s: choose another --source "
                     "(pitetherd --list-cameras shows what is there)",
                     entries[found].id, entries[found].user);
}
