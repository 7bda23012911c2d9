/*
 * Heaps that are there or not, and what is requested of them.
 */
#include "device/camera/dma_heap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dma-heap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

/* The kernel: hands out descriptors of /dev/null, or fails with this errno. */
static int failure;
int __wrap_ioctl(int fd, unsigned long request, void *argument);

int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
    struct dma_heap_allocation_data *memory = argument;
    assert_true(fd >= 0);
    assert_int_equal(request, DMA_HEAP_IOCTL_ALLOC);
    assert_int_equal(memory->len, 4096);
    assert_int_equal(memory->fd_flags, O_RDWR | O_CLOEXEC);
    assert_int_equal(memory->heap_flags, 0);
    if (failure) {
        errno = failure;
        return -1;
    }
    memory->fd = (uint32_t)open("/dev/null", O_RDWR | O_CLOEXEC);
    return 0;
}

static void the_first_heap_that_opens(void **state)
{
    (void)state;
    static const char *const paths[] = { "/dev/null/below", "/nowhere", "/dev/null", "/dev/zero",
                                         NULL };
    static const char *const none[] = { "/nowhere", "/dev/null/below", NULL };
    static const char *const empty[] = { NULL };
    char path[64], target[64];
    int heap = dma_heap_open(paths);
    assert_true(heap >= 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", heap);
    ssize_t size = readlink(path, target, sizeof(target));
    assert_int_equal(size, 9);
    assert_memory_equal(target, "/dev/null", 9);
    assert_int_equal(fcntl(heap, F_GETFD), FD_CLOEXEC);
    close(heap);
    assert_int_equal(dma_heap_open(none), -ENOTDIR);
    assert_int_equal(dma_heap_open(empty), -ENOENT);
}

static void memory_of_a_heap(void **state)
{
    (void)state;
    failure = 0;
    int memory = dma_heap_allocate(0, 4096);
    assert_true(memory > 0);
    close(memory);
    failure = ENOMEM;
    assert_int_equal(dma_heap_allocate(0, 4096), -ENOMEM);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_heap_that_opens),
        cmocka_unit_test(memory_of_a_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
