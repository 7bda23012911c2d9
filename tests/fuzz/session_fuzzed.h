/*
 * A session whose daemon is the fuzzer's input: it checks all that the session reports, and all
 * that it sends.
 */
#ifndef PITETHER_TESTS_FUZZ_SESSION_FUZZED_H
#define PITETHER_TESTS_FUZZ_SESSION_FUZZED_H

#include "fuzz.h"
#include "host/lib/session.h"

enum {
    WIDTH = 640,
    HEIGHT = 480,
    MAX_MESSAGE = 150000, /* more than a frame has space for at first */
    FRAMES_MAX = 3,
    EPOCH = 77,
    STREAM = 9,
};

struct fixture {
    struct session session;
    struct clock_sync clock;
    uint64_t now_ns;
    size_t split;                      /* bytes that a read gets at max; 0: all */
    bool honest;                       /* the daemon sends only what it may */
    bool greeted, in_frame, drops_due; /* ... so it has to know where it is */
    size_t frame_size;
    struct frame_pool *pool;
    struct pitether_frame *held[FRAMES_MAX]; /* frames that a slow sink has */
    unsigned held_count;
    /* What was reported to the handler. */
    bool started;
    unsigned width; /* as STREAM sent */
    uint64_t first, next, delivered, dropped;
    /* What was sent to the daemon. */
    struct message_reader daemon;
    unsigned sent;
    bool subscribed, sent_last;
    uint64_t acked, acks; /* the id after the last one; how many */
};

/* choice: bits of the configuration. The daemon of an honest one keeps to the protocol. */
struct fixture *fixture_open(uint64_t choice);

/* Ends it, and checks what is left. */
void fixture_close(struct fixture *fixture);

/* The daemon sends: the bytes get there as the session takes them. Where it takes none, the sink
 * gives its frames back, and the socket takes what is to be sent. */
void fixture_deliver(struct fixture *fixture, const uint8_t *bytes, size_t size);

/* The socket takes so many bytes of what is to be sent. */
void fixture_write_out(struct fixture *fixture, size_t size);

/* The sink gives its frames back. */
void fixture_release_frames(struct fixture *fixture);

/* Has the session take what was read. */
void fixture_advance(struct fixture *fixture);

/* The totals, and what was reported, agree; the session was in the state `before` before. */
void fixture_check(const struct fixture *fixture, enum session_state before);

#endif
