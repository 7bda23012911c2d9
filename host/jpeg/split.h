/*
 * Splits a JPEG into pieces that can be decoded independently: the runs of whole MCU rows between
 * restart markers (ITU-T T.81, E.1.4), as pitetherd writes them. Pure; any thread.
 */
#ifndef PITETHER_HOST_JPEG_SPLIT_H
#define PITETHER_HOST_JPEG_SPLIT_H

#include <stddef.h>
#include <stdint.h>

enum { JPEG_PIECES_MAX = 64, JPEG_HEADER_MAX = 4096 };

/* Offsets and sizes in bytes. */
struct jpeg_split {
    size_t header_size;     /* everything up to the entropy-coded data */
    size_t height_offset;   /* of the 16 bits of height in the header */
    unsigned width, height; /* pixels, as the header says */
    unsigned piece_height;  /* pixels; the last piece has the rest */
    unsigned piece_count;   /* >= 2 */
    struct {
        size_t offset, size; /* without the markers around it */
    } pieces[JPEG_PIECES_MAX];
};

/* 0; -ENOTSUP: it can't be split (no restart markers at the ends of rows, more than one scan, too
 * many pieces, or not a JPEG at all) and must be decoded as a whole. */
int jpeg_split(const uint8_t *jpeg, size_t size, struct jpeg_split *split);

/* Writes piece number index as a JPEG: header, data and EOI. out holds header_size + the piece's
 * size + 2 bytes; returns the number of bytes written. */
size_t jpeg_split_piece(const struct jpeg_split *split, const uint8_t *jpeg, unsigned index,
                        uint8_t *out);

/* The height of piece number index in pixels. */
unsigned jpeg_split_height(const struct jpeg_split *split, unsigned index);

#endif
