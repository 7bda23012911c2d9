/*
 * The daemon's loop thread: accepts clients, hands them the news of the stream, turns the camera on
 * and off, ends in order.
 */
#ifndef PITETHER_DEVICE_SERVE_SERVER_H
#define PITETHER_DEVICE_SERVE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/auth/auth.h"
#include "device/encode/encoder.h"
#include "device/serve/listener.h"
#include "device/stream/demand.h"
#include "device/stream/events.h"
#include "device/stream/supervisor.h"

struct server_config {
    const char *camera_name;  /* for STREAMS; must live as long as the server */
    unsigned max_clients;     /* >= 1 */
    size_t queue_bytes;       /* the most that a lossless client's queue may hold */
    unsigned stats_seconds;   /* how often to log what goes on; 0: never */
    bool adaptive;            /* follow the slowest live client's path */
    uint64_t bits_per_second; /* then at most; 0: no limit */
    bool always_on;           /* the camera runs even if nobody watches */
    bool allow_plaintext;     /* other machines need no key, even if there are keys */
};

/* Who makes the frames. They must outlive the server. */
struct server_parts {
    struct listeners *listeners;
    struct stream_events *events;
    struct demand *demand; /* told which frames are wanted; NULL: nobody asks */
    struct supervisor *supervisor;
    struct encoder *encoder; /* asked for its totals */
    struct auth *auth;       /* read again on SIGHUP */
};

/*
 * Serves until SIGINT, SIGTERM or the source's end, then ends all clients in order. SIGHUP reads
 * the keys again and cuts whoever has none of them any more; without keys, and without a service
 * manager, it ends the daemon, as the terminal is gone. The
 * signals must be blocked in all threads. The calling thread becomes the loop thread.
 * 0 or a negative errno.
 */
int server_run(const struct server_config *config, const struct server_parts *parts);

#endif
