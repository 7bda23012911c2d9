/*
 * Memory from the kernel's dma-buf heaps (include/uapi/linux/dma-heap.h). Any thread.
 */
#ifndef PITETHER_DEVICE_CAMERA_DMA_HEAP_H
#define PITETHER_DEVICE_CAMERA_DMA_HEAP_H

#include <stddef.h>

#include "shared/base/attributes.h"

/* Heaps on a Raspberry Pi whose memory is contiguous and cached by the processor, best first; ends
 * with NULL. */
extern const char *const dma_heap_cached[];

/* Opens the first of the paths that can be: a descriptor, or a negative errno of the last. */
NODISCARD int dma_heap_open(const char *const *paths);

/* Allocates a dma-buf of so many bytes: its descriptor, or a negative errno. */
NODISCARD int dma_heap_allocate(int heap, size_t size);

#endif
