/*
 * Finds the pieces of a JPEG that can be decoded each by itself: the runs of whole MCU rows between
 * restart markers (ITU-T T.81, E.1.4), as pitetherd makes them. Pure; any thread.
 */
#ifndef PITETHER_HOST_JPEG_JPEG_SPLIT_H
#define PITETHER_HOST_JPEG_JPEG_SPLIT_H

#include <stddef.h>
#include <stdint.h>

enum { JPEG_PIECES_MAX = 64, JPEG_HEADER_MAX = 4096 };

/* Offsets and sizes in bytes. */
struct jpeg_split {
    size_t header_size;     /* everything up to the entropy-coded data */
    size_t height_offset;   /* of the 16 bits of height in the header */
    unsigned width, height; /* pixels, as the header says */
    unsigned piece_height;  /* pixels; of each piece but the last, which has the rest */
    unsigned piece_count;   /* >= 2 */
    struct {
        size_t offset, size; /* without the markers around it */
    } pieces[JPEG_PIECES_MAX];
};

/* 0; -ENOTSUP: it can't be split (no restart markers at the ends of rows, more than one scan, too
 * many pieces, or not like a JPEG at all): decode it whole, and see. */
int jpeg_split(const uint8_t *jpeg, size_t size, struct jpeg_split *split);

/* Writes a JPEG of piece number index: header, data and end. out holds header_size + the piece's
 * size + 2 bytes; returns how many were written. */
size_t jpeg_split_piece(const struct jpeg_split *split, const uint8_t *jpeg, unsigned index,
                        uint8_t *out);

/* The height of piece number index in pixels. */
unsigned jpeg_split_height(const struct jpeg_split *split, unsigned index);

#endif
