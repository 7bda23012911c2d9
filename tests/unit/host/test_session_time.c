/*
 * Timeouts, silence, PINGs, and what PONGs tell of the clock.
 */
#include "session_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/clock.h"

static void the_opening_is_due_in_time(void **state)
{
    (void)state;
    for (int opening = 0; opening < 2; opening++) {
        struct fixture *fixture = fixture_make(WIRE_LIVE);
        fixture->now = START_NS + 4 * CLOCK_SECOND;
        if (opening) /* bytes alone are not a HELLO */
            feed(fixture, wire_opening, WIRE_OPENING_SIZE, SIZE_MAX);
        session_tick(&fixture->session, true, START_NS + 5 * CLOCK_SECOND - 1);
        assert_int_equal(fixture->session.state, SESSION_OPENING);
        session_tick(&fixture->session, true, START_NS + 5 * CLOCK_SECOND);
        assert_int_equal(fixture->session.state, SESSION_FAILED);
        assert_non_null(strstr(fixture->session.error.text, "5 s"));
        assert_false(fixture->session.fatal);
        fixture_free(fixture);
    }
}

static void silence_ends_it(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_running();
    struct script script = { 0 };
    session_tick(&fixture->session, true, START_NS + 15 * CLOCK_SECOND - 1);
    assert_int_equal(fixture->session.state, SESSION_RUNNING);
    write_out(fixture);
    fixture->now = START_NS + 15 * CLOCK_SECOND - 1;
    script_ping(&script, 1);
    feed(fixture, script.bytes, 1, 1); /* a single byte is a sign of life */
    session_tick(&fixture->session, true, fixture->now + 15 * CLOCK_SECOND - 1);
    assert_int_equal(fixture->session.state, SESSION_RUNNING);
    session_tick(&fixture->session, true, fixture->now + 15 * CLOCK_SECOND);
    assert_int_equal(fixture->session.state, SESSION_FAILED);
    assert_non_null(strstr(fixture->session.error.text, "15 s"));
    assert_false(fixture->session.fatal);
    fixture_free(fixture);
    script_free(&script);
}

/* A slow sink may hold up the reading for as long as it likes; afterwards the time begins anew. */
static void silence_while_not_reading(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_running();
    uint64_t now = START_NS;
    for (unsigned i = 0; i < 600; i++) {
        now += CLOCK_SECOND / 10;
        session_tick(&fixture->session, false, now);
        assert_int_equal(fixture->session.state, SESSION_RUNNING);
        write_out(fixture);
    }
    session_tick(&fixture->session, true, now + 15 * CLOCK_SECOND - 1);
    assert_int_equal(fixture->session.state, SESSION_RUNNING);
    session_tick(&fixture->session, true, now + 15 * CLOCK_SECOND);
    assert_int_equal(fixture->session.state, SESSION_FAILED);
    fixture_free(fixture);
}

/* A daemon that talks but takes nothing of what we say is dead as well. */
static void silence_of_a_daemon_that_does_not_read(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_running();
    struct script script = { 0 };
    script_ping(&script, 1);
    while (fill(fixture, script.bytes, script.size) > 0)
        session_advance(&fixture->session, fixture->now);
    session_tick(&fixture->session, false, fixture->now + 15 * CLOCK_SECOND - 1);
    assert_int_equal(fixture->session.state, SESSION_RUNNING);
    session_tick(&fixture->session, false, fixture->now + 15 * CLOCK_SECOND);
    assert_int_equal(fixture->session.state, SESSION_FAILED);
    fixture_free(fixture);
    script_free(&script);
}

/* Silence is noticed long before it is the end, while bytes are wanted; any byte ends it. */
static void silence_is_noticed(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_running();
    struct script script = { 0 };
    uint64_t silent = 5 * CLOCK_SECOND / 2;
    assert_int_equal(session_silent_at(&fixture->session), START_NS + silent);
    write_out(fixture);
    fixture->now = START_NS + silent;
    script_ping(&script, 1);
    feed(fixture, script.bytes, 1, 1);
    assert_int_equal(session_silent_at(&fixture->session), fixture->now + silent);
    session_tick(&fixture->session, false, fixture->now + silent);
    assert_int_equal(session_silent_at(&fixture->session), fixture->now + 2 * silent);
    session_alive(&fixture->session, fixture->now + 2 * silent);
    assert_int_equal(session_silent_at(&fixture->session), fixture->now + 3 * silent);
    session_end(&fixture->session); /* then it is too late for anything else */
    assert_true(session_silent_at(&fixture->session) == UINT64_MAX);
    fixture_free(fixture);
    script_free(&script);
}

/* Nothing is done before it is due, something is then, and there is an end of it. */
static void what_is_due_is_known(void **state)
{
    (void)state;
    for (int opened = 0; opened < 2; opened++) {
        struct fixture *fixture = opened ? fixture_running() : fixture_make(WIRE_LIVE);
        struct session *session = &fixture->session;
        unsigned turns = 0;
        write_out(fixture);
        for (; session->state < SESSION_ENDED; turns++) {
            uint64_t due = session_due(session, true);
            session_tick(session, true, due - 1);
            assert_int_equal(session->out_used, 0);
            assert_true(session->state <= SESSION_RUNNING);
            session_tick(session, true, due);
            assert_true(session->out_used > 0 || session->state == SESSION_FAILED);
            write_out(fixture);
        }
        assert_in_range(turns, opened ? 10 : 4, opened ? 11 : 5); /* PINGs, and the end */
        fixture_free(fixture);
    }
}

/* Who does not read has a PING to send now and then, and no more. */
static void what_is_due_while_nothing_is_read(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_running();
    write_out(fixture);
    for (int turn = 0; turn < 20; turn++) {
        uint64_t due = session_due(&fixture->session, false);
        session_tick(&fixture->session, false, due - 1);
        assert_int_equal(fixture->session.out_used, 0);
        session_tick(&fixture->session, false, due);
        assert_true(fixture->session.out_used > 0);
        write_out(fixture);
    }
    assert_true(session_due(&fixture->session, false) >= START_NS + 100 * CLOCK_SECOND);
    fixture_free(fixture);
}

/* Eight PINGs, one on each PONG, then one each 1.5 s; while not reading, one in 5 s. */
static void pings_in_a_burst_then_at_a_pace(void **state)
{
    (void)state;
    static struct lines lines;
    struct fixture *fixture = fixture_running();
    struct script script = { 0 };
    script_pong(&script, START_NS, START_NS + 1, START_NS + 1);
    for (unsigned i = 0; i < 20; i++)
        feed_all(fixture, &script);
    sent_lines(fixture, &lines);
    assert_int_equal(count_text(lines.text, "PING "), 8);
    for (unsigned i = 1; i <= 45; i++) { /* 4.5 s; life every tick */
        fixture->now = START_NS + i * CLOCK_SECOND / 10;
        feed_all(fixture, &script);
        session_tick(&fixture->session, true, fixture->now);
        write_out(fixture);
    }
    sent_lines(fixture, &lines);
    assert_int_equal(count_text(lines.text, "PING "), 8 + 3);
    assert_int_equal(count_text(lines.text, "PING 101500000000\n"), 1);
    assert_int_equal(count_text(lines.text, "PING 104500000000\n"), 1);
    for (unsigned i = 46; i <= 145; i++) {
        session_tick(&fixture->session, false, START_NS + i * CLOCK_SECOND / 10);
        write_out(fixture);
    }
    sent_lines(fixture, &lines);
    assert_int_equal(count_text(lines.text, "PING "), 8 + 3 + 2);
    fixture_free(fixture);
    script_free(&script);
}

/* Once a second a PING follows an ACK in the same write: the daemon answers it before it begins the
 * next frame, and the PONG does not wait behind that. */
static void a_ping_goes_along_with_an_ack(void **state)
{
    (void)state;
    static struct lines lines;
    struct fixture *fixture = fixture_running();
    write_out(fixture);
    for (unsigned i = 0; i < 25; i++) { /* frames of 0.1 s, with ticks in the middle of each */
        struct script script = { 0 };
        script_head(&script, FIRST_ID + i);
        script_part(&script, FIRST_ID + i, 0, 100, 100);
        fixture->now = START_NS + (2 * i + 1) * CLOCK_SECOND / 20;
        feed_all(fixture, &script);
        session_tick(&fixture->session, true, fixture->now);
        write_out(fixture);
        script.size = 0;
        script_tail(&script, FIRST_ID + i, 100);
        fixture->now = START_NS + (2 * i + 2) * CLOCK_SECOND / 20;
        feed_all(fixture, &script);
        script_free(&script);
        write_out(fixture);
    }
    sent_lines(fixture, &lines);
    assert_int_equal(count_text(lines.text, "PING "), 1 + 2);
    assert_int_equal(count_text(lines.text, "ACK 19 101000000000\nPING 101000000000\n"), 1);
    assert_int_equal(count_text(lines.text, "ACK 29 102000000000\nPING 102000000000\n"), 1);
    fixture_free(fixture);
}

/* An answer to no PING, or the second one to the same, says nothing about the clock. */
static void unrequested_pongs(void **state)
{
    (void)state;
    static struct lines lines;
    struct fixture *fixture = fixture_running();
    struct script script = { 0 };
    script_pong(&script, START_NS - 1, 5000, 5000);
    script_pong(&script, 0, 5000, 5000);
    feed_all(fixture, &script);
    assert_false(fixture->clock.known);
    script.size = 0;
    for (unsigned i = 0; i < 8; i++) /* the burst's PINGs, all of this instant */
        script_pong(&script, START_NS, 5000, 5000);
    feed_all(fixture, &script);
    assert_true(fixture->clock.known);
    struct clock_sync before = fixture->clock;
    script.size = 0;
    script_pong(&script, START_NS, 900000, 900000);
    feed_all(fixture, &script);
    assert_memory_equal(&fixture->clock, &before, sizeof(before));
    sent_lines(fixture, &lines);
    assert_int_equal(count_text(lines.text, "PING "), 8);
    assert_int_equal(fixture->session.state, SESSION_RUNNING);
    fixture_free(fixture);
    script_free(&script);
}

/* The offset that the PONGs give is the frames', with the error that it has at their time: here
 * 10 s after the only PONG, in which the clocks may have drifted by 1 ms. */
static void frames_know_the_clock(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_running();
    struct script script = { 0 };
    script_frame(&script, FIRST_ID, 100, 1);
    script_pong(&script, START_NS, 5000, 5200); /* 800 ns on the way */
    fixture->now += 1000;
    feed_all(fixture, &script);
    assert_false(fixture->times.offset_known);
    script.size = 0;
    script_frame(&script, FIRST_ID + 1, 100, 1);
    feed_all(fixture, &script);
    assert_true(fixture->times.offset_known);
    int64_t middle = ((5000 - (int64_t)START_NS) + (5200 - (int64_t)START_NS - 1000)) / 2;
    assert_in_range(fixture->times.offset - middle + 2, 0, 4);
    assert_in_range(fixture->times.error, 400, 403);
    script.size = 0;
    script_frame(&script, FIRST_ID + 2, 100, 1);
    fixture->now += 10 * CLOCK_SECOND;
    feed_all(fixture, &script);
    /* And it was captured as long ago, when the device's clock was at some 12000 ns. */
    assert_in_range(fixture->times.error, 1000400, 1002000);
    fixture_free(fixture);
    script_free(&script);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_opening_is_due_in_time),
        cmocka_unit_test(silence_ends_it),
        cmocka_unit_test(silence_while_not_reading),
        cmocka_unit_test(silence_of_a_daemon_that_does_not_read),
        cmocka_unit_test(silence_is_noticed),
        cmocka_unit_test(what_is_due_is_known),
        cmocka_unit_test(what_is_due_while_nothing_is_read),
        cmocka_unit_test(pings_in_a_burst_then_at_a_pace),
        cmocka_unit_test(a_ping_goes_along_with_an_ack),
        cmocka_unit_test(unrequested_pongs),
        cmocka_unit_test(frames_know_the_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
