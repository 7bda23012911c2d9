/*
 * The keys of a daemon that has given up root: read again whenever it asks, though the file is
 * root's alone. A child of the process stays root's and does nothing else than read this one file
 * and hand over what is in it. A daemon that was not root's to begin with reads the file itself.
 * One thread.
 */
#ifndef PITETHER_DEVICE_AUTH_KEY_SOURCE_H
#define PITETHER_DEVICE_AUTH_KEY_SOURCE_H

#include <stdint.h>
#include <sys/types.h>

#include "shared/keys/keys_file.h"

struct key_source {
    const char *path;
    int fd;       /* to the child; -1: there is none */
    pid_t child;  /* 0: there was none */
    uint8_t turn; /* of the last request */
};

/* Call before any other thread runs, and before root is given up; path must live on. 0 or a
 * negative errno with a line for the user in error. */
int key_source_open(struct key_source *source, const char *path, struct error *error);

/* Reads the file as it is now, as keys_load() does, with its errors; -EPIPE: the child is gone;
 * -ETIMEDOUT: it did not answer within 5 s. */
int key_source_read(struct key_source *source, struct keys *keys, struct error *error);

/* Ends the child. One that is zeroed, or closed already, is fine. */
void key_source_close(struct key_source *source);

#endif
