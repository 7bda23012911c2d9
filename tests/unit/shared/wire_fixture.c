#include "wire_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/bytes.h"

int decode_bytes(const uint8_t *bytes, size_t size, struct wire_message *message)
{
    struct wire_raw raw;
    assert_true(size >= WIRE_HEADER_SIZE);
    int error = wire_decode_header(bytes, &raw.header);
    if (error)
        return error;
    assert_int_equal(raw.header.length, size - WIRE_HEADER_SIZE);
    uint8_t *body = malloc(raw.header.length);
    assert_non_null(body);
    memcpy(body, bytes + WIRE_HEADER_SIZE, raw.header.length);
    raw.body = body;
    memset(message, 0xA5, sizeof(*message));
    error = wire_decode(&raw, message);
    free(body);
    return error;
}

int decode_parts(uint8_t type, uint16_t fixed, const uint8_t *tlvs, size_t tlv_size,
                 const uint8_t *blob, size_t blob_size, struct wire_message *message)
{
    uint8_t *bytes = calloc(1, WIRE_HEADER_SIZE + fixed + tlv_size + blob_size);
    assert_non_null(bytes);
    bytes[0] = 'P';
    bytes[1] = 'T';
    bytes[2] = type;
    bytes_store(bytes + 4, fixed + tlv_size + blob_size, 4);
    bytes_store(bytes + 8, fixed, 2);
    bytes_store(bytes + 10, tlv_size, 2);
    if (tlv_size)
        memcpy(bytes + WIRE_HEADER_SIZE + fixed, tlvs, tlv_size);
    if (blob_size)
        memcpy(bytes + WIRE_HEADER_SIZE + fixed + tlv_size, blob, blob_size);
    size_t size = WIRE_HEADER_SIZE + fixed + tlv_size + blob_size;
    int error = decode_bytes(bytes, size, message);
    free(bytes);
    return error;
}
