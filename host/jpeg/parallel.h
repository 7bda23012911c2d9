/*
 * Decodes one JPEG on several cores if it has restart markers to split it at, else on one.
 */
#ifndef PITETHER_HOST_JPEG_PARALLEL_H
#define PITETHER_HOST_JPEG_PARALLEL_H

#include "host/jpeg/decoder.h"
#include "shared/base/attributes.h"

enum { JPEG_PARALLEL_MAX = 8 };

struct jpeg_parallel;

/* threads: 1..JPEG_PARALLEL_MAX, the caller's own included; 0: one for each core, but 4 at most, so
 * that cores are left for receiving and drawing. NULL: out of memory or threads. */
NODISCARD struct jpeg_parallel *jpeg_parallel_create(unsigned threads);
void jpeg_parallel_destroy(struct jpeg_parallel *parallel);

/* As jpeg_decode(): the same pictures and errors, and planes valid for as long. One thread at a
 * time. */
NODISCARD int jpeg_parallel_decode(struct jpeg_parallel *parallel, const uint8_t *data, size_t size,
                                   unsigned width, unsigned height, struct jpeg_planes *planes);

#endif
