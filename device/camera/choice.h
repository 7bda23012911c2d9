/*
 * Which of the cameras that are there a stream takes. Pure; any thread.
 */
#ifndef PITETHER_DEVICE_CAMERA_CHOICE_H
#define PITETHER_DEVICE_CAMERA_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/base/attributes.h"
#include "shared/base/error.h"

/* A camera that is there. The texts are the caller's and end with a zero. */
struct camera_entry {
    const char *id;    /* of a USB camera it contains the port */
    const char *model; /* NULL: not known */
    const char *user;  /* the other stream of this daemon that has it; NULL: none */
    bool usb;          /* see camera_is_usb() */
    void *camera;      /* the caller's own */
};

/* The camera that a stream had before. */
struct camera_identity {
    const char *id;    /* NULL: it had none yet */
    const char *model; /* NULL: not known */
    bool only;         /* no other camera had this model when it was chosen */
};

/* Whether it is a USB camera, whose cable may be pulled: by its id of libcamera's, which ends with
 * what USB calls vendor and product. Where cameras say that they are, at a Pi, is of no use: those
 * at its connector say that they are external, and some at USB that they are built in. */
bool camera_is_usb(const char *id);

/* Sorts by id: the order in which --list-cameras and INDEX count. */
void camera_sort(struct camera_entry *entries, size_t count);

/* Whether no other entry has the model of this one. */
bool camera_is_only(const struct camera_entry *entries, size_t count, size_t index);

/*
 * Chooses one of the entries, which are sorted; none at all is fine only if the stream had a camera
 * before. A stream that has had a camera gets that one
 * again: the same id or, since a USB camera may come back at another port, the only one of its
 * model if it was the only one before. Otherwise by the argument of --source:
 *   NULL         the first that is not at USB, or else the first
 *   ID           the one of this id
 *   INDEX        the one in this place, from 0 on
 *   model=TEXT   the only one whose model contains the text; ASCII letters match in either case
 * Returns the index, or with error filled -ENODEV (it is not there), -ENOTUNIQ (model=TEXT: there
 * are several) or -EBUSY (another stream has it).
 */
NODISCARD int camera_choose(const struct camera_entry *entries, size_t count, const char *argument,
                            const struct camera_identity *before, struct error *error);

#endif
