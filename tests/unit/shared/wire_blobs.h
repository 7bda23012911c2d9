/*
 * Messages with a blob, written by hand and received.
 */
#ifndef PITETHER_TESTS_UNIT_SHARED_WIRE_BLOBS_H
#define PITETHER_TESTS_UNIT_SHARED_WIRE_BLOBS_H

#include "shared/protocol/wire_controls.h"
#include "wire_fixture.h"

/* A message while it is written. Its length is that of `size`, whatever its header says. */
struct draft {
    uint8_t bytes[WIRE_MESSAGE_MAX];
    size_t size;
};

/* A type, and the fixed part of so many bytes. */
struct draft draft_of(uint8_t type, const void *fixed, uint16_t size);

/* More of the blob. */
void draft_add(struct draft *draft, const void *bytes, size_t size);

/* The same, of a string literal, which may have zeros in it. */
#define DRAFT_ADD(draft, literal) draft_add(draft, literal, sizeof(literal) - 1)

/* Its body lies in memory of just its size, so that the sanitizer sees what is read beyond it. */
struct received {
    struct wire_raw raw;
    uint8_t *body; /* the caller frees it */
};

struct received receive(const uint8_t *bytes, size_t size);

#endif
