/*
 * How frames are sent, with the STREAM messages between them.
 */
#include <string.h>

#include "client_fixture.h"
#include "shared/base/log.h"

/* Frames. */

static void growing_frame(void **state)
{
    struct client_fixture *fixture = *state;
    struct peer *peer = fixture->peer;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    struct frame *frame = fixture_growing(fixture, 4, 1000);
    for (unsigned slices = 1; slices < 4; slices++) {
        frame_grow(frame, 1);
        fixture_write(fixture);
        FIXTURE_UNTIL(fixture, peer->in_frame && peer->size == slices * 1000);
        assert_int_equal(peer->delivered, 0);
    }
    frame_grow(frame, 1); /* all is there, but not yet said to be whole */
    fixture_write(fixture);
    FIXTURE_UNTIL(fixture, peer->size == 4000);
    assert_true(peer->in_frame);
    frame_finish(frame);
    fixture_write(fixture);
    FIXTURE_UNTIL(fixture, peer->delivered == 1);
    assert_int_equal(peer->parts, 4);
    assert_int_equal(peer->size, 4000);
    assert_int_equal(peer->head.width, 640);
    assert_int_equal(peer->head.capture_time, 2000);
    peer_end(peer);
    expect_end(fixture, WIRE_END_DONE);
}

/* Where many watch, a frame is sent in one piece. */
static void crowded(void **state)
{
    struct client_fixture *fixture = *state;
    fixture->shared.crowded = true;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    struct frame *frame = fixture_growing(fixture, 2, 1000);
    frame_grow(frame, 2);
    fixture_write(fixture);
    assert_false(send_queue_empty(&fixture->client->subscription.send_queue));
    assert_null(fixture->client->subscription.sending.frame);
    frame_finish(frame);
    fixture_write(fixture);
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 1);
    peer_end(fixture->peer);
    expect_end(fixture, WIRE_END_DONE);
}

/* A frame that has shown nothing yet may still give way. */
static void unborn_frame_gives_way(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    fixture_growing(fixture, 2, 100);
    struct frame *second = fixture_growing(fixture, 2, 100);
    fixture_settle(fixture);
    assert_int_equal(fixture->peer->heads, 0);
    frame_grow(second, 1);
    fixture_write(fixture);
    fixture_settle(fixture);
    assert_true(peer_fate(fixture->peer, 0, 1, WIRE_DROP_SUPERSEDED));
    assert_int_equal(fixture->peer->head.frame_id, 1);
    frame_finish(second);
    fixture_write(fixture);
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 1);
}

static void live_goes_on_after_an_aborted_frame(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    struct frame *frame = fixture_growing(fixture, 4, 1000);
    frame_grow(frame, 2);
    fixture_write(fixture);
    FIXTURE_UNTIL(fixture, fixture->peer->size == 2000);
    fixture_lost(fixture, 2, WIRE_DROP_ENCODE_ERROR); /* of its own: after the aborted frame's */
    frame_abort(frame);
    fixture_write(fixture);
    FIXTURE_UNTIL(fixture, peer_fate(fixture->peer, 0, 3, WIRE_DROP_ENCODE_ERROR));
    assert_int_equal(fixture->peer->aborted, 1);
    fixture_frame(fixture, 2, 1000);
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 1);
    peer_end(fixture->peer);
    expect_end(fixture, WIRE_END_DONE);
    assert_int_equal(fixture->peer->end.captured, 4);
}

static void aborted_before_it_began(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
    struct frame *frame = fixture_growing(fixture, 2, 100);
    frame_abort(frame);
    fixture_write(fixture);
    FIXTURE_UNTIL(fixture, peer_fate(fixture->peer, 0, 1, WIRE_DROP_ENCODE_ERROR));
    assert_int_equal(fixture->peer->heads, 0);
    fixture_frame(fixture, 2, 100);
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 1);
}

static void watch_with_small_limit(struct client_fixture *fixture)
{
    fixture_greet(fixture, WIRE_CONTROL_MAX);
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
}

static void too_big_from_the_start(void **state)
{
    struct client_fixture *fixture = *state;
    watch_with_small_limit(fixture);
    fixture_frame(fixture, 1, WIRE_CONTROL_MAX + 1);
    FIXTURE_UNTIL(fixture, peer_fate(fixture->peer, 0, 1, WIRE_DROP_TOO_BIG));
    assert_int_equal(fixture->peer->heads, 0);
    fixture_frame(fixture, 2, WIRE_CONTROL_MAX / 2);
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 1);
    assert_int_equal(fixture->peer->size, WIRE_CONTROL_MAX);
}

static void too_big_as_it_turns_out(void **state)
{
    struct client_fixture *fixture = *state;
    watch_with_small_limit(fixture);
    struct frame *frame = fixture_growing(fixture, 3, 2000);
    frame_grow(frame, 2);
    fixture_write(fixture);
    FIXTURE_UNTIL(fixture, fixture->peer->size == 4000);
    frame_grow(frame, 1);
    fixture_write(fixture);
    FIXTURE_UNTIL(fixture, peer_fate(fixture->peer, 0, 1, WIRE_DROP_TOO_BIG));
    assert_int_equal(fixture->peer->aborted, 1);
    assert_int_equal(fixture->peer->size, 4000);
    frame_finish(frame);
    fixture_frame(fixture, 1, 2000);
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 1);
    peer_end(fixture->peer);
    expect_end(fixture, WIRE_END_DONE);
}

/* The camera comes back with another size while a frame of the old one is under way. */
static void stream_changes(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
    struct frame *frame = fixture_growing(fixture, 2, 100);
    frame_grow(frame, 1);
    fixture_write(fixture);
    fixture_settle(fixture);
    unsigned statuses = fixture->peer->statuses;
    fixture_camera_on(fixture, 1280);
    fixture_settle(fixture);
    assert_int_equal(fixture->peer->streams, 1);
    assert_int_equal(fixture->peer->statuses, statuses + 1); /* that may come within a frame */
    frame_finish(frame);
    fixture_frame(fixture, 1, 100);
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 2);
    assert_int_equal(fixture->peer->streams, 2);
    assert_int_equal(fixture->peer->stream.width, 1280);
    assert_int_equal(fixture->peer->stream.first_frame_id, 1);
}

/* The peer reads nothing while the camera is changed twice: each frame comes as one of the stream
 * that it belongs to (the peer compares the sizes). A run of the camera that is like the one before
 * is no change, and one that gave no frame is not told of. */
static void stream_changes_while_frames_wait(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
    fixture->peer->reads = false;
    static const unsigned widths[] = { 640, 1280, 800, 320, 320 };
    for (unsigned i = 0; i < 5; i++) {
        fixture_camera_on(fixture, widths[i]);
        for (int j = 0; j < 4 && i != 2; j++)
            fixture_frame(fixture, 4, 20000);
        fixture_lost(fixture, 2, WIRE_DROP_SENSOR_GAP);
    }
    fixture_settle(fixture);
    assert_true(fixture->peer->heads < 4); /* most of it waits */
    fixture->peer->reads = true;
    FIXTURE_UNTIL(fixture, fixture->peer->next == fixture->given);
    assert_int_equal(fixture->peer->delivered, 16);
    assert_int_equal(fixture->peer->streams, 3);
    assert_int_equal(fixture->peer->stream.width, 320);
    assert_int_equal(fixture->peer->stream.first_frame_id, 14);
}

/* Rate and camera are told of, too. */
static void stream_changes_without_another_size(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
    fixture_frame(fixture, 1, 100);
    fixture->stream.format.fps_mhz = 50000;
    fixture_frame(fixture, 1, 100);
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 2);
    assert_int_equal(fixture->peer->streams, 2);
    assert_int_equal(fixture->peer->stream.fps_mhz, 50000);
    strcpy(fixture->stream.format.model, "another");
    fixture_frame(fixture, 1, 100);
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 3);
    assert_int_equal(fixture->peer->streams, 3);
    assert_string_equal(fixture->peer->stream.model, "another");
}

/* The first frame is still of the old size: it has begun, but nothing of it was sent. */
static void stream_changes_before_the_first_frame(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
    struct frame *frame = fixture_growing(fixture, 2, 100);
    fixture_camera_on(fixture, 1280);
    frame_finish(frame);
    fixture_write(fixture);
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 1);
    assert_int_equal(fixture->peer->streams, 1);
    assert_int_equal(fixture->peer->first, 0);
    fixture_frame(fixture, 1, 100);
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 2);
    assert_int_equal(fixture->peer->streams, 2);
    assert_int_equal(fixture->peer->stream.first_frame_id, 1);
}

static void frames_before_the_subscription(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_greet(fixture, WIRE_MAX_MESSAGE_DEFAULT);
    fixture_frame(fixture, 1, 100);
    fixture_lost(fixture, 5, WIRE_DROP_SENSOR_GAP);
    peer_subscribe(fixture->peer, "", WIRE_LOSSLESS);
    FIXTURE_UNTIL(fixture, fixture->client->state == CLIENT_SUBSCRIBED);
    fixture_lost(fixture, 1, WIRE_DROP_SENSOR_GAP); /* the camera does not run for it yet */
    fixture_camera_on(fixture, 640);
    FIXTURE_UNTIL(fixture, fixture->peer->streams == 1);
    assert_int_equal(fixture->peer->first, 7);
    fixture_frame(fixture, 1, 100);
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 1);
}

/* The stream has run for a while, but not for this one. */
static void late_subscription(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_greet(fixture, WIRE_MAX_MESSAGE_DEFAULT);
    fixture_camera_on(fixture, 640);
    fixture_frame(fixture, 1, 100);
    fixture_frame(fixture, 1, 100);
    peer_subscribe(fixture->peer, "", WIRE_LOSSLESS);
    FIXTURE_UNTIL(fixture, fixture->peer->streams == 1);
    assert_int_equal(fixture->peer->stream.first_frame_id, 2);
    assert_int_equal(fixture->peer->status.state, WIRE_STREAM_RUNNING);
    fixture_frame(fixture, 1, 100);
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 1);
    peer_end(fixture->peer);
    expect_end(fixture, WIRE_END_DONE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(growing_frame),
        TEST(crowded),
        TEST_TCP(growing_frame),
        TEST(unborn_frame_gives_way),
        TEST(live_goes_on_after_an_aborted_frame),
        TEST(aborted_before_it_began),
        TEST(too_big_from_the_start),
        TEST(too_big_as_it_turns_out),
        TEST(stream_changes),
        TEST(stream_changes_before_the_first_frame),
        TEST_SMALL(stream_changes_while_frames_wait),
        TEST(stream_changes_without_another_size),
        TEST(frames_before_the_subscription),
        TEST(late_subscription),
    };
    log_setup("test_client_frames", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests_name("client_frames", tests, NULL, NULL);
}
