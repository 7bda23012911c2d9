/*
 * One stream as the loop serves it: hands its events to the clients that watch it, turns its camera
 * on while there are any, and keeps its bit rate. The loop thread alone.
 */
#ifndef PITETHER_DEVICE_SERVE_SERVED_STREAM_H
#define PITETHER_DEVICE_SERVE_SERVED_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "device/metrics/stats.h"
#include "device/serve/adapt.h"
#include "device/serve/client.h"
#include "device/serve/loop.h"
#include "device/serve/served_stills.h"
#include "device/stream/stream.h"
#include "shared/base/attributes.h"

struct served_stream {
    struct stream *stream;
    struct client *const *clients; /* the first of all that the daemon has */
    bool *changed; /* set when the camera's state has changed, or the stream has finished */
    struct watch watch;
    struct served_stills stills; /* the camera's; stream NULL: a preview has none of its own */
    struct stats stats;
    struct adapt adapt;
    uint64_t adapted_ns, adapted_bytes; /* when it last looked, and what was encoded then */
    unsigned watching;                  /* clients */
    bool wanted;                        /* the camera was told to run */
    bool ended;                         /* its clients were sent END */
};

/* Begins to take the stream's events. What the pointers refer to must outlive it, and it must stay
 * where it is. 0 or a negative errno. */
NODISCARD int served_stream_open(struct served_stream *served, struct stream *stream,
                                 struct loop *loop, struct client *const *clients, bool *changed);

/* Releases what it holds. */
void served_stream_close(struct served_stream *served);

/* Takes all events and hands them on, without writing. */
void served_stream_take(struct served_stream *served);

/* If there are any events: takes them, and has the clients write. No system call if there are
 * none. */
void served_stream_dispatch(struct served_stream *served);

/* Ends its clients with END, if it has finished. Returns whether it has. */
bool served_stream_end_finished(struct served_stream *served, enum wire_end_reason reason);

/* Counts its clients, and has the camera run if there are any. */
void served_stream_follow_clients(struct served_stream *served);

/* With --stats: logs a line if `seconds` have passed since the last one. Call about twice a second.
 */
void served_stream_log_stats(struct served_stream *served, unsigned seconds, uint64_t now_ns);

/* With --adaptive: adapts the bit rate to the slowest live client. Call about twice a second. */
void served_stream_adapt(struct served_stream *served, uint64_t now_ns);

#endif
