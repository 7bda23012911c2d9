/*
 * Texts in messages: cut between characters where they are sent, bounded and made fit for a
 * terminal where they are received.
 */
#include "wire_fixture.h"

#include <errno.h>
#include <string.h>

#include "shared/base/bytes.h"

/* Is it whole UTF-8 characters? */
static bool is_utf8(const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    while (*at) {
        int more = *at < 0x80 ? 0 : *at >= 0xF0 ? 3 : *at >= 0xE0 ? 2 : *at >= 0xC0 ? 1 : -1;
        if (more < 0)
            return false;
        for (at++; more > 0; more--, at++)
            if ((*at & 0xC0) != 0x80)
                return false;
    }
    return true;
}

/* Characters of 1 to 4 bytes. */
static const char *const characters[] = { "e", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x98\x80" };

/* Repeats a character behind `lead` letters, without an end if it fills the room. */
static void fill_text(char *text, size_t room, const char *character, size_t lead)
{
    for (size_t i = 0; i < room; i++)
        text[i] = i < lead ? 'a' : character[(i - lead) % strlen(character)];
}

/* Whole characters, and as many of them as fit. */
static void check_cut(const char *text, size_t max, const char *character)
{
    assert_true(is_utf8(text));
    assert_in_range(strlen(text), max + 1 - strlen(character), max);
}

static void check_long_texts(const char *character, size_t lead)
{
    struct wire_message back, message = { .type = WIRE_HELLO };
    uint8_t out[WIRE_ENCODED_MAX];
    fill_text(message.hello.name, sizeof(message.hello.name), character, lead);
    fill_text(message.hello.software, sizeof(message.hello.software), character, lead);
    assert_int_equal(decode_bytes(out, wire_encode(&message, out), &back), 0);
    check_cut(back.hello.name, WIRE_TEXT_MAX, character);
    check_cut(back.hello.software, WIRE_TEXT_MAX, character);
    message = (struct wire_message){ .type = WIRE_ERROR };
    fill_text(message.error.text, sizeof(message.error.text), character, lead);
    assert_int_equal(decode_bytes(out, wire_encode(&message, out), &back), 0);
    check_cut(back.error.text, WIRE_BLOB_TEXT_MAX, character);
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(characters); i++)
        for (size_t lead = 0; lead < 5; lead++)
            check_long_texts(characters[i], lead);
}

/* A text that its writer already cut to the limit, as snprintf() does, may end in half a
 * character: that half must not go out. Shorter texts too, whole ones of course not changed. */
static void texts_cut_by_their_writer_end_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(characters); i++)
        for (size_t size = 0; size <= WIRE_TEXT_MAX; size++) {
            struct wire_message back, message = { .type = WIRE_HELLO };
            uint8_t out[WIRE_ENCODED_MAX];
            fill_text(message.hello.name, size, characters[i], 0);
            assert_int_equal(decode_bytes(out, wire_encode(&message, out), &back), 0);
            assert_int_equal(strlen(back.hello.name), size - size % strlen(characters[i]));
            assert_memory_equal(back.hello.name, message.hello.name, strlen(back.hello.name));
        }
}

/* A peer's texts are bounded in bytes. */
static void a_peers_long_texts_are_malformed(void **state)
{
    (void)state;
    static const struct {
        uint8_t type;
        uint16_t fixed, tlv;
    } texts[] = {
        { WIRE_HELLO, 20, 1 },
        { WIRE_HELLO, 20, 2 },
        { WIRE_STREAM, 18, 1 },
    };
    struct wire_message message;
    uint8_t text[WIRE_BLOB_TEXT_MAX + 1], tlv[4 + WIRE_TEXT_MAX + 1];
    memset(text, 'x', sizeof(text));
    memset(tlv, 'x', sizeof(tlv));
    for (size_t i = 0; i < COUNT(texts); i++)
        for (size_t size = WIRE_TEXT_MAX; size <= WIRE_TEXT_MAX + 1; size++) {
            bytes_store(tlv, texts[i].tlv, 2);
            bytes_store(tlv + 2, size, 2);
            assert_int_equal(
                decode_parts(texts[i].type, texts[i].fixed, tlv, 4 + size, NULL, 0, &message),
                size > WIRE_TEXT_MAX ? -EBADMSG : 0);
        }
    /* What is to be skipped is no text. */
    bytes_store(tlv, 99, 2);
    assert_int_equal(decode_parts(WIRE_HELLO, 20, tlv, sizeof(tlv), NULL, 0, &message), 0);
    static const uint8_t with_blob[] = { WIRE_ERROR, WIRE_STATUS };
    for (size_t i = 0; i < COUNT(with_blob); i++)
        for (size_t size = WIRE_BLOB_TEXT_MAX; size <= WIRE_BLOB_TEXT_MAX + 1; size++)
            assert_int_equal(decode_parts(with_blob[i], 2, NULL, 0, text, size, &message),
                             size > WIRE_BLOB_TEXT_MAX ? -EBADMSG : 0);
}

/* What is no UTF-8 at all does no harm: any bytes, of any length. */
static void texts_may_be_noise(void **state)
{
    (void)state;
    uint32_t value = 1;
    for (int round = 0; round < 2000; round++) {
        struct wire_message message;
        uint8_t text[300];
        for (size_t i = 0; i < sizeof(text); i++) {
            value = value * 1664525 + 1013904223;
            text[i] = (uint8_t)(value >> 24 | (round % 2 ? 0x80 : 0));
        }
        size_t size = value >> 16 & 0xFF;
        assert_int_equal(decode_parts(WIRE_STATUS, 2, NULL, 0, text, size, &message), 0);
        assert_in_range(strlen(message.status.text), size / 4, size);
        assert_true(is_utf8(message.status.text));
    }
}

static void control_characters_are_shown_as_question_marks(void **state)
{
    (void)state;
    struct wire_message message;
    for (int control = 0; control < 0x20; control++) {
        const uint8_t text[] = { 'a', (uint8_t)control, 'b' };
        assert_int_equal(decode_parts(WIRE_ERROR, 2, NULL, 0, text, 3, &message), 0);
        assert_string_equal(message.error.text, "a?b");
    }
    static const uint8_t name[] = { 0, 1, 0, 4, 0x1B, '[', 'm', 0x7F };
    assert_int_equal(decode_parts(WIRE_HELLO, 20, name, 8, NULL, 0, &message), 0);
    assert_string_equal(message.hello.name, "?[m?");
    static const uint8_t umlaut[] = { 0, 1, 0, 2, 0xC3, 0xBC };
    assert_int_equal(decode_parts(WIRE_HELLO, 20, umlaut, 6, NULL, 0, &message), 0);
    assert_string_equal(message.hello.name, "\xC3\xBC");
}

/* U+0080 to U+009F are control characters as well: terminals take U+009B for ESC [. */
static void high_control_characters_do_not_get_through(void **state)
{
    (void)state;
    struct wire_message message;
    for (int control = 0x80; control < 0xA0; control++) {
        const uint8_t text[] = { 'a', 0xC2, (uint8_t)control, 'b' };
        assert_int_equal(decode_parts(WIRE_ERROR, 2, NULL, 0, text, 4, &message), 0);
        assert_null(strstr(message.error.text, "\xC2"));
    }
    /* Their neighbours are letters and signs. */
    static const uint8_t signs[] = { 0xC2, 0xA0, 0xC3, 0x80 };
    assert_int_equal(decode_parts(WIRE_ERROR, 2, NULL, 0, signs, 4, &message), 0);
    assert_string_equal(message.error.text, "\xC2\xA0\xC3\x80");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(texts_cut_by_their_writer_end_whole),
        cmocka_unit_test(a_peers_long_texts_are_malformed),
        cmocka_unit_test(texts_may_be_noise),
        cmocka_unit_test(control_characters_are_shown_as_question_marks),
        cmocka_unit_test(high_control_characters_do_not_get_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
