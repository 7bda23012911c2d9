/*
 * Takes stills of one stream while it is watched, and saves them as files: for key S of the window.
 * Each still has a receiver and a thread of its own, so that neither the network nor the disk is
 * waited for. What comes of it is logged.
 */
#ifndef PITETHER_HOST_STILL_STILL_SAVER_H
#define PITETHER_HOST_STILL_STILL_SAVER_H

#include <stdbool.h>

#include "host/lib/pitether.h"
#include "shared/base/attributes.h"

struct still_saver_config {
    const char *address;   /* as for pitether_open() */
    const char *stream;    /* the stream's name where the address has none, or NULL */
    const char *keys_file; /* or NULL */
    const char *folder;    /* where the files go, as snapshot_save() has it */
    const char *name;      /* becomes a part of the files' names; NULL: there is only one stream */
    double settle_s;       /* how long to wait for exposure, white balance and focus, at most */
    /* Called by the still's thread when a still was saved, or could not be, with a line for
     * people. NULL: not wanted. */
    void (*done)(void *user, bool saved, const char *line);
    void *user;
};

struct still_saver;

/* Starts nothing yet. The config's texts are copied. 0 or -ENOMEM, with *saver NULL. */
NODISCARD int still_saver_create(struct still_saver **saver,
                                 const struct still_saver_config *config);

/* Takes a still. Returns at once: 0; -EBUSY: one is being taken already; another negative errno: no
 * thread could be started. One thread. */
NODISCARD int still_saver_take(struct still_saver *saver);

/* Gives up the still that is being taken, waits for its thread (never for the network), and nulls
 * the caller's pointer. NULL and *NULL are fine. The same thread as still_saver_take(). */
void still_saver_destroy(struct still_saver **saver);

#endif
