/*
 * What the tests of a receiver share: the test plays the daemon on a Unix socket and is the caller
 * that takes the events; only the receiver's thread is the library's.
 */
#ifndef PITETHER_TESTS_UNIT_HOST_RECEIVER_FIXTURE_H
#define PITETHER_TESTS_UNIT_HOST_RECEIVER_FIXTURE_H

#include <pthread.h>

#include "host/lib/pitether.h"
#include "host_support.h"
#include "shared/protocol/message_reader.h"

enum {
    BOUND_MS = 20000,
    IDS_MAX = 1 << 16,
    DROP_REASONS = 272,
    LOG_MAX = 64 << 10,
    CHANGES_MAX = 256
};

/* What the events said so far. */
struct record {
    uint64_t ids[IDS_MAX]; /* of the frames, in the order in which they came */
    bool clock_known[IDS_MAX];
    unsigned count;
    unsigned wrong;     /* frames that are not what was sent */
    unsigned unordered; /* frames and drops that did not carry on the ids of their epoch */
    uint64_t drops[DROP_REASONS];
    uint64_t overdue;
    unsigned connections, losses; /* CONNECTED, LOST */
    uint64_t epoch, next_id;      /* of the last frame or drops; 0: none yet */
    struct pitether_stream stream;
    struct pitether_status status;
    unsigned lists, controls;        /* CONTROLS, and how many there were in the last one */
    unsigned answers, notices;       /* CHANGED */
    uint32_t answered[CHANGES_MAX];  /* requests, in the order in which they were answered */
    struct pitether_changed changed; /* the last one, without the list ... */
    struct pitether_change change;   /* ... but for its first control */
    char lost[512];
    struct pitether_end end;
    bool ended;
};

struct fixture {
    char root[32], path[48], address[64];
    struct pitether_options options;
    struct pitether *receiver;
    struct record record;
    bool slow; /* nothing is taken unless the test says so */

    pthread_mutex_t lock;
    char log[LOG_MAX]; /* under lock: "warning: ...\n" */

    /* The daemon, and what it has received on this connection. */
    int listener, fd;
    struct script script; /* to be sent next */
    struct message_reader reader;
    bool subscribed, ended, failed, closed;
    uint64_t pinged_ns; /* t1 of the last PING; 0: none yet */
    unsigned pongs, acks;
    uint64_t ack_ids[IDS_MAX];
    unsigned sets; /* SETs, and the last one */
    struct wire_set set;
    struct wire_subscribe subscribe;
    struct wire_end receiver_end;
    struct wire_error receiver_error;
};

int fixture_set_up(void **state);
int fixture_tear_down(void **state);

#define RECEIVER_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

/* The caller. */

/* Opens the receiver with fixture->options. */
void start(struct fixture *fixture);
/* Takes all events that are there. */
void take_all(struct fixture *fixture);
/* Takes events until there is one of this type. */
void take_until(struct fixture *fixture, enum pitether_event_type type);
/* Takes events until END, which must be the last one. */
void take_the_rest(struct fixture *fixture);
/* pitether_set(), which must work; returns the request. */
uint32_t set_control(struct fixture *fixture, const char *assignments);
void assert_ids(const struct fixture *fixture, const uint64_t *ids, unsigned count);
/* The log so far. Valid until the next call. */
const char *log_text(struct fixture *fixture);

/* The daemon. */

void listen_here(struct fixture *fixture);
void stop_listening(struct fixture *fixture);
void hang_up(struct fixture *fixture);
/* The next connection. */
int accept_call(struct fixture *fixture);
/* From here on it is this connection. */
void take_over(struct fixture *fixture, int fd);
/* The same, and the receiver has subscribed and sent a PING. */
void take_over_subscribed(struct fixture *fixture, int fd);
/* The receiver connects and subscribes. */
void answer_call(struct fixture *fixture);
/* The same, and what it subscribed to begins with this id; to be sent with what follows. */
void connect_from(struct fixture *fixture, uint64_t epoch, uint64_t first_id);
/* Lists the controls of script_table(), and waits until that was received. */
void list_controls(struct fixture *fixture);
void add_frames(struct fixture *fixture, uint64_t from, uint64_t to);
void answer_ping(struct fixture *fixture);

/* Reads what is there. */
void receive(struct fixture *fixture);
/* Sends as much of the script as the receiver takes, until it has taken no byte for so long;
 * returns how much that is. */
size_t send_some(struct fixture *fixture, int timeout_ms);
void send_all(struct fixture *fixture);
/* The receiver has worked through all of it: a PONG follows what was sent. */
void settle(struct fixture *fixture);
/* Sends END, and waits until the receiver has closed. */
void send_end(struct fixture *fixture, unsigned reason, uint64_t delivered, uint64_t dropped);

#define RECEIVE_UNTIL(fixture, condition)                                                          \
    while (!(condition)) {                                                                         \
        struct pollfd ready_ = { .fd = (fixture)->fd, .events = POLLIN };                          \
        assert_int_equal(poll(&ready_, 1, BOUND_MS), 1);                                           \
        receive(fixture);                                                                          \
        assert_false((fixture)->closed && !(condition));                                           \
    }

#endif
