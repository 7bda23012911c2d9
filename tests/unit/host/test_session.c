/*
 * How a session begins and ends: the opening, the list of streams, the subscription, what connects
 * it with the one before, and END.
 */
#include "session_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/clock.h"

static void opens_by_itself(void **state)
{
    (void)state;
    static struct lines lines;
    struct fixture *fixture = fixture_make(WIRE_LOSSLESS);
    assert_int_equal(fixture->session.state, SESSION_OPENING);
    assert_memory_equal(fixture->session.out, wire_opening, WIRE_OPENING_SIZE);
    write_out(fixture);
    sent_lines(fixture, &lines);
    assert_string_equal(lines.text, "opening\n"
                                    "HELLO 65536 0 0 pitether " PITETHER_VERSION "\n"
                                    "SUBSCRIBE  1 25000 0 0 0\n"
                                    "PING 100000000000\n");
    fixture_free(fixture);
    fixture = fixture_make(WIRE_LIVE);
    write_out(fixture);
    sent_lines(fixture, &lines);
    assert_non_null(strstr(lines.text, "SUBSCRIBE  0 25000 0 0 0\n"));
    fixture_free(fixture);
}

/* Until then there is nothing to tell of a stream. */
static void no_stream_before_subscribe(void **state)
{
    (void)state;
    struct session_config config = { .every = 10, .resumes = true, .max_message = MAX_MESSAGE };
    for (int i = 0; i < 3; i++) {
        static struct lines lines;
        struct fixture *fixture = fixture_with(&config);
        struct script script = { 0 };
        script_greet(&script, SCRIPT_EPOCH);
        if (i == 0)
            script_stream(&script, FIRST_ID);
        else if (i == 1)
            script_status(&script, WIRE_STREAM_RUNNING, "");
        else
            script_end(&script, WIRE_END_SHUTDOWN, 0, 0); /* it may leave, though */
        feed_all(fixture, &script);
        sent_lines(fixture, &lines);
        assert_int_equal(fixture->session.state, i < 2 ? SESSION_FAILED : SESSION_ENDED);
        assert_int_equal(count_text(fixture->session.error.text, "before SUBSCRIBE"), i < 2);
        assert_int_equal(count_text(lines.text, "ERROR PROTOCOL\n"), i < 2);
        assert_int_equal(fixture->reported.used, 0);
        fixture_free(fixture);
        script_free(&script);
    }
}

static const struct wire_streams three_streams = {
    .count = 3,
    .entries = { { .number = 7, .name = "front", .model = "imx708" },
                 { .number = 0, .name = "rear" },
                 { .number = 255, .name = "top/preview" } },
};

/* A session for the stream of this name with a daemon that has three. */
static struct fixture *fixture_of_three(const char *name, bool list_only)
{
    struct session_config config = { .max_message = MAX_MESSAGE, .list_only = list_only };
    struct script script = { 0 };
    snprintf(config.stream, sizeof(config.stream), "%s", name);
    struct fixture *fixture = fixture_with(&config);
    write_out(fixture);
    hello_with(&script, SCRIPT_EPOCH, WIRE_CONTROL_MAX);
    script_streams(&script, &three_streams);
    feed_all(fixture, &script);
    script_free(&script);
    return fixture;
}

/* Each name stands for its number, and no other one is taken. */
static void a_stream_is_subscribed_to_by_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        for (unsigned other = 0; other < 3; other++) {
            static struct lines lines;
            const struct wire_stream_entry *entry = &three_streams.entries[i];
            struct fixture *fixture = fixture_of_three(entry->name, false);
            struct script script = { 0 };
            char subscribe[64];
            snprintf(subscribe, sizeof(subscribe), "SUBSCRIBE %s 0 0 0 0 0\n", entry->name);
            sent_lines(fixture, &lines);
            assert_non_null(strstr(lines.text, subscribe));
            assert_int_equal(fixture->session.stream.number, entry->number);
            assert_string_equal(fixture->session.stream.name, entry->name);
            script_say(&script, &(struct wire_message){
                                    .type = WIRE_STATUS,
                                    .status = { .stream = three_streams.entries[other].number } });
            feed_all(fixture, &script);
            assert_int_equal(fixture->session.state, i == other ? SESSION_RUNNING : SESSION_FAILED);
            script_free(&script);
            fixture_free(fixture);
        }
}

/* Nor is it subscribed to while the list takes its time. */
static void a_late_list_of_streams(void **state)
{
    (void)state;
    static struct lines lines;
    struct session_config config = { .max_message = MAX_MESSAGE, .list_only = true };
    struct fixture *fixture = fixture_with(&config);
    struct script script = { 0 };
    hello_with(&script, SCRIPT_EPOCH, WIRE_CONTROL_MAX);
    feed_all(fixture, &script);
    session_tick(&fixture->session, true, START_NS + 2 * CLOCK_SECOND);
    write_out(fixture);
    sent_lines(fixture, &lines);
    assert_int_equal(count_text(lines.text, "SUBSCRIBE"), 0);
    assert_int_equal(fixture->session.state, SESSION_RUNNING);
    script_free(&script);
    fixture_free(fixture);
}

/* A stream that is not there, or that is not named, can't be waited for. */
static void a_missing_stream_ends_it(void **state)
{
    (void)state;
    static const struct {
        const char *name, *error;
    } cases[] = {
        { "left", "the daemon has no stream \"left\"; it has front, rear, top/preview" },
        { "top", "the daemon has no stream \"top\"; it has front, rear, top/preview" },
        { "", "the daemon has several streams, name one (HOST/NAME): front, rear, top/preview" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture *fixture = fixture_of_three(cases[i].name, false);
        assert_int_equal(fixture->session.state, SESSION_FAILED);
        assert_true(fixture->session.fatal);
        assert_string_equal(fixture->session.error.text, cases[i].error);
        fixture_free(fixture);
    }
}

/* The list is all that is wanted: nothing is subscribed to, and the daemon's END follows. */
static void streams_are_listed(void **state)
{
    (void)state;
    static struct lines lines;
    struct fixture *fixture = fixture_of_three("", true);
    struct script script = { 0 };
    assert_int_equal(fixture->session.state, SESSION_ENDING);
    assert_int_equal(fixture->streams.count, 3);
    assert_memory_equal(&fixture->streams, &three_streams, sizeof(three_streams));
    script_pong(&script, START_NS, 1, 2); /* nor once the clock is known */
    script_end(&script, WIRE_END_DONE, 0, 0);
    feed_all(fixture, &script);
    sent_lines(fixture, &lines);
    assert_int_equal(count_text(lines.text, "SUBSCRIBE"), 0);
    assert_int_equal(count_text(lines.text, "END 0 0 0 0\n"), 1);
    assert_int_equal(fixture->session.state, SESSION_ENDED);
    script_free(&script);
    fixture_free(fixture);
}

/* A session that resumes a grid subscribes once it knows whose ids and clock the daemon's are. */
static void a_grid_is_resumed(void **state)
{
    (void)state;
    static struct lines lines;
    struct session_config config = { .every = 10, .resumes = true, .max_message = MAX_MESSAGE };
    for (int answers = 0; answers < 2; answers++) {
        struct fixture *fixture = fixture_with(&config);
        struct script script = { 0 };
        script_greet(&script, SCRIPT_EPOCH);
        feed_all(fixture, &script);
        write_out(fixture);
        sent_lines(fixture, &lines);
        assert_int_equal(count_text(lines.text, "SUBSCRIBE"), 0);
        script.size = 0;
        if (answers)
            script_pong(&script, START_NS, 1, 1);
        feed_all(fixture, &script);
        if (!answers) { /* a daemon that answers no PING */
            session_tick(&fixture->session, true, START_NS + CLOCK_SECOND - 1);
            assert_int_equal(fixture->first_due_calls, 0);
            session_tick(&fixture->session, true, START_NS + CLOCK_SECOND);
        }
        write_out(fixture);
        sent_lines(fixture, &lines);
        assert_non_null(strstr(lines.text, answers ? "SUBSCRIBE  0 0 10 1234 0\n"
                                                   : "SUBSCRIBE  0 0 10 5678 0\n"));
        feed_all(fixture, &script);
        session_tick(&fixture->session, true, START_NS + 3 * CLOCK_SECOND);
        assert_int_equal(fixture->first_due_calls, 1);
        fixture_free(fixture);
        script_free(&script);
    }
}

/* Within an epoch ids never go back, whatever happens to the connection or to the daemon. */
static void ids_go_on_over_connections(void **state)
{
    (void)state;
    static const struct {
        uint64_t epoch, next_id, first_id;
        bool good;
    } turns[] = {
        { SCRIPT_EPOCH, 10, 10, true },
        { SCRIPT_EPOCH, 10, 11, true },
        { SCRIPT_EPOCH, 10, 9, false },
        { SCRIPT_EPOCH, 10, 0, false },
        { SCRIPT_EPOCH + 1, 10, 0, true },
        { 0, 0, 0, true },
        { SCRIPT_EPOCH, UINT64_MAX, UINT64_MAX, true },
        { SCRIPT_EPOCH, UINT64_MAX, UINT64_MAX - 1, false },
    };
    for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
        static struct lines lines;
        struct script script = { 0 };
        struct fixture *fixture = fixture_after(WIRE_LOSSLESS, turns[i].epoch, turns[i].next_id);
        script_greet(&script, SCRIPT_EPOCH);
        script_stream(&script, turns[i].first_id);
        feed_all(fixture, &script);
        sent_lines(fixture, &lines);
        assert_int_equal(fixture->session.state, turns[i].good ? SESSION_RUNNING : SESSION_FAILED);
        assert_int_equal(fixture->session.started, turns[i].good);
        assert_int_equal(count_text(lines.text, "ERROR PROTOCOL\n"), !turns[i].good);
        assert_int_equal(count_text(fixture->session.error.text, "though this epoch was at"),
                         !turns[i].good);
        assert_int_equal(fixture->reported.used > 0, turns[i].good);
        assert_false(fixture->session.fatal); /* the next one may be right */
        fixture_free(fixture);
        script_free(&script);
    }
}

/* END in the middle of a frame: that is finished and counted, and the totals agree in the end. */
static void ending_finishes_the_frame(void **state)
{
    (void)state;
    static struct lines lines;
    struct fixture *fixture = fixture_running();
    struct script script = { 0 };
    script_drops(&script, 10, 3, WIRE_DROP_SUPERSEDED);
    script_frame(&script, 13, 20, 1);
    script_head(&script, 14);
    script_part(&script, 14, 0, 5, 20);
    feed_all(fixture, &script);
    session_end(&fixture->session);
    session_end(&fixture->session); /* says it once */
    assert_int_equal(fixture->session.state, SESSION_ENDING);
    write_out(fixture);
    script.size = 0;
    script_part(&script, 14, 5, 15, 20);
    script_tail(&script, 14, 20);
    script_end(&script, WIRE_END_DONE, 2, 3);
    script_pong(&script, START_NS, 1, 1); /* the only thing that may follow */
    feed_all(fixture, &script);
    assert_int_equal(fixture->session.state, SESSION_ENDED);
    assert_non_null(strstr(fixture->reported.text, "frame 14 "));
    sent_lines(fixture, &lines);
    assert_int_equal(count_text(lines.text, "END "), 1);
    /* Its END is the last thing that it says. */
    assert_string_equal(lines.text + lines.used - 12, "END 0 4 1 3\n");
    fixture_free(fixture);
    script_free(&script);
}

/* To leave before the daemon has sent anything is no error either. */
static void ending_before_hello(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_make(WIRE_LIVE);
    struct script script = { 0 };
    session_end(&fixture->session);
    write_out(fixture);
    script_greet(&script, SCRIPT_EPOCH);
    feed_all(fixture, &script);
    assert_int_equal(fixture->session.state, SESSION_ENDING);
    script.size = 0;
    script_end(&script, WIRE_END_DONE, 0, 0);
    feed_all(fixture, &script);
    assert_int_equal(fixture->session.state, SESSION_ENDED);
    session_end(&fixture->session);
    assert_int_equal(fixture->session.out_used, 0);
    fixture_free(fixture);
    script_free(&script);
}

/* It may be ended while it waits for a frame, and cleared in the midst of one. */
static void ending_while_waiting(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_running();
    struct script script = { 0 };
    fixture->refuse = 1;
    script_frame(&script, FIRST_ID, 20, 1);
    feed_all(fixture, &script);
    assert_true(fixture->session.head_waits);
    session_end(&fixture->session);
    assert_false(session_advance(&fixture->session, fixture->now));
    assert_non_null(strstr(fixture->reported.text, "frame 10 "));
    script.size = 0;
    script_head(&script, FIRST_ID + 1);
    script_part(&script, FIRST_ID + 1, 0, 5, 20);
    write_out(fixture);
    feed_all(fixture, &script);
    assert_non_null(fixture->session.frame);
    fixture_free(fixture); /* counts the frames */
    script_free(&script);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_by_itself),
        cmocka_unit_test(no_stream_before_subscribe),
        cmocka_unit_test(a_stream_is_subscribed_to_by_name),
        cmocka_unit_test(a_missing_stream_ends_it),
        cmocka_unit_test(streams_are_listed),
        cmocka_unit_test(a_late_list_of_streams),
        cmocka_unit_test(a_grid_is_resumed),
        cmocka_unit_test(ids_go_on_over_connections),
        cmocka_unit_test(ending_finishes_the_frame),
        cmocka_unit_test(ending_before_hello),
        cmocka_unit_test(ending_while_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
