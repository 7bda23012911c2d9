/*
 * Whether bytes can be a JPEG file of a certain size, by its markers alone (ITU-T T.81, B.1): both
 * ends, and the header up to where the size is. Nothing is decoded, and the cost does not grow with
 * the picture. Pure; any thread.
 */
#ifndef PITETHER_SHARED_JPEG_JPEG_CHECK_H
#define PITETHER_SHARED_JPEG_JPEG_CHECK_H

#include <stddef.h>
#include <stdint.h>

/* NULL; or what is wrong with it, a static string that begins with "it" or "its". width and height
 * are in pixels. */
const char *jpeg_check(const uint8_t *jpeg, size_t size, unsigned width, unsigned height);

#endif
