/*
 * The daemon's loop thread: accepts clients, hands them the streams' events, turns the cameras on
 * and off, shuts down cleanly.
 */
#ifndef PITETHER_DEVICE_SERVE_SERVER_H
#define PITETHER_DEVICE_SERVE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/auth/auth.h"
#include "device/serve/listener.h"
#include "device/stream/stream.h"
#include "shared/base/attributes.h"

struct server_config {
    unsigned max_clients;   /* >= 1 */
    size_t queue_bytes;     /* the most that a lossless client's queue may hold */
    unsigned stats_seconds; /* how often to log what goes on; 0: never */
    bool view_only;         /* receivers without a key may not set controls */
    bool allow_plaintext;   /* other machines need no key, even if there are keys */
};

/* What the server works with. All must outlive it. */
struct server_parts {
    struct listeners *listeners;
    struct stream *const *streams; /* by number: one for each camera, then their previews */
    unsigned camera_count;         /* >= 1 */
    unsigned stream_count;         /* of all */
    struct auth *auth;             /* read again on SIGHUP */
};

/*
 * Serves until SIGINT, SIGTERM or the end of all streams, then ends all clients with END. SIGHUP
 * reads the keys again and disconnects clients whose key was revoked; without keys, and without a
 * service manager, it ends the daemon, as the terminal is gone. The signals must be blocked in all
 * threads. The calling thread becomes the loop thread. 0 or a negative errno.
 */
NODISCARD int server_run(const struct server_config *config, const struct server_parts *parts);

#endif
