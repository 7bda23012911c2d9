/*
 * The TLVs and blobs of messages: which are there, which are looked over, and what is malformed.
 */
#include "wire_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/bytes.h"

/* The wall clock is there exactly if its bit is set, the metadata exactly if there are any. */
static void metadata_is_present_or_not(void **state)
{
    (void)state;
    static const uint16_t metadata_sizes[] = { 0, 1, 2, METADATA_BYTES_MAX };
    for (unsigned present = 0; present <= WIRE_META_WALL_CLOCK; present += WIRE_META_WALL_CLOCK)
        for (size_t i = 0; i < COUNT(metadata_sizes); i++) {
            struct wire_message message = { .type = WIRE_FRAME_HEAD }, back;
            struct wire_metadata *metadata = &message.frame_head.metadata;
            uint8_t out[WIRE_ENCODED_MAX];
            metadata->present = present;
            metadata->values.size = metadata_sizes[i];
            memset(metadata->values.bytes, 0x5A, metadata_sizes[i]);
            size_t size = wire_encode(&message, out);
            size_t tlvs = (present ? 12u : 0) + (metadata_sizes[i] ? 4u + metadata_sizes[i] : 0);
            assert_int_equal(size, WIRE_HEADER_SIZE + 29 + tlvs);
            assert_int_equal(decode_bytes(out, size, &back), 0);
            assert_int_equal(back.frame_head.metadata.present, present);
            assert_int_equal(back.frame_head.metadata.values.size, metadata_sizes[i]);
            assert_memory_equal(back.frame_head.metadata.values.bytes, metadata->values.bytes,
                                metadata_sizes[i]);
        }
}

/* Metadata of any size up to the limit are read, empty ones too; longer ones are malformed, with
 * all their bytes there. */
static void metadata_may_not_be_too_long(void **state)
{
    (void)state;
    uint8_t tlv[4 + METADATA_BYTES_MAX + 8] = { 0, 2 };
    struct wire_message message;
    memset(tlv + 4, 0xC3, sizeof(tlv) - 4);
    for (size_t size = 0; size <= METADATA_BYTES_MAX + 8; size++) {
        bytes_store(tlv + 2, size, 2);
        int result = decode_parts(WIRE_FRAME_HEAD, 29, tlv, 4 + size, NULL, 0, &message);
        assert_int_equal(result, size <= METADATA_BYTES_MAX ? 0 : -EBADMSG);
        if (result == 0) {
            assert_int_equal(message.frame_head.metadata.values.size, size);
            assert_memory_equal(message.frame_head.metadata.values.bytes, tlv + 4, size);
        }
    }
}

/* Absent and empty stand for the only stream; what is no name is not one to look for. */
static void subscribed_names_are_judged(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int result;
    } cases[] = {
        { "", 0 },
        { "a", 0 },
        { "a/b", 0 },
        { "..", -EBADMSG },
        { "a/", -EBADMSG },
        { "a\nb", -EBADMSG },
        { "a b", -EBADMSG },
        { "\xC3\xBC", -EBADMSG },
        { "01234567890123456789012345678901", 0 },
        { "012345678901234567890123456789012", -EBADMSG },
    };
    struct wire_message message;
    assert_int_equal(decode_parts(WIRE_SUBSCRIBE, 21, NULL, 0, NULL, 0, &message), 0);
    assert_string_equal(message.subscribe.name, "");
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t tlv[64] = { 0, 1, 0, (uint8_t)strlen(cases[i].name) };
        memcpy(tlv + 4, cases[i].name, tlv[3]);
        int result = decode_parts(WIRE_SUBSCRIBE, 21, tlv, 4u + tlv[3], NULL, 0, &message);
        if (result != cases[i].result)
            fail_msg("\"%s\": %d", cases[i].name, result);
        if (result == 0)
            assert_string_equal(message.subscribe.name, cases[i].name);
    }
    static const uint8_t zero[] = { 0, 1, 0, 3, 'a', 0, 'b' };
    assert_int_equal(decode_parts(WIRE_SUBSCRIBE, 21, zero, sizeof(zero), NULL, 0, &message),
                     -EBADMSG);
}

/* TLVs and text are looked for behind the longer fixed part. */
static void what_follows_a_longer_fixed_part_is_found(void **state)
{
    (void)state;
    static const uint8_t name[] = { 0, 1, 0, 1, 'x' };
    static const uint8_t text[] = { 'b', 'a', 'd' };
    struct wire_message message;
    assert_int_equal(decode_parts(WIRE_HELLO, 33, name, sizeof(name), text, 3, &message), 0);
    assert_string_equal(message.hello.name, "x");
    assert_string_equal(message.hello.software, "");
    assert_int_equal(decode_parts(WIRE_ERROR, 9, name, sizeof(name), text, 3, &message), 0);
    assert_string_equal(message.error.text, "bad");
}

static void tlvs_are_judged(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t bytes[24];
        size_t size;
        int result;
    } cases[] = {
        { "twice the same", { 0, 1, 0, 1, 'x', 0, 1, 0, 1, 'x' }, 10, -EBADMSG },
        { "twice the same unknown one", { 9, 9, 0, 0, 9, 9, 0, 0 }, 8, -EBADMSG },
        { "twice the same, one between", { 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0 }, 12, -EBADMSG },
        { "unknown ones", { 9, 9, 0, 3, 1, 2, 3, 9, 8, 0, 0, 0, 1, 0, 1, 'x' }, 16, 0 },
        { "no room for a header", { 0, 1, 0 }, 3, -EBADMSG },
        { "no room for the second one's header", { 0, 1, 0, 0, 0 }, 5, -EBADMSG },
        { "runs over by one", { 0, 1, 0, 2, 'x' }, 5, -EBADMSG },
        { "runs over by far", { 0, 1, 0xFF, 0xFF, 'x' }, 5, -EBADMSG },
        { "an unknown one runs over", { 9, 9, 0, 1 }, 4, -EBADMSG },
        { "ends just there", { 0, 1, 0, 1, 'x' }, 5, 0 },
        { "empty text", { 0, 1, 0, 0 }, 4, 0 },
    };
    struct wire_message message;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int result = decode_parts(WIRE_HELLO, 20, cases[i].bytes, cases[i].size, NULL, 0, &message);
        if (result != cases[i].result)
            fail_msg("%s: %d", cases[i].what, result);
    }
}

static void number_tlvs_may_be_longer_but_not_shorter(void **state)
{
    (void)state;
    static const struct {
        uint8_t type, number, size;
        uint16_t fixed;
    } numbers[] = {
        { WIRE_FRAME_HEAD, 1, 8, 29 }, { WIRE_STREAM, 2, 2, 18 },    { WIRE_SUBSCRIBE, 2, 2, 21 },
        { WIRE_SUBSCRIBE, 3, 2, 21 },  { WIRE_SUBSCRIBE, 4, 1, 21 }, { WIRE_SUBSCRIBE, 5, 4, 21 },
    };
    for (size_t i = 0; i < COUNT(numbers); i++)
        for (uint8_t size = 0; size < 12; size++) {
            uint8_t tlv[16] = { 0, numbers[i].number, 0, size, 1, 2, 3, 4, 5, 6, 7, 8 };
            struct wire_message message;
            int result =
                decode_parts(numbers[i].type, numbers[i].fixed, tlv, 4u + size, NULL, 0, &message);
            assert_int_equal(result, size < numbers[i].size ? -EBADMSG : 0);
            if (result)
                continue;
            uint32_t bit = 1u << numbers[i].number;
            uint64_t value = bytes_load(tlv + 4, numbers[i].size);
            if (numbers[i].type == WIRE_FRAME_HEAD) {
                assert_int_equal(message.frame_head.metadata.present, bit);
                assert_int_equal(message.frame_head.metadata.wall_clock_ns, value);
            } else if (numbers[i].type == WIRE_STREAM) {
                assert_int_equal(message.stream.present, bit);
                assert_int_equal(message.stream.view, value);
            } else {
                const struct wire_subscribe *subscribe = &message.subscribe;
                const uint64_t stills[] = { subscribe->still_width, subscribe->still_height,
                                            subscribe->still_quality, subscribe->still_settle_ms };
                assert_int_equal(subscribe->present, bit);
                for (size_t k = 0; k < COUNT(stills); k++)
                    assert_int_equal(stills[k], k + 2 == numbers[i].number ? value : 0);
            }
        }
}

/* Number TLVs of a later version: types beyond the bits must not set any. */
static void unknown_metadata_is_skipped(void **state)
{
    (void)state;
    struct wire_message message;
    for (unsigned type = 3; type < 512; type++) {
        uint8_t tlv[8] = { (uint8_t)(type >> 8), (uint8_t)type, 0, 4, 1, 1, 1, 1 };
        assert_int_equal(decode_parts(WIRE_FRAME_HEAD, 29, tlv, 8, NULL, 0, &message), 0);
        assert_int_equal(message.frame_head.metadata.present, 0);
    }
}

/* A part of a picture has no fields, but its TLVs keep to the rules. */
static void parts_of_a_picture_are_checked(void **state)
{
    (void)state;
    static const struct {
        uint8_t body[12];
        uint16_t fixed, tlv;
        int result;
    } parts[] = {
        { { 0 }, 0, 0, 0 },
        { { 1, 2, 3 }, 3, 0, 0 },
        { { 7, 0, 1, 0, 1, 9 }, 1, 5, 0 },
        { { 0, 1, 0, 0, 0, 2, 0, 0 }, 0, 8, 0 },
        { { 0, 1, 0, 0, 0, 1, 0, 0 }, 0, 8, -EBADMSG },
        { { 0, 1, 0, 1 }, 0, 4, -EBADMSG },
        { { 0, 1, 0 }, 0, 3, -EBADMSG },
    };
    for (size_t i = 0; i < COUNT(parts); i++) {
        struct wire_raw raw = { .header = { .type = WIRE_FRAME_PART,
                                            .length = 100,
                                            .fixed = parts[i].fixed,
                                            .tlv = parts[i].tlv },
                                .body = parts[i].body };
        assert_int_equal(wire_check_part(&raw), parts[i].result);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(metadata_is_present_or_not),
        cmocka_unit_test(metadata_may_not_be_too_long),
        cmocka_unit_test(subscribed_names_are_judged),
        cmocka_unit_test(what_follows_a_longer_fixed_part_is_found),
        cmocka_unit_test(tlvs_are_judged),
        cmocka_unit_test(number_tlvs_may_be_longer_but_not_shorter),
        cmocka_unit_test(unknown_metadata_is_skipped),
        cmocka_unit_test(parts_of_a_picture_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
