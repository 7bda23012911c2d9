/*
 * One still, from a receiver of its own. One thread, except where a function says otherwise.
 */
#ifndef PITETHER_HOST_STILL_STILL_H
#define PITETHER_HOST_STILL_STILL_H

#include <stddef.h>

#include "host/exit_code.h"
#include "host/lib/pitether.h"
#include "shared/base/attributes.h"
#include "shared/base/error.h"

/* The result. */
struct still {
    const struct pitether_frame *frame; /* with a reference, the caller's; NULL: see error */
    struct error error;                 /* why there is none, for people */
};

/* Waits for the still that the receiver, which is of the mode STILL, is sent. EXIT_DONE with a
 * frame, or the program's exit code for why there is none. pitether_stop() ends the wait. */
NODISCARD enum exit_code still_wait(struct pitether *receiver, struct still *still);

/* Its size, and what the camera reports of exposure, gain and white balance, as a text without a
 * line feed. Any thread that holds the frame. */
enum { STILL_TEXT_SIZE = 256 };
void still_describe(const struct pitether_frame *frame, char text[STILL_TEXT_SIZE]);

#endif
