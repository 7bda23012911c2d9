/*
 * What waits to be sent is bounded, and no ACK is lost.
 */
#include "session_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/clock.h"

/* Reads without ever writing, until nothing more is wanted. */
static void feed_unwritten(struct fixture *fixture, const struct script *script)
{
    struct iovec space[2];
    for (unsigned rounds = 0; session_space(&fixture->session, space) > 0; rounds++) {
        assert_in_range(rounds, 0, 10000);
        assert_true(fill(fixture, script->bytes, script->size) > 0);
        session_advance(&fixture->session, fixture->now);
        assert_in_range(fixture->session.out_used, 0, SESSION_OUT_MAX);
        assert_int_equal(fixture->session.state, SESSION_RUNNING);
    }
}

static void a_flood_of_pings_stops_the_reading(void **state)
{
    (void)state;
    static struct lines lines;
    struct fixture *fixture = fixture_running();
    struct script script = { 0 };
    for (unsigned i = 0; i < 400; i++)
        script_ping(&script, i);
    feed_unwritten(fixture, &script);
    session_tick(&fixture->session, true, START_NS + 2 * CLOCK_SECOND);
    assert_in_range(fixture->session.out_used, 0, SESSION_OUT_MAX);
    struct iovec space[2];
    write_out(fixture);
    assert_true(session_space(&fixture->session, space) > 0);
    sent_lines(fixture, &lines); /* whole messages all of them */
    fixture_free(fixture);
    script_free(&script);
}

/* However many PINGs: each frame is acknowledged, and END gets through. */
static void a_flood_of_pings_costs_no_ack(void **state)
{
    (void)state;
    static struct lines lines;
    struct fixture *fixture = fixture_running();
    struct script script = { 0 };
    for (unsigned i = 0; i < 390; i++)
        script_ping(&script, i);
    script_frame(&script, FIRST_ID, 20, 1);
    assert_in_range(script.size, 0, sizeof(fixture->session.reader.stage));
    assert_int_equal(fill(fixture, script.bytes, script.size), script.size);
    session_advance(&fixture->session, fixture->now);
    session_end(&fixture->session);
    write_out(fixture);
    sent_lines(fixture, &lines);
    assert_int_equal(count_text(lines.text, "ACK 10 "), 1);
    assert_int_equal(count_text(lines.text, "END 0 1 1 0\n"), 1);
    fixture_free(fixture);
    script_free(&script);
}

/* The tiniest frames, never acknowledged on the wire: reading stops, none of the ACKs is lost. */
static void unwritten_acks_stop_the_reading(void **state)
{
    (void)state;
    static struct lines lines;
    struct fixture *fixture = fixture_running();
    struct script script = { 0 };
    struct iovec space[2];
    for (uint64_t id = FIRST_ID; id < FIRST_ID + 1000; id++)
        script_frame(&script, id, 20, 1);
    size_t done = 0;
    while (session_space(&fixture->session, space) > 0) {
        assert_true(done < script.size);
        done += fill(fixture, script.bytes + done, script.size - done);
        session_advance(&fixture->session, fixture->now);
        assert_in_range(fixture->session.out_used, 0, SESSION_OUT_MAX);
    }
    assert_true(done < script.size);
    write_out(fixture);
    done += feed(fixture, script.bytes + done, script.size - done, SIZE_MAX);
    assert_int_equal(done, script.size);
    sent_lines(fixture, &lines);
    const char *at = lines.text;
    for (unsigned id = FIRST_ID; id < FIRST_ID + 1000; id++) {
        char ack[40];
        snprintf(ack, sizeof(ack), "\nACK %u 100000000000\n", id);
        at = strstr(at, ack); /* in order */
        assert_non_null(at);
    }
    assert_int_equal(count_text(lines.text, "ACK "), 1000);
    fixture_free(fixture);
    script_free(&script);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_of_pings_stops_the_reading),
        cmocka_unit_test(a_flood_of_pings_costs_no_ack),
        cmocka_unit_test(unwritten_acks_stop_the_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
