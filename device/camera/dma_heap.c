#include "device/camera/dma_heap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dma-heap.h>
#include <sys/ioctl.h>

const char *const dma_heap_cached[] = { "/dev/dma_heap/vidbuf_cached", "/dev/dma_heap/linux,cma",
                                        NULL };

int dma_heap_open(const char *const *paths)
{
    int result = -ENOENT;
    for (; *paths && result < 0; paths++) {
        result = open(*paths, O_RDWR | O_CLOEXEC);
        if (result < 0)
            result = -errno;
    }
    return result;
}

int dma_heap_allocate(int heap, size_t size)
{
    struct dma_heap_allocation_data memory = { .len = size, .fd_flags = O_RDWR | O_CLOEXEC };
    if (ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &memory) < 0)
        return -errno;
    return (int)memory.fd;
}
