/*
 * The other side of a connection to struct client: a receiver that checks each message against
 * PROTOCOL.md as it comes, and does its own accounting. All on the test's thread.
 */
#ifndef PITETHER_TESTS_UNIT_DEVICE_PEER_H
#define PITETHER_TESTS_UNIT_DEVICE_PEER_H

#include "device/serve/client.h"

enum { PEER_FRAME_MAX = 4 << 20, PEER_FATES_MAX = 4096 };

struct peer {
    int fd;
    struct message_reader reader;
    uint8_t number; /* of the stream that it watches */
    bool acks;      /* sends an ACK for each frame that came whole */
    bool reads;     /* looked at by fixture_step() */

    /* What came. */
    bool opened, streams_seen, ended, failed, closed;
    unsigned hellos, streams, statuses, pings, pongs;
    unsigned lists;   /* of controls, whole ones */
    unsigned answers; /* CHANGED for what this peer set ... */
    unsigned notices; /* ... and for what others did */
    struct control_table controls;
    struct wire_changed answer, notice; /* the last ones */
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

/* Releases what it holds. */
void peer_clear(struct peer *peer);

/* These bytes came, by whatever way. */
void peer_receive(struct peer *peer, const void *bytes, size_t size);
/* Reads what is there, at most so many bytes; returns how many. */
size_t peer_read(struct peer *peer, size_t most);

void peer_send(struct peer *peer, const void *bytes, size_t size);
void peer_send_message(struct peer *peer, const struct wire_message *message);
/* SUBSCRIBE to the stream of that name. */
void peer_subscribe(struct peer *peer, const char *name, uint8_t mode);
/* SET. */
void peer_set(struct peer *peer, uint32_t request, const char *text);
void peer_ack(struct peer *peer, uint64_t id);
void peer_end(struct peer *peer);

/* Whether the ids [from, to) are accounted for, and all met this fate (0: delivered). */
bool peer_fate(const struct peer *peer, uint64_t from, uint64_t to, enum wire_drop_reason fate);

#endif
