/*
 * Decodes untrusted JPEGs into planes that a texture can take as they are.
 */
#ifndef PITETHER_HOST_JPEG_DECODER_H
#define PITETHER_HOST_JPEG_DECODER_H

#include <stddef.h>
#include <stdint.h>

#include "shared/base/attributes.h"

/* A decoder and its memory. One thread at a time; several decoders may run at once. */
struct jpeg_decoder;

/* Decoded planes, YUV 4:2:0 at full range (JFIF), whatever the JPEG's own subsampling was; owned by
 * the decoder and valid until its next call. Chroma planes: (width+1)/2 x (height+1)/2 samples. */
struct jpeg_planes {
    unsigned width, height; /* pixels */
    const uint8_t *data[3]; /* Y, U (Cb), V (Cr) */
    size_t stride[3];       /* bytes a row */
};

/* NULL: out of memory. */
NODISCARD struct jpeg_decoder *jpeg_decoder_create(void);
void jpeg_decoder_destroy(struct jpeg_decoder *decoder);

/* Decodes data[0..size). width, height: the size that the sender declared, which the JPEG must
 * have. 0; -EBADMSG: not a JPEG, damaged (libjpeg's warnings count), of another size, or of an
 * unsupported kind (colours other than YCbCr or grey, samplings other than 4:2:0, 4:2:2, 4:4:0 and
 * 4:4:4, arithmetic coding); -EFBIG: more than 16383 on a side, 2^26 pixels or 32 scans; -ENOMEM.
 * On error *planes is unchanged, but the planes that it pointed to are invalid. */
NODISCARD int jpeg_decode(struct jpeg_decoder *decoder, const uint8_t *data, size_t size,
                          unsigned width, unsigned height, struct jpeg_planes *planes);

/* The same into the caller's planes, which have the strides of jpeg_plane_layout() for this width
 * and hold whole rows of 16 luma lines, with chroma to match; also for a greyscale JPEG. */
int jpeg_decode_into(struct jpeg_decoder *decoder, const uint8_t *data, size_t size, unsigned width,
                     unsigned height, uint8_t *const planes[3]);

/* The offsets and strides of a picture's three planes within one block of memory, in bytes; returns
 * the size of the block, which is to be aligned to 64 bytes. */
size_t jpeg_plane_layout(unsigned width, unsigned height, size_t offsets[3], size_t strides[3]);

#endif
