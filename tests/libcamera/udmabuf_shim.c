/*
 * For LD_PRELOAD, on machines without /dev/dma_heap and /dev/udmabuf (containers, small kernels):
 * lets libcamera's virtual cameras allocate their buffers from memfds that pass for dma-bufs.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int shim_open(const char *path, int flags, mode_t mode);
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);

int shim_open(const char *path, int flags, mode_t mode)
{
    if (strcmp(path, "/dev/udmabuf") == 0)
        return memfd_create("udmabuf device", MFD_CLOEXEC);
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* The C library's names for it; the last two are those of fortified callers. */
int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (flags & (O_CREAT | __O_TMPFILE)) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    return shim_open(path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

int __open_2(const char *path, int flags)
{
    return shim_open(path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
    return shim_open(path, flags | O_LARGEFILE, 0);
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    /* The whole memfd is what callers ask for: a duplicate of it is the buffer. */
    if (request == UDMABUF_CREATE)
        return fcntl((int)((const struct udmabuf_create *)argument)->memfd, F_DUPFD_CLOEXEC, 0);
    int result = (int)syscall(SYS_ioctl, fd, request, argument);
    return result < 0 && errno == ENOTTY && request == DMA_BUF_IOCTL_SYNC ? 0 : result;
}
