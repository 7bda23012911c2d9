/*
 * Big-endian integers in byte strings of any alignment. Pure; any thread.
 */
#ifndef PITETHER_SHARED_BASE_BYTES_H
#define PITETHER_SHARED_BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* Stores the low `size` bytes of value (size 1..8), most significant byte first. */
static inline void bytes_store(uint8_t *to, uint64_t value, size_t size)
{
    for (size_t i = size; i-- > 0; value >>= 8)
        to[i] = (uint8_t)value;
}

/* Loads `size` bytes (1..8), most significant byte first. */
static inline uint64_t bytes_load(const uint8_t *from, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | from[i];
    return value;
}

#endif
