/*
 * The keys of a daemon that has dropped root: it can read them again although only root may read
 * the file. A child process stays root's, and does nothing but read this one file and send its
 * contents. A daemon that was not started as root reads the file itself.
 * One thread.
 */
#ifndef PITETHER_DEVICE_AUTH_KEY_SOURCE_H
#define PITETHER_DEVICE_AUTH_KEY_SOURCE_H

#include <stdint.h>
#include <sys/types.h>

#include "shared/base/attributes.h"
#include "shared/keys/keys_file.h"

struct key_source {
    const char *path;
    int fd;          /* to the child; -1: none */
    pid_t child;     /* 0: none */
    uint8_t request; /* number of the last one */
};

/* Call before any other thread runs, and before root is dropped; path must outlive the source. 0 or
 * a negative errno with a line for the user in error. */
NODISCARD int key_source_open(struct key_source *source, const char *path, struct error *error);

/* Reads the file as keys_load() does, with its errors; -EPIPE: the child has ended; -ETIMEDOUT: it
 * did not respond within 5 s. */
NODISCARD int key_source_read(struct key_source *source, struct keys *keys, struct error *error);

/* Ends the child. A source that is zeroed, or closed already, is fine. */
void key_source_close(struct key_source *source);

#endif
