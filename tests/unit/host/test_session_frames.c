/*
 * Frames and losses, whole, damaged and cut, however the bytes are split.
 */
#include "session_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/clock.h"
#include "shared/protocol/crc32c.h"

/* Everything that may happen in a good conversation: 3 delivered, 2 + 1 + 4 dropped. */
static void script_everything(struct script *script)
{
    static const uint8_t unknown[] = { 1, 2, 3, 4, 5, 6, 7 };
    script_greet(script, SCRIPT_EPOCH);
    script_pong(script, START_NS, 7000, 7000);
    script_status(script, WIRE_STREAM_STARTING, "");
    script_stream(script, FIRST_ID);
    script_status(script, WIRE_STREAM_RUNNING, "up");
    script_frame(script, 10, 17, 1);
    script_drops(script, 11, 2, WIRE_DROP_SUPERSEDED);
    script_ping(script, 4711);
    script_head(script, 13);
    script_part(script, 13, 0, 9, 40);
    script_ping(script, 4712);
    script_status(script, WIRE_STREAM_RUNNING, "within");
    script_part(script, 13, 9, 1, 40);
    script_pong(script, START_NS, 7001, 7001);
    script_part(script, 13, 10, 30, 40);
    script_tail(script, 13, 40);
    script_head(script, 14);
    script_part(script, 14, 0, 5, 20);
    script_abort(script, 14);
    script_status(script, WIRE_STREAM_RUNNING, "between");
    script_status(script, 3, "a state from the future");
    script_drops(script, 14, 1, WIRE_DROP_ENCODE_ERROR);
    script_stream(script, 15);
    script_raw(script, 0x91, unknown, sizeof(unknown));
    script_frame(script, 15, 24, 3);
    script_drops(script, 16, 4, 77); /* a reason from the future */
    script_end(script, WIRE_END_FINISHED, 3, 7);
}

static const char everything_reported[] = "status 0 \n"
                                          "stream from 10 of model\n"
                                          "status 1 up\n"
                                          "frame 10 640x480 17 bytes\n"
                                          "drops 11+2 SUPERSEDED\n"
                                          "status 1 within\n"
                                          "frame 13 640x480 40 bytes\n"
                                          "status 1 between\n"
                                          "drops 14+1 ENCODE_ERROR\n"
                                          "stream from 15 of model\n"
                                          "frame 15 640x480 24 bytes\n"
                                          "drops 16+4 ?\n";

static const char everything_sent[] = "opening\n"
                                      "HELLO 65536 0 0 pitether " PITETHER_VERSION "\n"
                                      "SUBSCRIBE  1 25000 0 0 0\n"
                                      "PING 100000000000\n"
                                      "PING 100000000000\n"
                                      "ACK 10 100000000000\n"
                                      "PONG 4711 100000000000 100000000000\n"
                                      "PONG 4712 100000000000 100000000000\n"
                                      "PING 100000000000\n"
                                      "ACK 13 100000000000\n"
                                      "ACK 15 100000000000\n";

static void assert_everything(struct fixture *fixture)
{
    static struct lines lines;
    const struct session *session = &fixture->session;
    assert_string_equal(fixture->reported.text, everything_reported);
    sent_lines(fixture, &lines);
    assert_string_equal(lines.text, everything_sent);
    assert_int_equal(session->state, SESSION_ENDED);
    assert_int_equal(session->daemon_end.reason, WIRE_END_FINISHED);
    assert_int_equal(session->epoch, SCRIPT_EPOCH);
    assert_int_equal(session->first_id, 10);
    assert_int_equal(session->next_id, 20);
    assert_int_equal(session->totals.captured, 10);
    assert_int_equal(session->totals.delivered, 3);
    assert_int_equal(session->totals.dropped, 7);
    struct iovec space[2];
    assert_int_equal(session_space(&fixture->session, space), 0);
}

static void frames_before_stream(void **state)
{
    (void)state;
    for (int drops = 0; drops < 2; drops++) {
        struct script script = { 0 };
        struct fixture *fixture = fixture_make(WIRE_LIVE);
        script_greet(&script, SCRIPT_EPOCH);
        if (drops)
            script_drops(&script, 0, 1, WIRE_DROP_SENSOR_GAP);
        else
            script_frame(&script, 0, 20, 1); /* 0 is what next_id is before STREAM */
        feed_all(fixture, &script);
        assert_int_equal(fixture->session.state, SESSION_FAILED);
        assert_non_null(strstr(fixture->session.error.text, "a frame before STREAM"));
        assert_int_equal(fixture->reported.used, 0);
        fixture_free(fixture);
        script_free(&script);
    }
}

static void any_split_is_the_same(void **state)
{
    (void)state;
    struct script script = { 0 };
    script_everything(&script);
    for (size_t split = 0; split <= script.size; split++) {
        struct fixture *fixture = fixture_make(WIRE_LOSSLESS);
        assert_int_equal(feed(fixture, script.bytes, split, SIZE_MAX), split);
        assert_int_equal(feed(fixture, script.bytes + split, script.size - split, SIZE_MAX),
                         script.size - split);
        assert_everything(fixture);
        fixture_free(fixture);
    }
    script_free(&script);
}

static void any_piece_is_the_same(void **state)
{
    (void)state;
    struct script script = { 0 };
    script_everything(&script);
    for (size_t max = 1; max <= 100; max++) {
        struct fixture *fixture = fixture_make(WIRE_LOSSLESS);
        assert_int_equal(feed(fixture, script.bytes, script.size, max), script.size);
        assert_everything(fixture);
        fixture_free(fixture);
    }
    script_free(&script);
}

/* The socket takes a byte at a time. */
static void partial_writes(void **state)
{
    (void)state;
    static struct lines lines;
    struct fixture *fixture = fixture_make(WIRE_LOSSLESS);
    struct script script = { 0 };
    script_everything(&script);
    size_t done = 0;
    while (done < script.size || fixture->session.out_used > 0) {
        if (done < script.size)
            done += fill(fixture, script.bytes + done, 1);
        session_advance(&fixture->session, fixture->now);
        if (fixture->session.out_used > 0) {
            script_add(&fixture->sent, fixture->session.out, 1);
            session_written(&fixture->session, 1);
        }
    }
    sent_lines(fixture, &lines);
    assert_string_equal(lines.text, everything_sent);
    fixture_free(fixture);
    script_free(&script);
}

/* At each HEAD in turn no frame is free: nothing more is wanted and nothing is lost. */
static void waits_for_a_free_frame(void **state)
{
    (void)state;
    struct script script = { 0 };
    script_everything(&script);
    for (unsigned refuse = 1; refuse <= 4; refuse++) {
        for (size_t max = 1; max < 3000; max *= 7) {
            struct fixture *fixture = fixture_make(WIRE_LOSSLESS);
            struct iovec space[2];
            fixture->refuse = refuse;
            size_t taken = feed(fixture, script.bytes, script.size, max);
            assert_true(fixture->session.head_waits);
            assert_int_equal(session_space(&fixture->session, space), 0);
            assert_int_equal(fixture->takes, refuse);
            fixture->refuse = refuse + 1; /* and still none */
            assert_true(session_advance(&fixture->session, fixture->now));
            assert_int_equal(session_space(&fixture->session, space), 0);
            assert_false(session_advance(&fixture->session, fixture->now));
            write_out(fixture);
            taken += feed(fixture, script.bytes + taken, script.size - taken, max);
            assert_int_equal(taken, script.size);
            assert_everything(fixture);
            fixture_free(fixture);
        }
    }
    script_free(&script);
}

/* While the handler has no space nothing is wanted, and nothing is lost. */
static void waits_for_space(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_running();
    struct script script = { 0 };
    struct iovec space[2];
    script_frame(&script, FIRST_ID, 100, 2);
    script_frame(&script, FIRST_ID + 1, 100, 2);
    size_t reported = fixture->reported.used;
    fixture->full = true;
    feed_all(fixture, &script);
    assert_true(session_waits(&fixture->session));
    assert_int_equal(session_space(&fixture->session, space), 0);
    assert_int_equal(fixture->reported.used, reported);
    fixture->full = false;
    assert_false(session_advance(&fixture->session, fixture->now));
    assert_non_null(strstr(fixture->reported.text, "frame 10 "));
    assert_non_null(strstr(fixture->reported.text, "frame 11 "));
    fixture_free(fixture);
    script_free(&script);
}

/* The bytes of a part are read straight into the frame, with the next message behind them. */
static void parts_are_not_copied(void **state)
{
    (void)state;
    enum { SIZE = 60000, FIRST = 20000 };
    struct fixture *fixture = fixture_make(WIRE_LOSSLESS);
    struct script before = { 0 }, part = { 0 }, rest = { 0 };
    struct iovec space[2];
    script_greet(&before, SCRIPT_EPOCH);
    script_stream(&before, 0);
    script_head(&before, 0);
    script_part(&before, 0, 0, FIRST, SIZE);
    size_t header = before.size - FIRST;
    assert_int_equal(feed(fixture, before.bytes, header, SIZE_MAX), header);
    assert_int_equal(session_space(&fixture->session, space), 2);
    assert_ptr_equal(space[0].iov_base, fixture->session.frame->data);
    assert_int_equal(space[0].iov_len, FIRST);
    assert_int_equal(fill(fixture, before.bytes + header, 1000), 1000);
    session_advance(&fixture->session, fixture->now);
    assert_int_equal(session_space(&fixture->session, space), 2);
    assert_ptr_equal(space[0].iov_base, fixture->session.frame->data + 1000);
    assert_int_equal(space[0].iov_len, FIRST - 1000);
    feed(fixture, before.bytes + header + 1000, FIRST - 1000, SIZE_MAX);
    script_part(&part, 0, FIRST, SIZE - FIRST, SIZE);
    feed(fixture, part.bytes, WIRE_HEADER_SIZE + 5, SIZE_MAX); /* some came with the header */
    assert_int_equal(session_space(&fixture->session, space), 2);
    assert_ptr_equal(space[0].iov_base, fixture->session.frame->data + FIRST + 5);
    assert_int_equal(space[0].iov_len, SIZE - FIRST - 5);
    script_add(&rest, part.bytes + WIRE_HEADER_SIZE + 5, SIZE - FIRST - 5);
    script_tail(&rest, 0, SIZE);
    assert_int_equal(fill(fixture, rest.bytes, rest.size), rest.size); /* both in one read */
    session_advance(&fixture->session, fixture->now);
    assert_non_null(strstr(fixture->reported.text, "frame 0 640x480 60000 bytes\n"));
    fixture_free(fixture);
    script_free(&before);
    script_free(&part);
    script_free(&rest);
}

/* first_byte and last_byte are when those were read; the ACK tells the latter. */
static void times_are_those_of_reading(void **state)
{
    (void)state;
    static struct lines lines;
    struct fixture *fixture = fixture_make(WIRE_LOSSLESS);
    struct script script = { 0 };
    script_greet(&script, SCRIPT_EPOCH);
    script_stream(&script, 5);
    script_pong(&script, START_NS, START_NS + 500, START_NS + 500);
    script_head(&script, 5);
    feed_all(fixture, &script);
    assert_int_equal(fixture->session.frame->times.first_byte, START_NS);
    script.size = 0;
    script_part(&script, 5, 0, 20, 20);
    script_tail(&script, 5, 20);
    fixture->now += 12345;
    feed_all(fixture, &script); /* on_frame compares last_byte */
    assert_non_null(strstr(fixture->reported.text, "frame 5 "));
    sent_lines(fixture, &lines);
    assert_non_null(strstr(lines.text, "ACK 5 100000012345\n"));
    fixture_free(fixture);
    script_free(&script);
}

static void damaged_frames_are_discarded(void **state)
{
    (void)state;
    static struct lines lines;
    struct fixture *fixture = fixture_make(WIRE_LOSSLESS);
    struct script script = { 0 };
    script_greet(&script, SCRIPT_EPOCH);
    script_stream(&script, 0);
    script_head(&script, 0);
    script_part(&script, 0, 0, 50, 50);
    script.bytes[script.size - 1] ^= 1;
    script_tail(&script, 0, 50); /* one bit is wrong */
    script_head(&script, 1);
    script_part(&script, 1, 0, 49, 50);
    script_tail(&script, 1, 50); /* too short */
    script_head(&script, 2);
    script_part(&script, 2, 0, 51, 51);
    script_tail(&script, 2, 50); /* too long */
    script_frame(&script, 3, 50, 2);
    script_end(&script, WIRE_END_FINISHED, 4, 0);
    feed_all(fixture, &script);
    assert_string_equal(fixture->reported.text, "stream from 0 of model\n"
                                                "damaged 0: its checksum is wrong\n"
                                                "damaged 1: its length is wrong\n"
                                                "damaged 2: its length is wrong\n"
                                                "frame 3 640x480 50 bytes\n");
    assert_int_equal(fixture->session.state, SESSION_ENDED);
    assert_int_equal(fixture->session.totals.delivered, 4);
    sent_lines(fixture, &lines); /* they are acknowledged all the same */
    for (unsigned id = 0; id < 4; id++) {
        char ack[32];
        snprintf(ack, sizeof(ack), "ACK %u ", id);
        assert_int_equal(count_text(lines.text, ack), 1);
    }
    fixture_free(fixture);
    script_free(&script);
}

/* No JPEG has no bytes: a sink must never see such a thing. */
static void frames_without_bytes_are_damaged(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_make(WIRE_LOSSLESS);
    struct script script = { 0 };
    script_greet(&script, SCRIPT_EPOCH);
    script_stream(&script, 0);
    script_head(&script, 0);
    script_tail(&script, 0, 0);
    feed_all(fixture, &script);
    assert_null(strstr(fixture->reported.text, "frame 0"));
    fixture_free(fixture);
    script_free(&script);
}

/* The bytes that the checksum is of are no JPEG, or one of another size than the stream's. */
static void frames_that_are_no_jpegs_are_damaged(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t bit;
        const char *why;
    } wrongs[] = {
        { 1, 1, "it does not begin as a JPEG does" },
        { 38, 1, "it does not end as a JPEG does" },
        { 2, 1, "its header is not a JPEG's" },
        { 8, 2, "its picture has another size" },
    };
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        struct fixture *fixture = fixture_make(WIRE_LOSSLESS);
        struct script script = { 0 };
        char damaged[80];
        script_greet(&script, SCRIPT_EPOCH);
        script_stream(&script, 0);
        script_head(&script, 0);
        script_part(&script, 0, 0, 40, 40);
        uint8_t *jpeg = script.bytes + script.size - 40;
        jpeg[wrongs[i].at] ^= wrongs[i].bit;
        script_say(&script, &(struct wire_message){
                                .type = WIRE_FRAME_TAIL,
                                .frame_tail = { .length = 40, .crc32c = crc32c(0, jpeg, 40) } });
        script_frame(&script, 1, 40, 2);
        feed_all(fixture, &script);
        snprintf(damaged, sizeof(damaged), "damaged 0: %s", wrongs[i].why);
        assert_non_null(strstr(fixture->reported.text, damaged));
        assert_non_null(strstr(fixture->reported.text, "\nframe 1 "));
        assert_int_equal(fixture->session.totals.delivered, 2);
        fixture_free(fixture);
        script_free(&script);
    }
}

/* A frame that was cut in two is damaged, wherever the cut is; one that was aborted has no part. */
static void frames_that_are_cut(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        struct fixture *fixture = fixture_running();
        struct script script = { 0 };
        script_frame(&script, FIRST_ID, 100, 1);
        if (i > 0)
            script_head(&script, FIRST_ID + 1);
        if (i > 1)
            script_part(&script, FIRST_ID + 1, 0, 50, 100);
        if (i == 3)
            script_abort(&script, FIRST_ID + 1);
        if (i == 4) /* no frame is free for it */
            fixture->refuse = 2;
        feed_all(fixture, &script);
        unsigned damaged = i == 0 || i == 3 ? 0 : 1;
        assert_int_equal(session_cut(&fixture->session), damaged);
        assert_false(session_cut(&fixture->session));
        assert_int_equal(count_text(fixture->reported.text, "damaged 11: the connection was cut"),
                         damaged);
        assert_int_equal(count_text(fixture->reported.text, "damaged"), damaged);
        assert_int_equal(fixture->session.next_id, FIRST_ID + 1 + damaged);
        assert_int_equal(fixture->session.totals.captured, 1 + damaged);
        fixture_free(fixture);
        script_free(&script);
    }
}

/* Ids near their end: no range may run over it. */
static void ranges_do_not_overflow(void **state)
{
    (void)state;
    static const struct {
        uint64_t first;
        uint32_t count;
        bool good;
    } ranges[] = {
        { UINT64_MAX - 10, 10, true }, { UINT64_MAX - 10, 11, false },
        { UINT64_MAX, 1, false },      { UINT64_MAX - 10, UINT32_MAX, false },
        { 0, UINT32_MAX, true },       { UINT64_MAX - UINT32_MAX, UINT32_MAX, true },
    };
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        struct script script = { 0 };
        struct fixture *fixture = fixture_make(WIRE_LIVE);
        script_greet(&script, SCRIPT_EPOCH);
        script_stream(&script, ranges[i].first);
        script_drops(&script, ranges[i].first, ranges[i].count, WIRE_DROP_SENSOR_GAP);
        feed_all(fixture, &script);
        assert_int_equal(fixture->session.state, ranges[i].good ? SESSION_RUNNING : SESSION_FAILED);
        assert_int_equal(fixture->session.totals.dropped, ranges[i].good ? ranges[i].count : 0);
        assert_true(fixture->session.next_id >= ranges[i].first);
        fixture_free(fixture);
        script_free(&script);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_before_stream),
        cmocka_unit_test(any_split_is_the_same),
        cmocka_unit_test(any_piece_is_the_same),
        cmocka_unit_test(partial_writes),
        cmocka_unit_test(waits_for_a_free_frame),
        cmocka_unit_test(waits_for_space),
        cmocka_unit_test(parts_are_not_copied),
        cmocka_unit_test(times_are_those_of_reading),
        cmocka_unit_test(damaged_frames_are_discarded),
        cmocka_unit_test(frames_without_bytes_are_damaged),
        cmocka_unit_test(frames_that_are_no_jpegs_are_damaged),
        cmocka_unit_test(frames_that_are_cut),
        cmocka_unit_test(ranges_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
