/*
 * Small things that are done with descriptors of any kind.
 */
#ifndef PITETHER_SHARED_BASE_DESCRIPTORS_H
#define PITETHER_SHARED_BASE_DESCRIPTORS_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

/* Opens /dev/null in the place of each standard descriptor that whoever started the program has
 * closed: the next file or socket would get its number else, and be written to as standard output
 * or error. Call first of all in main(). Returns whether standard output was open. */
static inline bool descriptors_secure(void)
{
    bool output = fcntl(STDOUT_FILENO, F_GETFD) >= 0;
    int fd;
    while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO)
        ;
    if (fd > STDERR_FILENO)
        close(fd);
    return output;
}

/* Reads until the end or until `room` bytes are there. Their number, or a negative errno. */
static inline ssize_t descriptors_read(int fd, void *data, size_t room)
{
    size_t size = 0;
    while (size < room) {
        ssize_t got = read(fd, (char *)data + size, room - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : (ssize_t)size;
        size += (size_t)got;
    }
    return (ssize_t)size;
}

/* Writes all of it, however long it takes. 0 or a negative errno, and then maybe a part. */
static inline int descriptors_write(int fd, const void *data, size_t size)
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
 * negative errno if not all of it could be written; -EIO where the reason is not known any more. */
static inline int descriptors_flush_stdout(bool was_open)
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
