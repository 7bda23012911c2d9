#include "shared/protocol/wire_controls.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/bytes.h"
#include "shared/base/text.h"

enum { FLAG_SETTABLE = 1, FLAG_ARRAY = 2 };

/* Bytes of a message that are written, or read, so far; once something does not fit, or is
 * malformed, nothing more is. */
struct cursor {
    uint8_t *at;
    const uint8_t *end;
    bool failed;
};

static bool reserve(struct cursor *cursor, size_t size)
{
    if (size > (size_t)(cursor->end - cursor->at))
        cursor->failed = true;
    return !cursor->failed;
}

static void put_number(struct cursor *cursor, uint64_t number, size_t size)
{
    if (!reserve(cursor, size))
        return;
    bytes_store(cursor->at, number, size);
    cursor->at += size;
}

static uint64_t get_number(struct cursor *cursor, size_t size)
{
    if (!reserve(cursor, size))
        return 0;
    cursor->at += size;
    return bytes_load(cursor->at - size, size);
}

static void put_text(struct cursor *cursor, const char *text, size_t max)
{
    size_t size = text_whole_size(text, max);
    put_number(cursor, size, 1);
    if (!reserve(cursor, size))
        return;
    memcpy(cursor->at, text, size);
    cursor->at += size;
}

static void get_text(struct cursor *cursor, char *text, size_t max)
{
    size_t size = (size_t)get_number(cursor, 1);
    *text = '\0';
    if (size > max)
        cursor->failed = true;
    if (!reserve(cursor, size))
        return;
    text_copy(text, cursor->at, size, max);
    cursor->at += size;
}

/* How many elements, and these; none of VALUE_NONE. */
static void put_elements(struct cursor *cursor, const struct value *value)
{
    uint8_t bytes[VALUE_BYTES_MAX];
    size_t size = value_encode(value, bytes);
    put_number(cursor, value->count, 2);
    if (!reserve(cursor, size))
        return;
    memcpy(cursor->at, bytes, size);
    cursor->at += size;
}

static void get_elements(struct cursor *cursor, unsigned type, bool array, struct value *value)
{
    unsigned count = (unsigned)get_number(cursor, 2);
    *value = (struct value){ .type = VALUE_NONE };
    if (count == 0)
        return;
    int used =
        value_decode(type, array, count, cursor->at, (size_t)(cursor->end - cursor->at), value);
    cursor->failed = used < 0;
    cursor->at += used < 0 ? 0 : used;
}

static void put_value(struct cursor *cursor, const struct value *value)
{
    put_number(cursor, value->type, 1);
    put_number(cursor, value->array ? FLAG_ARRAY : 0, 1);
    put_elements(cursor, value);
}

static void get_value(struct cursor *cursor, struct value *value)
{
    unsigned type = (unsigned)get_number(cursor, 1);
    bool array = get_number(cursor, 1) & FLAG_ARRAY;
    get_elements(cursor, type, array, value);
}

static struct cursor blob_of(const struct wire_raw *raw)
{
    const struct wire_header *header = &raw->header;
    return (struct cursor){ .at = (uint8_t *)raw->body + header->fixed + header->tlv,
                            .end = raw->body + header->length };
}

/* The part before the blob; behind it is space up to the limit of a message. */
static struct cursor begin(const struct wire_message *message, uint8_t *out)
{
    return (struct cursor){ .at = out + wire_encode(message, out), .end = out + WIRE_MESSAGE_MAX };
}

static size_t finish(const struct cursor *cursor, uint8_t *out)
{
    bytes_store(out + 4, (uint64_t)(cursor->at - out) - WIRE_HEADER_SIZE, 4);
    return (size_t)(cursor->at - out);
}

static void put_control(struct cursor *cursor, const struct control_info *info)
{
    put_number(cursor, info->type, 1);
    put_number(cursor, (info->settable ? FLAG_SETTABLE : 0) | (info->array ? FLAG_ARRAY : 0), 1);
    put_number(cursor, info->size, 2);
    put_text(cursor, info->name, CONTROL_NAME_MAX);
    put_text(cursor, info->unit, CONTROL_UNIT_MAX);
    put_elements(cursor, &info->min);
    put_elements(cursor, &info->max);
    put_elements(cursor, &info->def);
    put_elements(cursor, &info->set);
    put_number(cursor, info->enumerator_count, 1);
    for (unsigned i = 0; i < info->enumerator_count; i++) {
        put_number(cursor, (uint32_t)info->enumerators[i].value, 4);
        put_text(cursor, info->enumerators[i].name, CONTROL_WORD_MAX);
    }
}

/* The limits of an array may be those of each of its elements. */
static void get_limit(struct cursor *cursor, const struct control_info *info, struct value *value)
{
    get_elements(cursor, info->type, true, value);
    if (!info->array && info->type != VALUE_TEXT && value->count > 1)
        cursor->failed = true;
}

/* False: out of memory. */
static bool get_control(struct cursor *cursor, struct control_table *table)
{
    struct control_info read = { .type = (uint8_t)get_number(cursor, 1) };
    unsigned flags = (unsigned)get_number(cursor, 1);
    read.settable = flags & FLAG_SETTABLE;
    read.array = flags & FLAG_ARRAY;
    read.size = (uint16_t)get_number(cursor, 2);
    get_text(cursor, read.name, CONTROL_NAME_MAX);
    get_text(cursor, read.unit, CONTROL_UNIT_MAX);
    get_limit(cursor, &read, &read.min);
    get_limit(cursor, &read, &read.max);
    get_limit(cursor, &read, &read.def);
    get_elements(cursor, read.type, read.array, &read.set);
    read.enumerator_count = (uint16_t)get_number(cursor, 1);
    if (read.enumerator_count > CONTROL_ENUMERATORS_MAX)
        cursor->failed = true;
    for (unsigned i = 0; !cursor->failed && i < read.enumerator_count; i++) {
        read.enumerators[i].value = (int32_t)get_number(cursor, 4);
        get_text(cursor, read.enumerators[i].name, CONTROL_WORD_MAX);
    }
    if (value_element_size(read.type) == 0 || !read.name[0])
        cursor->failed = true;
    if (cursor->failed)
        return true;
    struct control_info *added = control_table_add(table, read.name);
    if (added)
        *added = read;
    return added;
}

size_t wire_encode_controls(uint8_t stream, const struct control_table *table, unsigned *first,
                            uint8_t *out)
{
    struct wire_message head = {
        .type = WIRE_CONTROLS,
        .controls = { .stream = stream, .first = (uint16_t)*first, .total = (uint16_t)table->count }
    };
    struct cursor cursor = begin(&head, out);
    while (*first < table->count) {
        struct cursor before = cursor;
        put_control(&cursor, &table->items[*first]);
        if (cursor.failed) {
            cursor = before;
            break;
        }
        ++*first;
    }
    return finish(&cursor, out);
}

int wire_decode_controls(const struct wire_raw *raw, struct control_table *table)
{
    struct wire_message head;
    struct cursor cursor = blob_of(raw);
    if (wire_decode(raw, &head) || head.type != WIRE_CONTROLS || head.controls.total > CONTROLS_MAX)
        return -EBADMSG;
    if (head.controls.first == 0)
        control_table_clear(table);
    if (head.controls.first != table->count || table->count > head.controls.total)
        return -EBADMSG;
    /* A control is in one piece; bytes after the last one are a later revision's. */
    while (table->count < head.controls.total && cursor.at < cursor.end && !cursor.failed)
        if (!get_control(&cursor, table))
            return -ENOMEM;
    if (cursor.failed || (table->count == head.controls.first && head.controls.total > 0))
        return -EBADMSG;
    return table->count == head.controls.total;
}

size_t wire_encode_set(const struct wire_set *set, uint8_t *out)
{
    struct wire_message head = { .type = WIRE_SET, .set.request = set->request };
    struct cursor cursor = begin(&head, out);
    size_t size = text_whole_size(set->text, WIRE_SET_TEXT_MAX);
    memcpy(cursor.at, set->text, size);
    cursor.at += size;
    return finish(&cursor, out);
}

int wire_decode_set(const struct wire_raw *raw, struct wire_set *set)
{
    struct wire_message head;
    struct cursor cursor = blob_of(raw);
    size_t size = (size_t)(cursor.end - cursor.at);
    if (wire_decode(raw, &head) || head.type != WIRE_SET || head.set.request == 0 ||
        size > WIRE_SET_TEXT_MAX || memchr(cursor.at, '\0', size) || memchr(cursor.at, '\n', size))
        return -EBADMSG;
    set->request = head.set.request;
    text_copy(set->text, cursor.at, size, WIRE_SET_TEXT_MAX);
    return 0;
}

static void put_change(struct cursor *cursor, const struct wire_change *change, bool detailed)
{
    static const struct value none = { .type = VALUE_NONE };
    put_text(cursor, change->name, CONTROL_NAME_MAX);
    put_number(cursor, change->result, 1);
    put_value(cursor, detailed ? &change->asked : &none);
    put_value(cursor, detailed ? &change->now : &none);
    put_text(cursor, detailed ? change->why : "", WIRE_WHY_MAX);
}

size_t wire_encode_changed(const struct wire_changed *changed, uint8_t *out)
{
    struct wire_message head = { .type = WIRE_CHANGED, .changed = changed->head };
    struct cursor cursor;
    bool detailed = true;
    do {
        cursor = begin(&head, out);
        put_number(&cursor, changed->count, 1);
        for (unsigned i = 0; i < changed->count; i++)
            put_change(&cursor, &changed->items[i], detailed);
        detailed = false;
    } while (cursor.failed);
    return finish(&cursor, out);
}

int wire_decode_changed(const struct wire_raw *raw, struct wire_changed *changed)
{
    struct wire_message head;
    struct cursor cursor = blob_of(raw);
    if (wire_decode(raw, &head) || head.type != WIRE_CHANGED)
        return -EBADMSG;
    changed->head = head.changed;
    changed->count = (unsigned)get_number(&cursor, 1);
    if (changed->count > CONTROL_LIST_MAX)
        return -EBADMSG;
    for (unsigned i = 0; i < changed->count; i++) {
        struct wire_change *change = &changed->items[i];
        get_text(&cursor, change->name, CONTROL_NAME_MAX);
        change->result = (uint8_t)get_number(&cursor, 1);
        get_value(&cursor, &change->asked);
        get_value(&cursor, &change->now);
        get_text(&cursor, change->why, WIRE_WHY_MAX);
    }
    return cursor.failed ? -EBADMSG : 0;
}

size_t wire_encode_metadata(uint8_t stream, const struct metadata_names *names, unsigned *first,
                            unsigned end, uint8_t *out)
{
    struct wire_message head = { .type = WIRE_METADATA,
                                 .metadata = { .stream = stream, .first = (uint8_t)*first } };
    struct cursor cursor = begin(&head, out);
    for (; *first < end; ++*first) {
        const struct metadata_name *name = &names->items[*first];
        struct cursor before = cursor;
        put_number(&cursor, name->type, 1);
        put_number(&cursor, name->array ? FLAG_ARRAY : 0, 1);
        put_text(&cursor, name->name, CONTROL_NAME_MAX);
        if (cursor.failed) {
            cursor = before;
            break;
        }
    }
    return finish(&cursor, out);
}

int wire_decode_metadata(const struct wire_raw *raw, struct metadata_names *names)
{
    struct wire_message head;
    struct cursor cursor = blob_of(raw);
    unsigned number;
    if (wire_decode(raw, &head) || head.type != WIRE_METADATA ||
        head.metadata.first != metadata_names_count(names))
        return -EBADMSG;
    for (number = head.metadata.first; cursor.at < cursor.end; number++) {
        char name[CONTROL_NAME_MAX + 1];
        unsigned type = (unsigned)get_number(&cursor, 1);
        bool array = get_number(&cursor, 1) & FLAG_ARRAY;
        get_text(&cursor, name, CONTROL_NAME_MAX);
        if (cursor.failed || value_element_size(type) == 0 || !name[0] ||
            metadata_names_add(names, name, type, array) != (int)number)
            return -EBADMSG;
    }
    return number > head.metadata.first ? 0 : -EBADMSG;
}
