/*
 * Lists of controls, answers, names and packed metadata that can be decoded can be encoded, and
 * decoding that gives the same again; their texts are fit for a terminal, and their numbers within
 * the limits that the tables have.
 *
 * The input: type, sizes of the fixed part and the TLVs, the body; of METADATA, behind the names'
 * body, whose size comes first, the packed values of a frame.
 */
#include "shared/protocol/wire_controls.h"

#include <errno.h>

#include "fuzz_text.h"

static void check_value(const struct value *value)
{
    char text[VALUE_TEXT_SIZE];
    CHECK(value->type < VALUE_TYPES && value->count <= value_count_max(value->type));
    CHECK(value_equal(value, value));
    CHECK(value_format(value, text) == strlen(text) && strlen(text) < sizeof(text));
}

static struct wire_raw raw_of(const uint8_t *bytes, size_t size)
{
    struct wire_raw raw = { .body = bytes + WIRE_HEADER_SIZE };
    CHECK(size >= WIRE_HEADER_SIZE && size <= WIRE_MESSAGE_MAX);
    CHECK(wire_decode_header(bytes, &raw.header) == 0);
    CHECK(raw.header.length == size - WIRE_HEADER_SIZE);
    return raw;
}

static void check_controls(const struct wire_raw *raw)
{
    struct control_table table = { .items = NULL }, again = { .items = NULL };
    uint8_t bytes[WIRE_MESSAGE_MAX];
    unsigned first = 0;
    int result = wire_decode_controls(raw, &table);
    CHECK(result == 0 || result == 1 || result == -EBADMSG);
    for (unsigned i = 0; result == 1 && i < table.count; i++) {
        const struct control_info *info = &table.items[i];
        check_text(info->name, CONTROL_NAME_MAX);
        check_text(info->unit, CONTROL_UNIT_MAX);
        check_value(&info->min);
        check_value(&info->max);
        check_value(&info->def);
        check_value(&info->set);
        CHECK(info->enumerator_count <= CONTROL_ENUMERATORS_MAX);
        for (unsigned k = 0; k < info->enumerator_count; k++)
            check_text(info->enumerators[k].name, CONTROL_WORD_MAX);
    }
    while (result == 1 && (first < table.count || first == 0)) {
        struct wire_raw own = raw_of(bytes, wire_encode_controls(7, &table, &first, bytes));
        int decoded = wire_decode_controls(&own, &again);
        CHECK(decoded == (first == table.count));
        if (table.count == 0)
            break;
    }
    CHECK(result != 1 || again.count == table.count);
    if (result == 1 && table.count > 0)
        CHECK(memcmp(again.items, table.items, table.count * sizeof(table.items[0])) == 0);
    control_table_clear(&table);
    control_table_clear(&again);
}

static void check_changed(const struct wire_raw *raw)
{
    static struct wire_changed changed, again;
    uint8_t bytes[WIRE_MESSAGE_MAX];
    int error = wire_decode_changed(raw, &changed);
    CHECK(error == 0 || error == -EBADMSG);
    if (error)
        return;
    CHECK(changed.count <= CONTROL_LIST_MAX);
    check_text(changed.head.by, WIRE_TEXT_MAX);
    check_text(changed.head.text, WIRE_BLOB_TEXT_MAX);
    for (unsigned i = 0; i < changed.count; i++) {
        check_text(changed.items[i].name, CONTROL_NAME_MAX);
        check_text(changed.items[i].why, WIRE_WHY_MAX);
        check_value(&changed.items[i].asked);
        check_value(&changed.items[i].now);
    }
    struct wire_raw own = raw_of(bytes, wire_encode_changed(&changed, bytes));
    CHECK(wire_decode_changed(&own, &again) == 0 && again.count == changed.count);
}

static void check_set(const struct wire_raw *raw)
{
    static struct wire_set set, again;
    uint8_t bytes[WIRE_MESSAGE_MAX];
    int error = wire_decode_set(raw, &set);
    CHECK(error == 0 || error == -EBADMSG);
    if (error)
        return;
    check_text(set.text, WIRE_SET_TEXT_MAX);
    struct wire_raw own = raw_of(bytes, wire_encode_set(&set, bytes));
    CHECK(wire_decode_set(&own, &again) == 0 && again.request == set.request);
    CHECK(strcmp(again.text, set.text) == 0);
}

/* Whatever a frame packs, it is read to its end or refused, and packed anew it is the same. */
static void check_packed(const struct metadata_names *names, struct input *input)
{
    struct metadata packed = { .size = 0 }, again = { .size = 0 };
    struct value value;
    unsigned number;
    size_t size, at = 0;
    const uint8_t *bytes = input_bytes(input, METADATA_BYTES_MAX, &size);
    int result;
    packed.size = (uint16_t)size;
    if (size > 0)
        memcpy(packed.bytes, bytes, size);
    while ((result = metadata_next(&packed, names, &at, &number, &value)) > 0) {
        check_value(&value);
        CHECK(number < names->count && at <= size);
        CHECK(metadata_add(&again, number, &value) || again.size + value.count > size / 2);
    }
    CHECK(result == 0 || result == -EBADMSG);
}

static void check_metadata(const struct wire_raw *raw, struct input *rest)
{
    static struct metadata_names names, again;
    uint8_t bytes[WIRE_MESSAGE_MAX];
    unsigned first = 0;
    memset(&names, 0, sizeof(names));
    memset(&again, 0, sizeof(again));
    int error = wire_decode_metadata(raw, &names);
    CHECK(error == 0 || error == -EBADMSG);
    for (unsigned i = 0; i < names.count; i++)
        check_text(names.items[i].name, CONTROL_NAME_MAX);
    while (first < names.count) {
        struct wire_raw own =
            raw_of(bytes, wire_encode_metadata(7, &names, &first, names.count, bytes));
        CHECK(wire_decode_metadata(&own, &again) == 0);
    }
    CHECK(memcmp(&names, &again, sizeof(names)) == 0);
    check_packed(&names, rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t types[] = { WIRE_CONTROLS, WIRE_SET, WIRE_CHANGED, WIRE_METADATA };
    struct input input = { data, size };
    struct wire_raw raw = { .header.type = types[input_number(&input, 1) % sizeof(types)] };
    size_t fixed = (size_t)input_number(&input, 1), tlv = (size_t)input_number(&input, 2), left;
    size_t most = raw.header.type == WIRE_METADATA ? (size_t)input_number(&input, 2) : size;
    most = most < WIRE_CONTROL_MAX ? most : WIRE_CONTROL_MAX;
    const uint8_t *bytes = input_bytes(&input, most, &left);
    raw.header.length = (uint32_t)left;
    raw.header.fixed = (uint16_t)(fixed < left ? fixed : left);
    left -= raw.header.fixed;
    raw.header.tlv = (uint16_t)(tlv < left ? tlv : left);
    uint8_t *body = copy_of(bytes, raw.header.length);
    raw.body = body;
    if (raw.header.type == WIRE_CONTROLS)
        check_controls(&raw);
    else if (raw.header.type == WIRE_SET)
        check_set(&raw);
    else if (raw.header.type == WIRE_CHANGED)
        check_changed(&raw);
    else
        check_metadata(&raw, &input);
    free(body);
    return 0;
}
