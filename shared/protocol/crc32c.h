/*
 * CRC-32C (Castagnoli; RFC 3720, 12.1 and B.4): the check of a frame's bytes. Any thread.
 */
#ifndef PITETHER_SHARED_PROTOCOL_CRC32C_H
#define PITETHER_SHARED_PROTOCOL_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The CRC of what gave `crc` (0 at the start) followed by data[0..size). "123456789" gives
 * 0xE3069283. Uses the processor's CRC instruction where there is one. */
uint32_t crc32c(uint32_t crc, const void *data, size_t size);

/* The same by table alone, for the tests. */
uint32_t crc32c_portable(uint32_t crc, const void *data, size_t size);

#endif
