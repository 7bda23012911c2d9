#include "wire_blobs.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/bytes.h"

struct draft draft_of(uint8_t type, const void *fixed, uint16_t size)
{
    struct draft draft = { .bytes = { 'P', 'T', type }, .size = WIRE_HEADER_SIZE + size };
    bytes_store(draft.bytes + 8, size, 2);
    memcpy(draft.bytes + WIRE_HEADER_SIZE, fixed, size);
    return draft;
}

void draft_add(struct draft *draft, const void *bytes, size_t size)
{
    assert_true(size <= sizeof(draft->bytes) - draft->size);
    memcpy(draft->bytes + draft->size, bytes, size);
    draft->size += size;
}

struct received receive(const uint8_t *bytes, size_t size)
{
    struct received received = { .body = malloc(size - WIRE_HEADER_SIZE) };
    uint8_t header[WIRE_HEADER_SIZE];
    assert_non_null(received.body);
    memcpy(header, bytes, sizeof(header));
    bytes_store(header + 4, size - WIRE_HEADER_SIZE, 4);
    assert_int_equal(wire_decode_header(header, &received.raw.header), 0);
    memcpy(received.body, bytes + WIRE_HEADER_SIZE, size - WIRE_HEADER_SIZE);
    received.raw.body = received.body;
    return received;
}
