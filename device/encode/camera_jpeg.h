/*
 * A camera's own JPEG, as it comes over USB: whether every decoder can read it, where it begins and
 * ends in its buffer, and what it lacks.
 *
 * Only its markers are read (ITU-T T.81, annex B); whether the entropy-coded data between them is
 * valid is left to decoders. What passes is one scan of a baseline or
 * extended sequential picture with Huffman codes, 8 bits a sample and 1 or 3 components, with all
 * that a decoder needs except the standard Huffman tables (T.81, K.3), which cameras may leave out
 * as AVI files do. Pure; any thread.
 */
#ifndef PITETHER_DEVICE_ENCODE_CAMERA_JPEG_H
#define PITETHER_DEVICE_ENCODE_CAMERA_JPEG_H

#include <stddef.h>
#include <stdint.h>

#include "device/image/picture.h"
#include "shared/base/attributes.h"

struct camera_jpeg {
    size_t begin, end; /* of the JPEG within the buffer, from SOI to EOI */
    size_t scan;       /* where its SOS begins */
    uint8_t missing_dc,
        missing_ac; /* bit n: it refers to the standard table n (0 or 1) but lacks it */
};

/*
 * Reads the JPEG in a PIXEL_JPEG picture that picture_check() has accepted. Padding (bytes 0x00 or
 * 0xFF) before it, and whatever follows its EOI, don't belong to it. 0, or -EBADMSG with *why a
 * static text: it is none, it is cut off, it is of another size, or not every decoder could read
 * it.
 */
NODISCARD int camera_jpeg_read(struct camera_jpeg *jpeg, const struct picture *picture,
                               const char **why);

#endif
