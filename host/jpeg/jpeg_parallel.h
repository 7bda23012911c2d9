/*
 * Decodes one JPEG on several cores, where it has restart markers to cut it at; else on one.
 */
#ifndef PITETHER_HOST_JPEG_JPEG_PARALLEL_H
#define PITETHER_HOST_JPEG_JPEG_PARALLEL_H

#include "host/jpeg/jpeg_decode.h"

enum { JPEG_PARALLEL_MAX = 8 };

struct jpeg_parallel;

/* threads: 1..JPEG_PARALLEL_MAX, the caller's own among them; 0: one for each core, 4 at most,
 * since the window is not the only one who wants them. NULL: out of memory or threads. */
struct jpeg_parallel *jpeg_parallel_create(unsigned threads);
void jpeg_parallel_destroy(struct jpeg_parallel *parallel);

/* As jpeg_decode(): same pictures, same errors, same life of the planes. One thread at a time. */
int jpeg_parallel_decode(struct jpeg_parallel *parallel, const uint8_t *data, size_t size,
                         unsigned width, unsigned height, struct jpeg_planes *planes);

#endif
