/*
 * Standard descriptors that whoever started the program has closed. Call first of all in main().
 */
#ifndef PITETHER_SHARED_DESCRIPTORS_H
#define PITETHER_SHARED_DESCRIPTORS_H

#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

/* Opens /dev/null in the place of each that is closed: the next file or socket would get its number
 * else, and be written to as standard output or error. Returns whether standard output was open. */
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

#endif
