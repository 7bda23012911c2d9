/*
 * The stills of one camera in the loop: who waits for one, and what becomes of the one that is
 * being taken. Those who ask for the same get the same picture; others have theirs one after the
 * other, in the order in which they came. The loop thread alone.
 */
#ifndef PITETHER_DEVICE_SERVE_SERVED_STILLS_H
#define PITETHER_DEVICE_SERVE_SERVED_STILLS_H

#include <stdbool.h>

#include "device/serve/client.h"
#include "device/serve/loop.h"
#include "device/stream/stream.h"
#include "shared/base/attributes.h"

struct served_stills {
    struct stream *stream;         /* of the camera's stills */
    struct client *const *clients; /* the first of all that the daemon has */
    struct watch watch;
    bool taking;   /* a still was requested from the stream, which has not answered */
    bool given_up; /* ... and no client waits for it any more */
    bool begun;    /* ... and its frame has begun: no other client can join */
    struct still_request request; /* what it was asked for */
    struct frame *frame;          /* the answer, until it is whole */
};

/* Begins to take the stream's events. What the pointers refer to must outlive it, and it must stay
 * where it is. 0 or a negative errno. */
NODISCARD int served_stills_open(struct served_stills *served, struct stream *stream,
                                 struct loop *loop, struct client *const *clients);

/* Releases what it holds. Fine if it was never opened. */
void served_stills_close(struct served_stills *served);

/* Takes all events and hands them to its clients. */
void served_stills_take(struct served_stills *served);
void served_stills_dispatch(struct served_stills *served);

/* Ends its clients with END, if the camera's stream has finished. */
void served_stills_end_finished(struct served_stills *served, enum wire_end_reason reason);

/* Clients have come or gone: requests the next still, or cancels one that no client waits for. */
void served_stills_follow_clients(struct served_stills *served);

#endif
