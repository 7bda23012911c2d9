/*
 * What no daemon should send: each ends the session, with a line for the user and an ERROR for the
 * daemon.
 */
#include "session_offences.h"

#include <stdio.h>
#include <string.h>

#include "shared/base/clock.h"

/* One after the other; NULL: there are no more. */
static const struct offence *offence_at(size_t i)
{
    const struct offences *all[] = { &opening_offences, &stream_offences, &frame_offences };
    for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
        if (i < all[k]->count)
            return &all[k]->items[i];
        i -= all[k]->count;
    }
    return NULL;
}

static void script_offence(struct script *script, const struct offence *offence)
{
    script->size = 0;
    if (!offence->bare) {
        script_greet(script, SCRIPT_EPOCH);
        script_stream(script, FIRST_ID);
        script_frame(script, FIRST_ID, 20, 1);
    }
    offence->build(script);
}

static struct fixture *offend(const struct script *script, size_t max)
{
    struct fixture *fixture = fixture_make(WIRE_LOSSLESS);
    struct iovec space[2];
    feed(fixture, script->bytes, script->size, max);
    assert_int_equal(fixture->session.state, SESSION_FAILED);
    assert_int_equal(session_space(&fixture->session, space), 0);
    /* Nothing wakes it again. */
    size_t before = fixture->reported.used;
    session_advance(&fixture->session, fixture->now);
    session_end(&fixture->session);
    session_tick(&fixture->session, true, fixture->now + 60 * CLOCK_SECOND);
    assert_int_equal(fixture->session.out_used, 0);
    assert_int_equal(fixture->reported.used, before);
    assert_int_equal(fixture->session.state, SESSION_FAILED);
    return fixture;
}

static void ends_it(const struct script *script, const struct offence *offence, size_t max)
{
    struct fixture *fixture = offend(script, max);
    const char *text = fixture->session.error.text;
    if (!*text || !strstr(text, offence->error))
        fail_msg("'%s' does not say '%s'", text, offence->error);
    if (fixture->session.fatal != offence->fatal)
        fail_msg("'%s': fatal is wrong", text);
    assert_null(strchr(text, '\n'));
    if (!offence->bare)
        assert_string_equal(fixture->reported.text, "stream from 10 of model\n"
                                                    "frame 10 640x480 20 bytes\n");
    fixture_free(fixture);
}

static void offences_end_it(void **state)
{
    (void)state;
    struct script script = { 0 };
    const struct offence *offence;
    for (size_t i = 0; (offence = offence_at(i)); i++) {
        script_offence(&script, offence);
        ends_it(&script, offence, SIZE_MAX);
        ends_it(&script, offence, 1);
    }
    script_free(&script);
}

/* PROTOCOL.md, 1 to 3: ERROR is the last message of a side that found the other at fault. */
static void offenders_get_an_error(void **state)
{
    (void)state;
    static struct lines lines;
    struct script script = { 0 };
    unsigned wrong = 0;
    const struct offence *offence;
    for (size_t i = 0; (offence = offence_at(i)); i++) {
        char last[64] = "";
        script_offence(&script, offence);
        struct fixture *fixture = offend(&script, SIZE_MAX);
        sent_lines(fixture, &lines);
        if (offence->answer)
            snprintf(last, sizeof(last), "\nERROR %s\n", wire_error_name(offence->answer));
        const char *error = strstr(lines.text, "\nERROR ");
        if (offence->answer ? !error || strcmp(error, last) != 0 : error != NULL) {
            print_message("'%s': expected%s", fixture->session.error.text,
                          *last ? last : " no ERROR\n");
            wrong++;
        }
        fixture_free(fixture);
    }
    script_free(&script);
    assert_int_equal(wrong, 0);
}

/* Which errors will not go away by connecting again. */
static void fatal_errors(void **state)
{
    (void)state;
    for (unsigned code = 0; code <= 12; code++) {
        struct script script = { 0 };
        struct fixture *fixture = fixture_make(WIRE_LIVE);
        script_greet(&script, SCRIPT_EPOCH);
        script_error(&script, code, "");
        feed_all(fixture, &script);
        bool fatal = code == WIRE_ERROR_VERSION || code == WIRE_ERROR_TLS_REQUIRED ||
                     code == WIRE_ERROR_NO_SUCH_STREAM || code == WIRE_ERROR_NOT_ALLOWED ||
                     code == WIRE_ERROR_NO_STILL;
        assert_int_equal(fixture->session.state, SESSION_FAILED);
        assert_int_equal(fixture->session.fatal, fatal);
        fixture_free(fixture);
        script_free(&script);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(offences_end_it),
        cmocka_unit_test(offenders_get_an_error),
        cmocka_unit_test(fatal_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
