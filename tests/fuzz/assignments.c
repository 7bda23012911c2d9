/*
 * What is set, of whatever text: only what the camera's table has, of its types and within its
 * limits, all or nothing; and what is said about it is fit for a terminal.
 *
 * The input: 8 bytes whose bits are the controls that the camera lacks; then texts, ended by
 * zeroes, that are set one after the other.
 */
#include "device/controls/assignments.h"

#include <errno.h>
#include <math.h>

#include "../unit/device/pi_controls.h"
#include "device/controls/limits.h"
#include "device/controls/settings.h"
#include "fuzz.h"
#include "shared/base/text.h"

static void check_text(const char *text, size_t max)
{
    char clean[512];
    CHECK(strlen(text) <= max);
    text_copy(clean, text, strlen(text), max);
    CHECK(strcmp(clean, text) == 0);
}

static void check_list(const struct control_list *list, const struct control_table *table)
{
    CHECK(list->count <= CONTROL_LIST_MAX);
    for (unsigned i = 0; i < list->count; i++) {
        const struct control_setting *setting = &list->items[i];
        const struct control_info *info =
            control_table_find(table, setting->name, strlen(setting->name));
        struct value value = setting->value;
        CHECK(info && info->settable && strcmp(info->name, setting->name) == 0);
        CHECK(info->type == value.type && info->array == value.array && value.count > 0);
        CHECK(info->array ? info->size == 0 || info->size == value.count : value.count == 1);
        CHECK(info->enumerator_count == 0 || control_word(info, value.int32[0]));
        CHECK(!limits_clamp(table, info, &value));
        for (unsigned k = 0; value.type == VALUE_FLOAT && k < value.count; k++)
            CHECK(isfinite(value.number[k]));
        CHECK(control_list_find(list, setting->name) == setting);
    }
}

static void check_items(const struct assignments *read, int result, size_t size)
{
    bool faulty = false;
    CHECK(read->count >= 1 && read->count <= CONTROL_LIST_MAX);
    for (unsigned i = 0; i < read->count; i++) {
        const struct wire_change *item = &read->items[i];
        bool is_fault = item->result == WIRE_SET_BAD || item->result == WIRE_SET_UNKNOWN;
        bool is_plain = item->result == WIRE_SET_OK || item->result == WIRE_SET_UNSET;
        CHECK(is_fault || (result ? item->result == WIRE_SET_UNSET
                                  : is_plain || item->result == WIRE_SET_CLAMPED));
        CHECK(is_plain == (item->why[0] == '\0'));
        check_text(item->name, CONTROL_NAME_MAX);
        check_text(item->why, WIRE_WHY_MAX);
        CHECK(read->pieces[i].at + read->pieces[i].size <= size);
        faulty |= is_fault;
    }
    CHECK(faulty == (result == -EINVAL));
    CHECK(result == 0 || read->list.count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct assignments read;
    static struct settings settings;
    struct input input = { data, size };
    struct control_table table;
    struct control_list list;
    struct error error;
    pi_controls(&table);
    uint64_t lacks = input_number(&input, 8);
    for (unsigned i = table.count; i-- > 0;)
        if (lacks >> i & 1)
            pi_controls_remove(&table, table.items[i].name);
    settings_init(&settings, NULL);
    while (input.left > 0) {
        char *text = input_text(&input);
        size_t taken;
        input_bytes(&input, strlen(text) + 1, &taken);
        settings_fill(&settings, &table);
        int result = assignments_read(&read, text, &table, ASSIGNMENTS_CLAMP);
        CHECK(result == 0 || result == -EINVAL);
        check_items(&read, result, strlen(text));
        check_list(&read.list, &table);
        if (result)
            CHECK(assignments_explain(&read, text, &error) == -EINVAL);
        else if (settings_merge(&settings, &read)) {
            CHECK(settings_begin(&settings, "", &table, &list, &error) == 0);
            check_list(&list, &table);
        }
        free(text);
    }
    control_table_clear(&table);
    return 0;
}
