/*
 * CONTROLS, SET, CHANGED and METADATA: their bytes, what comes back of them, how they are split,
 * and what is malformed. Their parts before the blob are those of any message: test_wire.c.
 */
#include "shared/protocol/wire_controls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/bytes.h"
#include "wire_blobs.h"

static int controls_of(const struct draft *draft, struct control_table *table)
{
    struct received received = receive(draft->bytes, draft->size);
    int result = wire_decode_controls(&received.raw, table);
    free(received.body);
    return result;
}

/* CONTROLS. */

/* One of PROTOCOL.md, section 9, byte by byte: settable, and an array of 2. */
static const char gains[] = "\x05\x03\x00\x02"
                            "\x0B"
                            "ColourGains"
                            "\x01x"
                            "\x00\x02\x00\x00\x00\x00\xBF\x80\x00\x00"
                            "\x00\x02\x42\x00\x00\x00\x42\x04\x00\x00"
                            "\x00\x02\x40\x00\x00\x00\x40\x40\x00\x00"
                            "\x00\x02\x3F\x80\x00\x00\x40\x00\x00\x00"
                            "\x00";
static const char mode[] = "\x03\x01\x00\x00"
                           "\x06"
                           "AfMode"
                           "\x00"
                           "\x00\x00\x00\x00\x00\x00\x00\x00"
                           "\x02"
                           "\x00\x00\x00\x00\x03Off"
                           "\xFF\xFF\xFF\xFF\x04"
                           "Auto";

static struct draft two_controls(void)
{
    struct draft draft = draft_of(WIRE_CONTROLS, "\x07\x00\x00\x00\x02", 5);
    DRAFT_ADD(&draft, gains);
    DRAFT_ADD(&draft, mode);
    bytes_store(draft.bytes + 4, draft.size - WIRE_HEADER_SIZE, 4);
    return draft;
}

static void controls_are_these_bytes(void **state)
{
    (void)state;
    struct control_table table = { .items = NULL };
    struct draft draft = two_controls();
    uint8_t out[WIRE_MESSAGE_MAX];
    unsigned first = 0;
    assert_int_equal(controls_of(&draft, &table), 1);
    assert_int_equal(table.count, 2);
    const struct control_info *info = &table.items[0];
    assert_string_equal(info->name, "ColourGains");
    assert_string_equal(info->unit, "x");
    assert_int_equal(info->type, VALUE_FLOAT);
    assert_true(info->settable && info->array);
    assert_int_equal(info->size, 2);
    assert_true(info->min.count == 2 && info->min.number[0] == 0 && info->min.number[1] == -1);
    assert_true(info->max.count == 2 && info->max.number[0] == 32 && info->max.number[1] == 33);
    assert_true(info->def.count == 2 && info->def.number[0] == 2 && info->def.number[1] == 3);
    assert_true(info->set.count == 2 && info->set.array && info->set.number[1] == 2);
    info = &table.items[1];
    assert_true(info->settable && !info->array);
    assert_int_equal(info->def.type, VALUE_NONE);
    assert_int_equal(info->enumerator_count, 2);
    assert_int_equal(info->enumerators[1].value, -1);
    assert_string_equal(info->enumerators[1].name, "Auto");
    assert_int_equal(wire_encode_controls(7, &table, &first, out), draft.size);
    assert_memory_equal(out, draft.bytes, draft.size);
    assert_int_equal(first, 2);
    control_table_clear(&table);
}

/* Whatever is missing at the end; and what a later revision adds there is not looked at. */
static void controls_are_cut_anywhere(void **state)
{
    (void)state;
    const struct draft whole = two_controls();
    for (size_t size = WIRE_HEADER_SIZE + 5; size <= whole.size + 1; size++) {
        struct control_table table = { .items = NULL };
        struct draft draft = whole;
        bool first_is_whole = size == WIRE_HEADER_SIZE + 5 + sizeof(gains) - 1;
        draft.size = size;
        assert_int_equal(controls_of(&draft, &table), size >= whole.size ? 1
                                                      : first_is_whole   ? 0
                                                                         : -EBADMSG);
        control_table_clear(&table);
    }
}

/* A control of its parts: type and flags; how long its texts are; how many words it has. */
struct parts {
    uint8_t type, flags;
    uint8_t name, unit, set, words, word;
};

/* Fields that are numbers in one byte, and none of the limits. */
static int take_parts(const struct parts *parts, struct control_table *table)
{
    static const uint8_t letters[256] = { 'N', 'N', 'N' };
    struct draft draft = draft_of(WIRE_CONTROLS, "\x07\x00\x00\x00\x01", 5);
    const uint8_t head[] = { parts->type, parts->flags, 0, 0, parts->name };
    draft_add(&draft, head, sizeof(head));
    draft_add(&draft, letters, parts->name);
    draft_add(&draft, &parts->unit, 1);
    draft_add(&draft, letters, parts->unit);
    DRAFT_ADD(&draft, "\x00\x00\x00\x00\x00\x00\x00");
    draft_add(&draft, &parts->set, 1); /* its elements are missing */
    draft_add(&draft, &parts->words, 1);
    for (unsigned i = 0; i < parts->words; i++) {
        DRAFT_ADD(&draft, "\x00\x00\x00\x00");
        draft_add(&draft, &parts->word, 1);
        draft_add(&draft, letters, parts->word);
    }
    return controls_of(&draft, table);
}

static void controls_have_limits(void **state)
{
    (void)state;
    static const struct parts largest = { VALUE_INT32,      0, CONTROL_NAME_MAX,
                                          CONTROL_UNIT_MAX, 0, CONTROL_ENUMERATORS_MAX,
                                          CONTROL_WORD_MAX };
    struct control_table table = { .items = NULL };
    struct parts parts = largest;
    assert_int_equal(take_parts(&parts, &table), 1);
    assert_int_equal(table.items[0].enumerator_count, CONTROL_ENUMERATORS_MAX);
    parts.flags = 0xFC; /* a later revision's */
    assert_int_equal(take_parts(&parts, &table), 1);
    assert_false(table.items[0].settable || table.items[0].array);
    uint8_t *const fields[] = { &parts.name, &parts.unit, &parts.words, &parts.word };
    for (size_t i = 0; i < COUNT(fields); i++) {
        parts = largest;
        ++*fields[i];
        assert_int_equal(take_parts(&parts, &table), -EBADMSG);
    }
    static const struct parts bad[] = {
        { .type = VALUE_NONE, .name = 1 },
        { .type = VALUE_TYPES, .name = 1 },
        { .type = VALUE_BOOL, .name = 0 },
        { .type = VALUE_BOOL, .name = 1, .set = 2 }, /* and the byte behind it is there */
    };
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(take_parts(&bad[i], &table), -EBADMSG);
    control_table_clear(&table);
}

static struct draft control_number(uint16_t first, uint16_t total)
{
    struct draft draft = draft_of(WIRE_CONTROLS, "\x07\x00\x00\x00\x00", 5);
    bytes_store(draft.bytes + WIRE_HEADER_SIZE + 1, first, 2);
    bytes_store(draft.bytes + WIRE_HEADER_SIZE + 3, total, 2);
    DRAFT_ADD(&draft, mode);
    return draft;
}

static int take(struct control_table *table, uint16_t first, uint16_t total)
{
    struct draft draft = control_number(first, total);
    return controls_of(&draft, table);
}

static void lists_have_an_order(void **state)
{
    (void)state;
    struct control_table table = { .items = NULL };
    assert_int_equal(take(&table, 1, 3), -EBADMSG);
    assert_int_equal(take(&table, 0, 3), 0);
    assert_int_equal(take(&table, 2, 3), -EBADMSG);
    assert_int_equal(take(&table, 0, 3), 0); /* a list anew */
    assert_int_equal(table.count, 1);
    assert_int_equal(take(&table, 1, 3), 0);
    assert_int_equal(take(&table, 2, 3), 1);
    assert_int_equal(take(&table, 3, 2), -EBADMSG);
    assert_int_equal(take(&table, 3, 0), -EBADMSG);
    assert_int_equal(take(&table, 0, CONTROLS_MAX + 1), -EBADMSG);
    assert_int_equal(take(&table, 0, CONTROLS_MAX), 0);
    assert_int_equal(take(&table, 1, 2), 1); /* the newest message's total counts */
    assert_int_equal(take(&table, 0, CONTROLS_MAX), 0);
    struct draft two = control_number(2, 4); /* number 1 is missing */
    DRAFT_ADD(&two, mode);
    assert_int_equal(controls_of(&two, &table), -EBADMSG);
    struct draft none = draft_of(WIRE_CONTROLS, "\x07\x00\x00\x00\x01", 5);
    assert_int_equal(controls_of(&none, &table), -EBADMSG);
    none = draft_of(WIRE_CONTROLS, "\x07\x00\x00\x00\x00", 5);
    assert_int_equal(controls_of(&none, &table), 1);
    assert_int_equal(table.count, 0);
    struct draft other = draft_of(WIRE_SET, "\x00\x00\x00\x01", 4);
    assert_int_equal(controls_of(&other, &table), -EBADMSG);
    other = draft_of(WIRE_CONTROLS, "\x07\x00\x00\x00", 4); /* its fixed part is too short */
    assert_int_equal(controls_of(&other, &table), -EBADMSG);
    control_table_clear(&table);
}

/* Sends the table, and expects it back. */
static unsigned send_list(const struct control_table *table)
{
    struct control_table back = { .items = NULL };
    unsigned first = 0, messages = 0;
    int result = 0;
    for (; result == 0; messages++) {
        uint8_t out[WIRE_MESSAGE_MAX + 1];
        size_t size = wire_encode_controls(7, table, &first, out);
        assert_in_range(size, 1, WIRE_MESSAGE_MAX);
        struct received received = receive(out, size);
        result = wire_decode_controls(&received.raw, &back);
        assert_int_equal(back.count, first);
        free(received.body);
    }
    assert_int_equal(result, 1);
    assert_int_equal(back.count, table->count);
    assert_memory_equal(back.items, table->items, table->count * sizeof(table->items[0]));
    control_table_clear(&back);
    return messages;
}

/* Wherever the end of a message falls. */
static void long_lists_are_split_between_controls(void **state)
{
    (void)state;
    struct control_table table = { .items = NULL };
    for (unsigned i = 0; i < CONTROLS_MAX; i++) {
        char name[32];
        snprintf(name, sizeof(name), "Control%03u", i);
        struct control_info *info = control_table_add(&table, name);
        assert_non_null(info);
        info->type = VALUE_TEXT;
        info->def = value_of_text("a default that makes the list longer than a message may be");
        info->def.array = true;
    }
    for (unsigned more = 0; more <= CONTROL_NAME_MAX - 10; more++) {
        memset(table.items[0].name, 'N', 10 + more);
        assert_in_range(send_list(&table), 3, 4);
    }
    control_table_clear(&table);
}

/* METADATA. */

static int names_of(const struct draft *draft, struct metadata_names *names)
{
    struct received received = receive(draft->bytes, draft->size);
    int result = wire_decode_metadata(&received.raw, names);
    free(received.body);
    return result;
}

static void names_are_these_bytes(void **state)
{
    (void)state;
    static struct metadata_names names;
    static const char bytes[] = "\x03\xFD\x0C"
                                "ExposureTime"
                                "\x05\x02\x0B"
                                "ColourGains";
    uint8_t out[WIRE_MESSAGE_MAX];
    unsigned first = 0;
    struct draft whole = draft_of(WIRE_METADATA, "\x07\x00", 2);
    DRAFT_ADD(&whole, bytes);
    for (size_t size = WIRE_HEADER_SIZE + 2; size <= whole.size; size++) {
        struct draft draft = whole;
        bool ends_whole = size == whole.size || size == WIRE_HEADER_SIZE + 2 + 15;
        draft.size = size;
        memset(&names, 0, sizeof(names));
        assert_int_equal(names_of(&draft, &names), ends_whole ? 0 : -EBADMSG);
    }
    assert_int_equal(names.count, 2);
    assert_string_equal(names.items[1].name, "ColourGains");
    assert_int_equal(names.items[1].type, VALUE_FLOAT);
    assert_true(names.items[1].array && !names.items[0].array);
    bytes_store(whole.bytes + 4, whole.size - WIRE_HEADER_SIZE, 4);
    whole.bytes[WIRE_HEADER_SIZE + 3] = 0; /* a later revision's flags are not sent */
    assert_int_equal(wire_encode_metadata(7, &names, &first, 2, out), whole.size);
    assert_memory_equal(out, whole.bytes, whole.size);
    assert_int_equal(names_of(&whole, &names), -EBADMSG); /* those numbers are given */
}

static void names_that_are_none(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } bad[] = {
        { "\x00\x00\x01N", 4 },
        { "\x0A\x00\x01N", 4 },
        { "\x03\x00\x00", 3 },
        { "\x03\x00\x31NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN", 52 },
        { "\x03\x00\x01N\x03\x00\x01N", 8 },
        { "", 0 },
    };
    static struct metadata_names names;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct draft draft = draft_of(WIRE_METADATA, "\x07\x00", 2);
        draft_add(&draft, bad[i].bytes, bad[i].size);
        memset(&names, 0, sizeof(names));
        assert_int_equal(names_of(&draft, &names), -EBADMSG);
    }
    struct draft draft = draft_of(WIRE_METADATA, "\x07\x01", 2); /* number 0 is missing */
    DRAFT_ADD(&draft, "\x03\x00\x01N");
    memset(&names, 0, sizeof(names));
    assert_int_equal(names_of(&draft, &names), -EBADMSG);
    draft.bytes[2] = WIRE_END;
    draft.bytes[WIRE_HEADER_SIZE + 1] = 0;
    assert_int_equal(names_of(&draft, &names), -EBADMSG);
}

/* All 128, with the longest names, in several messages. */
static void many_names_are_split(void **state)
{
    (void)state;
    static struct metadata_names names, back;
    uint8_t out[WIRE_MESSAGE_MAX];
    unsigned first = 0, messages = 0;
    memset(&names, 0, sizeof(names));
    memset(&back, 0, sizeof(back));
    for (unsigned i = 0; i < METADATA_NAMES_MAX; i++) {
        char name[CONTROL_NAME_MAX + 1];
        snprintf(name, sizeof(name), "%0*u", CONTROL_NAME_MAX, i);
        assert_int_equal(metadata_names_add(&names, name, VALUE_INT32, i % 2), i);
    }
    for (; first < METADATA_NAMES_MAX; messages++) {
        struct received received =
            receive(out, wire_encode_metadata(7, &names, &first, METADATA_NAMES_MAX, out));
        assert_int_equal(wire_decode_metadata(&received.raw, &back), 0);
        assert_int_equal(back.count, first);
        free(received.body);
    }
    assert_int_equal(messages, 2);
    assert_memory_equal(&names, &back, sizeof(names));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(controls_are_these_bytes),
        cmocka_unit_test(controls_are_cut_anywhere),
        cmocka_unit_test(controls_have_limits),
        cmocka_unit_test(lists_have_an_order),
        cmocka_unit_test(long_lists_are_split_between_controls),
        cmocka_unit_test(names_are_these_bytes),
        cmocka_unit_test(names_that_are_none),
        cmocka_unit_test(many_names_are_split),
    };
    return cmocka_run_group_tests_name("wire_controls", tests, NULL, NULL);
}
