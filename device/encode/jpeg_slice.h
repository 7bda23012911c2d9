/*
 * Rows of a picture to one entropy-coded segment of a baseline JPEG.
 *
 * A picture is cut into slices of whole MCU rows. Each slice is compressed as an image of its own,
 * so that any number of threads can work on one picture; its own header is cut off, and what is
 * left ends in the restart marker that a decoder expects there (ITU-T T.81, B.2.1 and E.1.4). The
 * first slice keeps its header, with the whole picture's height in it, and the last one ends in
 * EOI: joined in order, they are the file, pixel for pixel what one compressor would have made.
 */
#ifndef PITETHER_DEVICE_ENCODE_JPEG_SLICE_H
#define PITETHER_DEVICE_ENCODE_JPEG_SLICE_H

#include "device/encode/frame.h"
#include "device/image/picture.h"
#include "shared/base/attributes.h"

struct slice_plan {
    unsigned count;            /* 1..FRAME_SLICES_MAX */
    unsigned mcu_rows;         /* in the picture */
    unsigned slice_mcu_rows;   /* in each slice but the last, which may have fewer */
    unsigned restart_interval; /* MCUs in each slice but the last; 0 if there is only one */
};

/* A plan with about so many slices (>= 1): no more than the picture has MCU rows, and none with
 * more MCUs than a restart interval can count (65535). PIXEL_JPEG always gets one. */
struct slice_plan slice_plan(const struct picture *picture, unsigned slices);

/* Compressors and scratch memory, kept from slice to slice. One thread at a time. */
struct jpeg_slicer;

/* NULL: out of memory. */
NODISCARD struct jpeg_slicer *jpeg_slicer_create(void);
void jpeg_slicer_destroy(struct jpeg_slicer *slicer);

/*
 * Compresses slice number index of the picture, which picture_check() has accepted, into out,
 * whose buffer is reused or grown. quality: 1..100. PIXEL_JPEG is copied without the padding around
 * it, and gets the standard Huffman tables if it lacks any.
 * 0; -ENOMEM; -EBADMSG: a PIXEL_JPEG that camera_jpeg_read() refuses; -EIO: libjpeg failed.
 */
NODISCARD int jpeg_slice_encode(struct jpeg_slicer *slicer, const struct picture *picture,
                                const struct slice_plan *plan, unsigned index, int quality,
                                struct slice *out);

#endif
