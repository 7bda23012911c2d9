/*
 * What the tests of the session share: a session, a daemon's bytes for it, and what it reports to
 * its handler and sends to the daemon as lines of text, so that two runs are compared at a glance.
 */
#ifndef PITETHER_TESTS_UNIT_HOST_SESSION_FIXTURE_H
#define PITETHER_TESTS_UNIT_HOST_SESSION_FIXTURE_H

#include "host/lib/session.h"

#include "host_support.h"

enum { LINES_MAX = 32768, MAX_MESSAGE = 64 * 1024, FIRST_ID = 10 };
#define START_NS (100 * CLOCK_SECOND)

struct lines {
    char text[LINES_MAX];
    size_t used;
};

struct fixture {
    struct session session;
    struct clock_sync clock;
    struct frame_pool *pool;
    struct wire_streams streams; /* as on_streams() got them */
    struct lines reported;       /* by the session to its handler */
    struct script sent;          /* by the session to the daemon */
    bool full;                   /* has_space() says no */
    unsigned takes, refuse;      /* calls of take_frame; the number of the one that gets nothing */
    struct pitether_times times; /* of the last frame */
    uint32_t answers_due;        /* this request has no answer yet; 0: none */
    unsigned first_due_calls;    /* where the grid goes on */
    uint64_t now;
};

struct fixture *fixture_with(const struct session_config *config);
/* A conversation that follows one which ended there. */
struct fixture *fixture_after(enum wire_mode mode, uint64_t epoch, uint64_t next_id);
struct fixture *fixture_make(enum wire_mode mode);
/* The same, lossless, with the camera on and all that was sent written. */
struct fixture *fixture_running(void);
/* All frames must be back: a pool that gives its two has lost none. */
void fixture_free(struct fixture *fixture);

/* The socket takes all that is to be sent. */
void write_out(struct fixture *fixture);
/* Puts bytes where they are wanted, as readv() does; returns how many were taken. */
size_t fill(struct fixture *fixture, const uint8_t *bytes, size_t size);
/* Has the session read these bytes, at most so many at once, while it wants any, and writes what
 * it sends; returns how many it took. */
size_t feed(struct fixture *fixture, const uint8_t *bytes, size_t size, size_t max);
void feed_all(struct fixture *fixture, const struct script *script);

/* All that was sent, as a daemon reads it: it must end with a whole message. */
void sent_lines(const struct fixture *fixture, struct lines *lines);

void script_pong(struct script *script, uint64_t t1, uint64_t t2, uint64_t t3);
void opening_only(struct script *script);
void hello_with(struct script *script, uint64_t epoch, uint32_t max_message);

#endif
