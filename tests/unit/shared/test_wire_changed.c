/*
 * SET and CHANGED: their bytes, what comes back of them, and what is malformed. The part before the
 * blob is that of any message: test_wire.c.
 */
#include "shared/protocol/wire_controls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/bytes.h"
#include "wire_blobs.h"

static int set_of(const struct draft *draft, struct wire_set *set)
{
    struct received received = receive(draft->bytes, draft->size);
    int result = wire_decode_set(&received.raw, set);
    free(received.body);
    return result;
}

static void a_set_and_its_limits(void **state)
{
    (void)state;
    static struct wire_set set;
    uint8_t out[WIRE_MESSAGE_MAX];
    struct draft draft = draft_of(WIRE_SET, "\x01\x02\x03\x04", 4);
    assert_int_equal(set_of(&draft, &set), 0);
    assert_string_equal(set.text, "");
    DRAFT_ADD(&draft, "Contrast=2");
    assert_int_equal(set_of(&draft, &set), 0);
    assert_int_equal(set.request, 0x01020304);
    assert_string_equal(set.text, "Contrast=2");
    bytes_store(draft.bytes + 4, draft.size - WIRE_HEADER_SIZE, 4);
    assert_int_equal(wire_encode_set(&set, out), draft.size);
    assert_memory_equal(out, draft.bytes, draft.size);
    draft.size += WIRE_SET_TEXT_MAX - strlen("Contrast=2");
    memset(draft.bytes + WIRE_HEADER_SIZE + 4, 'x', WIRE_SET_TEXT_MAX + 1);
    assert_int_equal(set_of(&draft, &set), 0);
    assert_int_equal(strlen(set.text), WIRE_SET_TEXT_MAX);
    draft.size++;
    assert_int_equal(set_of(&draft, &set), -EBADMSG);
    static const char *const bad[] = { "A=1\n", "A=1\0B" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        draft = draft_of(WIRE_SET, "\x00\x00\x00\x01", 4);
        draft_add(&draft, bad[i], 4);
        assert_int_equal(set_of(&draft, &set), -EBADMSG);
    }
    draft = draft_of(WIRE_SET, "\x00\x00\x00\x00", 4);
    DRAFT_ADD(&draft, "A=1");
    assert_int_equal(set_of(&draft, &set), -EBADMSG);
    draft = draft_of(WIRE_PING, "\x00\x00\x00\x01\x00\x00\x00\x01", 8);
    assert_int_equal(set_of(&draft, &set), -EBADMSG);
    draft = draft_of(WIRE_SET, "\x00\x00\x01", 3);
    assert_int_equal(set_of(&draft, &set), -EBADMSG);
}

/* CHANGED. */

static int changed_of(const uint8_t *bytes, size_t size, struct wire_changed *changed)
{
    struct received received = receive(bytes, size);
    int result = wire_decode_changed(&received.raw, changed);
    free(received.body);
    return result;
}

static void fill_change(struct wire_change *change, const char *name, const char *why)
{
    *change = (struct wire_change){ .result = WIRE_SET_CLAMPED,
                                    .asked = value_of_int32(99),
                                    .now = value_of_floats((float[]){ 1, 2 }, 2) };
    strcpy(change->name, name);
    strcpy(change->why, why);
}

static void what_changed_comes_back(void **state)
{
    (void)state;
    static struct wire_changed changed, back;
    uint8_t out[WIRE_MESSAGE_MAX];
    changed = (struct wire_changed){
        .head = { .stream = 7, .status = WIRE_CHANGED_DONE, .request = 5, .first_frame_id = 1234 },
        .count = 2
    };
    fill_change(&changed.items[0], "ExposureTime", "the range is 1 to 2");
    fill_change(&changed.items[1], "Contrast", "");
    changed.items[1].now.type = changed.items[1].now.count = VALUE_NONE;
    static const char second[] = "\x08"
                                 "Contrast\x01"
                                 "\x03\x00\x00\x01\x00\x00\x00\x63"
                                 "\x00\x02\x00\x00"
                                 "\x00";
    size_t size = wire_encode_changed(&changed, out);
    assert_memory_equal(out + size - sizeof(second) + 1, second, sizeof(second) - 1);
    memset(&back, 0xA5, sizeof(back));
    assert_int_equal(changed_of(out, size, &back), 0);
    assert_int_equal(back.head.request, 5);
    assert_int_equal(back.head.first_frame_id, 1234);
    assert_int_equal(back.count, 2);
    assert_string_equal(back.items[0].name, "ExposureTime");
    assert_int_equal(back.items[0].result, WIRE_SET_CLAMPED);
    assert_true(value_equal(&back.items[0].asked, &changed.items[0].asked));
    assert_false(back.items[0].asked.array);
    assert_true(value_equal(&back.items[0].now, &changed.items[0].now));
    assert_true(back.items[0].now.array);
    assert_string_equal(back.items[0].why, "the range is 1 to 2");
    assert_int_equal(back.items[1].now.type, VALUE_NONE);
    assert_string_equal(back.items[1].why, "");
    const size_t blob = WIRE_HEADER_SIZE + 14; /* behind the fixed part: there is no TLV */
    for (size_t cut = blob; cut < size; cut++)
        assert_int_equal(changed_of(out, cut, &back), -EBADMSG);
}

/* Values and reasons are left out of what would be too long, and no control is. */
static void what_changed_may_be_too_long(void **state)
{
    (void)state;
    static struct wire_changed changed, back;
    uint8_t out[WIRE_MESSAGE_MAX];
    char name[CONTROL_NAME_MAX + 1], why[WIRE_WHY_MAX + 1];
    memset(name, 'N', sizeof(name) - 1);
    memset(why, 'w', sizeof(why) - 1);
    name[CONTROL_NAME_MAX] = why[WIRE_WHY_MAX] = '\0';
    changed = (struct wire_changed){ .count = CONTROL_LIST_MAX };
    memset(changed.head.by, 'b', WIRE_TEXT_MAX);
    memset(changed.head.text, 't', WIRE_BLOB_TEXT_MAX);
    for (unsigned i = 0; i < CONTROL_LIST_MAX; i++)
        fill_change(&changed.items[i], name, why);
    assert_int_equal(changed_of(out, wire_encode_changed(&changed, out), &back), 0);
    assert_int_equal(back.count, CONTROL_LIST_MAX);
    assert_string_equal(back.head.text, changed.head.text);
    for (unsigned i = 0; i < CONTROL_LIST_MAX; i++) {
        assert_string_equal(back.items[i].name, name);
        assert_int_equal(back.items[i].result, WIRE_SET_CLAMPED);
        assert_int_equal(back.items[i].asked.type, VALUE_NONE);
        assert_int_equal(back.items[i].now.type, VALUE_NONE);
        assert_string_equal(back.items[i].why, "");
    }
}

static void more_changes_than_a_set_has(void **state)
{
    (void)state;
    static struct wire_changed back;
    static const uint8_t fixed[14] = { 7 };
    struct draft draft = draft_of(WIRE_CHANGED, fixed, sizeof(fixed));
    DRAFT_ADD(&draft, "\x31"); /* 49 */
    for (unsigned i = 0; i < CONTROL_LIST_MAX + 1; i++)
        DRAFT_ADD(&draft, "\x01N\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00");
    assert_int_equal(changed_of(draft.bytes, draft.size, &back), -EBADMSG);
    draft.bytes[WIRE_HEADER_SIZE + sizeof(fixed)] = CONTROL_LIST_MAX;
    assert_int_equal(changed_of(draft.bytes, draft.size, &back), 0);
    draft.bytes[2] = WIRE_STATUS;
    assert_int_equal(changed_of(draft.bytes, draft.size, &back), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_and_its_limits),
        cmocka_unit_test(what_changed_comes_back),
        cmocka_unit_test(what_changed_may_be_too_long),
        cmocka_unit_test(more_changes_than_a_set_has),
    };
    return cmocka_run_group_tests_name("wire_changed", tests, NULL, NULL);
}
