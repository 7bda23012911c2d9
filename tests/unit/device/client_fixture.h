/*
 * A client and its peer, connected, for the tests of clients. All on the test's thread; nothing
 * blocks for more than FIXTURE_BOUND_MS.
 */
#ifndef PITETHER_TESTS_UNIT_DEVICE_CLIENT_FIXTURE_H
#define PITETHER_TESTS_UNIT_DEVICE_CLIENT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device/serve/client.h"
#include "device/serve/client_end.h"
#include "device/serve/client_loop.h"
#include "device/serve/client_write.h"
#include "fake_stream.h"
#include "frames.h"
#include "peer.h"

enum { FIXTURE_BOUND_MS = 5000 };

struct client_fixture {
    bool open;
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

/* A client and its peer, connected, with nothing said. fixture_unix() can make the kernel's buffer
 * small (bytes; 0: as it is). */
void fixture_unix(struct client_fixture *fixture, int buffer);
void fixture_tcp(struct client_fixture *fixture);
/* Ends both, and asserts that all frames came back. */
void fixture_close(struct client_fixture *fixture);

/* Opening and HELLO from the peer, until it has read the daemon's. */
void fixture_greet(struct client_fixture *fixture, uint32_t max_message);
/* The same and SUBSCRIBE, with the camera running in 640x480 from the next id on. */
void fixture_watch(struct client_fixture *fixture, enum wire_mode mode, uint32_t max_fps_mhz,
                   uint32_t queue_bytes);
/* The same with all that SUBSCRIBE can say. */
void fixture_subscribe(struct client_fixture *fixture, const struct wire_subscribe *subscribe);
/* The camera runs, as the server would tell. */
void fixture_camera_on(struct client_fixture *fixture, unsigned width);

/* The next frame, as the server would hand it over: not published, whole, a run of losses. */
struct frame *fixture_growing(struct client_fixture *fixture, unsigned slices, size_t slice_size);
struct frame *fixture_frame(struct client_fixture *fixture, unsigned slices, size_t slice_size);
void fixture_lost(struct client_fixture *fixture, uint64_t count, enum wire_drop_reason reason);
/* Something has grown. */
void fixture_write(struct client_fixture *fixture);

/* Waits until either side has something to do, and has it done. Fails if that takes too long. */
void fixture_step(struct client_fixture *fixture);
/* Until neither has. For Unix sockets, where bytes arrive at once. */
void fixture_settle(struct client_fixture *fixture);
#define FIXTURE_UNTIL(fixture, condition)                                                          \
    do {                                                                                           \
        for (int steps_ = 0; !(condition); steps_++) {                                             \
            assert_in_range(steps_, 0, 100000);                                                    \
            fixture_step(fixture);                                                                 \
        }                                                                                          \
    } while (0)

/* cmocka's: over a Unix socket; over one with so small a buffer that a frame of many parts gets
 * stuck in it; over TCP. */
int client_setup(void **state);
int client_setup_small(void **state);
int client_setup_tcp(void **state);
int client_teardown(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, client_setup, client_teardown)
#define TEST_SMALL(name) cmocka_unit_test_setup_teardown(name, client_setup_small, client_teardown)
#define TEST_TCP(name) cmocka_unit_test_setup_teardown(name, client_setup_tcp, client_teardown)

/* The daemon finds the peer at fault: its opening and ERROR come, then the end. */
void expect_error(struct client_fixture *fixture, enum wire_error_code code);
/* END comes, then the end. */
void expect_end(struct client_fixture *fixture, enum wire_end_reason reason);

/* The same with a camera that has a few controls, and so many more; the client has their list. */
void fixture_watch_controls(struct client_fixture *fixture, unsigned more_controls);

#endif
