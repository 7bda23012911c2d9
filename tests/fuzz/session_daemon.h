/*
 * What the daemon of a fuzzed session sends: each step takes what it needs from the input, and
 * sends a message that is mostly right. An honest daemon sends nothing that has no place there.
 */
#ifndef PITETHER_TESTS_FUZZ_SESSION_DAEMON_H
#define PITETHER_TESTS_FUZZ_SESSION_DAEMON_H

#include "session_fuzzed.h"

void send_raw(struct fixture *fixture, struct input *input);
void send_hello(struct fixture *fixture, struct input *input);
void send_stream(struct fixture *fixture, struct input *input);
void send_status(struct fixture *fixture, struct input *input);
void send_head(struct fixture *fixture, struct input *input);
void send_part(struct fixture *fixture, struct input *input);
void send_tail(struct fixture *fixture, struct input *input);
void send_drops(struct fixture *fixture, struct input *input);
void send_ping(struct fixture *fixture, struct input *input);
void send_pong(struct fixture *fixture, struct input *input);
void send_error(struct fixture *fixture, struct input *input);
void send_end(struct fixture *fixture, struct input *input);
void send_wrong(struct fixture *fixture, struct input *input);

#endif
