/*
 * CRC-32C against RFC 3720's examples, and the table against the processor's instruction.
 */
#include "shared/protocol/crc32c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef uint32_t crc_function(uint32_t crc, const void *data, size_t size);

static crc_function *const functions[] = { crc32c, crc32c_portable };

/* B.4 prints the CRC's bytes in the order in which they are sent: least significant first. */
static void rfc_3720_examples(void **state)
{
    (void)state;
    uint8_t zeros[32] = { 0 }, ones[32], up[32], down[32];
    static const uint8_t read_pdu[48] = { 0x01, 0xC0, 0, 0, 0, 0,    0, 0,    0, 0,    0,
                                          0,    0,    0, 0, 0, 0x14, 0, 0,    0, 0,    0,
                                          0x04, 0,    0, 0, 0, 0x14, 0, 0,    0, 0x18, 0x28,
                                          0,    0,    0, 0, 0, 0,    0, 0x02, 0 };
    memset(ones, 0xFF, sizeof(ones));
    for (uint8_t i = 0; i < 32; i++) {
        up[i] = i;
        down[i] = 31 - i;
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(functions[i](0, zeros, 32), 0x8A9136AA);
        assert_int_equal(functions[i](0, ones, 32), 0x62A8AB43);
        assert_int_equal(functions[i](0, up, 32), 0x46DD794E);
        assert_int_equal(functions[i](0, down, 32), 0x113FDB5C);
        assert_int_equal(functions[i](0, read_pdu, 48), 0xD9963A56);
        assert_int_equal(functions[i](0, "123456789", 9), 0xE3069283);
        assert_int_equal(functions[i](0, "", 0), 0);
    }
}

static void fill(uint8_t *data, size_t size)
{
    uint32_t value = 1;
    for (size_t i = 0; i < size; i++) {
        value = value * 1664525 + 1013904223;
        data[i] = (uint8_t)(value >> 24);
    }
}

/* Bit by bit, as the definition has it: what both are compared with. */
static uint32_t by_definition(uint32_t crc, const uint8_t *data, size_t size)
{
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78 : 0);
    }
    return ~crc;
}

static void all_lengths_and_alignments(void **state)
{
    (void)state;
    uint8_t data[8 + 300];
    fill(data, sizeof(data));
    for (size_t offset = 0; offset < 8; offset++)
        for (size_t size = 0; size <= 300; size++) {
            uint32_t wanted = by_definition(0x12345678, data + offset, size);
            assert_int_equal(crc32c_portable(0x12345678, data + offset, size), wanted);
            assert_int_equal(crc32c(0x12345678, data + offset, size), wanted);
        }
}

static void in_pieces(void **state)
{
    (void)state;
    uint8_t data[1000];
    fill(data, sizeof(data));
    uint32_t whole = by_definition(0, data, sizeof(data));
    for (int i = 0; i < 2; i++)
        for (size_t piece = 1; piece <= sizeof(data); piece += 1 + piece / 8) {
            uint32_t crc = 0;
            for (size_t at = 0; at < sizeof(data); at += piece)
                crc = functions[i](crc, data + at,
                                   piece < sizeof(data) - at ? piece : sizeof(data) - at);
            assert_int_equal(crc, whole);
        }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_3720_examples),
        cmocka_unit_test(all_lengths_and_alignments),
        cmocka_unit_test(in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
