/*
 * Helpers for descriptors of any kind.
 */
#ifndef PITETHER_SHARED_BASE_DESCRIPTORS_H
#define PITETHER_SHARED_BASE_DESCRIPTORS_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "shared/base/attributes.h"

/* Opens /dev/null as each standard descriptor that is closed: otherwise the next file or socket
 * would get its number, and output would be written to it. Call first in main(). Returns whether
 * standard output was open. */
NODISCARD static inline bool descriptors_secure(void)
{
    bool output = fcntl(STDOUT_FILENO, F_GETFD) >= 0;
    int fd;
    while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO)
        ;
    if (fd > STDERR_FILENO)
        close(fd);
    return output;
}

/* Reads until the end or until `max` bytes are read. Their number, or a negative errno. */
NODISCARD static inline ssize_t descriptors_read(int fd, void *data, size_t max)
{
    size_t size = 0;
    while (size < max) {
        ssize_t got = read(fd, (char *)data + size, max - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : (ssize_t)size;
        size += (size_t)got;
    }
    return (ssize_t)size;
}

/* Writes all of it, however long it takes. 0, or a negative errno after a part of it or nothing. */
NODISCARD static inline int descriptors_write(int fd, const void *data, size_t size)
{
    for (const char *at = data; size > 0;) {
        ssize_t written = write(fd, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? -errno : -EIO;
        at += written;
        size -= (size_t)written;
    }
    return 0;
}

/* Writes out what was printed to stdout. was_open: what descriptors_secure() returned. 0, or a
 * negative errno if not all of it could be written; -EIO if the reason is no longer known. */
NODISCARD static inline int descriptors_flush_stdout(bool was_open)
{
    if (!was_open)
        return -EBADF;
    errno = 0;
    bool failed = fflush(stdout) == EOF;
    int code = failed ? errno : 0;
    if (code == 0 && (failed || ferror(stdout)))
        code = EIO;
    return -code;
}

#endif
