/*
 * The other side of a connection to struct client: a receiver that holds each message against
 * PROTOCOL.md as it comes and does its own accounting; and the room in which the two meet.
 * All on the test's thread; nothing blocks for more than BOUND_MS.
 */
#ifndef PITETHER_TESTS_UNIT_DEVICE_PEER_H
#define PITETHER_TESTS_UNIT_DEVICE_PEER_H

#include "device/serve/client.h"
#include "fake_stream.h"
#include "frames.h"

enum { PEER_FRAME_MAX = 4 << 20, PEER_FATES_MAX = 4096, BOUND_MS = 5000 };

struct peer {
    int fd;
    struct message_reader reader;
    uint8_t number; /* of the stream that it watches */
    bool acks;      /* sends an ACK for each frame that came whole */
    bool reads;     /* looked at by room_step() */

    /* What came. */
    bool opened, streams_seen, ended, failed, closed;
    unsigned hellos, streams, statuses, pings, pongs;
    struct wire_hello hello;
    struct wire_streams listed;
    struct wire_stream stream;
    struct wire_status status;
    struct wire_pong pong;
    struct wire_error error;
    struct wire_end end;

    /* Accounting: the ids [first, next) have a fate. */
    uint64_t first, next, delivered, dropped, aborted;
    enum wire_drop_reason fates[PEER_FATES_MAX]; /* by id - first; 0: delivered */

    /* The frame that is coming. */
    bool in_frame, drops_due;
    unsigned heads, parts; /* parts: of this frame */
    struct wire_frame_head head;
    size_t size;
    uint8_t jpeg[PEER_FRAME_MAX];
};

struct room {
    struct loop loop, low_priority;
    struct log_limit fail_limit;
    bool changed; /* see struct client_shared */
    struct client_shared shared;
    struct stream stream, *streams[1];
    struct client *client;
    struct peer *peer;
    struct frames frames;
    uint64_t given; /* ids so far */
};

/* A client and its peer, connected, with nothing said. room_unix() can make the kernel's buffer
 * small (bytes; 0: as it is). */
void room_unix(struct room *room, int buffer);
void room_tcp(struct room *room);
/* Ends both, and asserts that all frames came back. */
void room_close(struct room *room);

/* Opening and HELLO from the peer, until it has read the daemon's. */
void room_greet(struct room *room, uint32_t max_message);
/* The same and SUBSCRIBE, with the camera running in 640x480 from the next id on. */
void room_watch(struct room *room, enum wire_mode mode, uint32_t max_fps_mhz, uint32_t queue_bytes);
/* The same with all that SUBSCRIBE can say. */
void room_subscribe(struct room *room, const struct wire_subscribe *subscribe);
/* The camera runs, as the server would tell. */
void room_stream(struct room *room, unsigned width);

/* The next frame, as the server would hand it over: not published, whole, a run of losses. */
struct frame *room_growing(struct room *room, unsigned slices, size_t slice_size);
struct frame *room_frame(struct room *room, unsigned slices, size_t slice_size);
void room_lost(struct room *room, uint64_t count, enum wire_drop_reason reason);
/* Something has grown. */
void room_news(struct room *room);

/* Waits until either side has something to do, and has it done. Fails if that takes too long. */
void room_step(struct room *room);
/* Until neither has. For Unix sockets, where bytes arrive at once. */
void room_settle(struct room *room);
#define ROOM_UNTIL(room, condition)                                                                \
    do {                                                                                           \
        for (int steps_ = 0; !(condition); steps_++) {                                             \
            assert_in_range(steps_, 0, 100000);                                                    \
            room_step(room);                                                                       \
        }                                                                                          \
    } while (0)

/* These bytes came, by whatever way. */
void peer_hear(struct peer *peer, const void *bytes, size_t size);
/* Reads what is there, at most so many bytes; returns how many. */
size_t peer_read(struct peer *peer, size_t most);

void peer_send(struct peer *peer, const void *bytes, size_t size);
void peer_say(struct peer *peer, const struct wire_message *message);
void peer_ack(struct peer *peer, uint64_t id);
void peer_end(struct peer *peer);

/* Whether the ids [from, to) are accounted for, and all met this fate (0: delivered). */
bool peer_fate(const struct peer *peer, uint64_t from, uint64_t to, enum wire_drop_reason fate);

#endif
