/*
 * What the tests of messages share: messages as bytes, decoded from memory of that very size.
 */
#ifndef PITETHER_TESTS_UNIT_SHARED_WIRE_FIXTURE_H
#define PITETHER_TESTS_UNIT_SHARED_WIRE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shared/protocol/wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Decodes a whole message of exactly size bytes. */
int decode_bytes(const uint8_t *bytes, size_t size, struct wire_message *message);

/* A message of a type, with a fixed part of so many bytes and with these TLVs and blob after it. */
int decode_parts(uint8_t type, uint16_t fixed, const uint8_t *tlvs, size_t tlv_size,
                 const uint8_t *blob, size_t blob_size, struct wire_message *message);

#endif
