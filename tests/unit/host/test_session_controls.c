/*
 * The camera's controls within a session: the list in pieces, what is set and when it may be, and
 * what became of it.
 */
#include "session_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/clock.h"

static struct fixture *fixture_with_controls(void)
{
    struct fixture *fixture = fixture_running();
    struct script script = { 0 };
    struct control_table table = script_table();
    script_controls(&script, &table);
    feed_all(fixture, &script);
    control_table_clear(&table);
    script_free(&script);
    return fixture;
}

static const struct wire_set set_exposure = { 5, "ExposureTime=10" };

/* So many controls that they need several messages. */
static void a_list_in_several_messages(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_running();
    struct script script = { 0 };
    struct control_table table = { .count = 0 };
    for (unsigned i = 0; i < CONTROLS_MAX; i++) {
        char name[32];
        snprintf(name, sizeof(name), "Control%u", i);
        struct control_info *info = control_table_add(&table, name);
        assert_non_null(info);
        info->type = VALUE_FLOAT;
        info->max = value_of_float((float)i);
        info->enumerator_count = 1;
        strcpy(info->enumerators[0].name, "a word that makes it longer");
    }
    script_controls(&script, &table);
    size_t half = script.size / 2;
    assert_true(script.size > WIRE_CONTROL_MAX);
    feed(fixture, script.bytes, half, SIZE_MAX);
    assert_null(strstr(fixture->reported.text, "controls"));
    assert_false(session_set(&fixture->session, &set_exposure));
    feed(fixture, script.bytes + half, script.size - half, SIZE_MAX);
    assert_non_null(strstr(fixture->reported.text, "128 controls from Control0\n"));
    assert_true(fixture->session.controls.items[127].max.number[0] == 127);
    control_table_clear(&table);
    script.size = 0;
    table = script_table();
    script_controls(&script, &table); /* in the place of the first list */
    table.count = 0;
    script_controls(&script, &table);
    feed_all(fixture, &script);
    assert_non_null(strstr(fixture->reported.text, "2 controls from ExposureTime\n"
                                                   "0 controls from none\n"));
    control_table_clear(&table);
    script_free(&script);
    fixture_free(fixture);
}

static void set_once_controls_are_known(void **state)
{
    (void)state;
    static struct lines lines;
    struct fixture *fixture = fixture_running();
    assert_false(session_set(&fixture->session, &set_exposure));
    fixture_free(fixture);
    fixture = fixture_with_controls();
    assert_true(session_set(&fixture->session, &set_exposure));
    write_out(fixture);
    sent_lines(fixture, &lines);
    assert_int_equal(count_text(lines.text, "SET 5 ExposureTime=10\n"), 1);
    session_end(&fixture->session);
    assert_false(session_set(&fixture->session, &set_exposure));
    fixture_free(fixture);
}

static void answers_and_notices(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_with_controls();
    struct script script = { 0 };
    fixture->answers_due = 5;
    script_head(&script, FIRST_ID); /* also within a frame */
    script_answer(&script, 5, 10, 10);
    script_answer(&script, 0, 11, 11);
    script_part(&script, FIRST_ID, 0, 100, 100);
    script_tail(&script, FIRST_ID, 100);
    feed_all(fixture, &script);
    assert_non_null(strstr(fixture->reported.text, "changed 5: 0 of 1 by laptop2\n"
                                                   "changed 0: 0 of 1 by laptop2\nframe 10 "));
    assert_int_equal(fixture->session.state, SESSION_RUNNING);
    script_free(&script);
    fixture_free(fixture);
}

static void a_set_takes_no_space_of_acks(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_with_controls();
    struct wire_set set = { .request = 1 };
    struct iovec space[2];
    unsigned sent = 0;
    memset(set.text, 'A', WIRE_SET_TEXT_MAX);
    while (session_set(&fixture->session, &set))
        assert_in_range(++sent, 1, SESSION_OUT_MAX / WIRE_SET_TEXT_MAX);
    assert_true(sent > 0);
    assert_true(session_space(&fixture->session, space) > 0);
    write_out(fixture);
    assert_true(session_set(&fixture->session, &set));
    fixture_free(fixture);
}

/* Each ends the session. */
static void reject(void (*say)(struct script *script), const char *why)
{
    static struct lines lines;
    struct fixture *fixture = fixture_with_controls();
    struct script script = { 0 };
    say(&script);
    feed_all(fixture, &script);
    assert_int_equal(fixture->session.state, SESSION_FAILED);
    if (!strstr(fixture->session.error.text, why))
        fail_msg("\"%s\" instead of \"%s\"", fixture->session.error.text, why);
    write_out(fixture);
    sent_lines(fixture, &lines);
    assert_int_equal(count_text(lines.text, "ERROR PROTOCOL\n"), 1);
    script_free(&script);
    fixture_free(fixture);
}

static void an_answer_that_is_not_due(struct script *script)
{
    script_answer(script, 5, 10, 10);
}

static void a_list_that_begins_in_the_middle(struct script *script)
{
    script_say(script, &(struct wire_message){ .type = WIRE_CONTROLS,
                                               .controls = { .first = 1, .total = 3 } });
}

static void thousands_of_controls(struct script *script)
{
    script_say(script, &(struct wire_message){ .type = WIRE_CONTROLS,
                                               .controls = { .first = 0, .total = 5000 } });
}

static void controls_without_an_end(struct script *script)
{
    script_say(script, &(struct wire_message){ .type = WIRE_CONTROLS,
                                               .controls = { .first = 0, .total = 5 } });
}

static void several_limits_of_one_number(struct script *script)
{
    struct control_table table = script_table();
    table.items[0].max = value_of_floats((const float[]){ 1, 2 }, 2);
    table.items[0].type = VALUE_FLOAT;
    table.items[0].min = table.items[0].def = table.items[0].set = (struct value){ 0 };
    script_controls(script, &table);
    control_table_clear(&table);
}

static void a_change_cut_short(struct script *script)
{
    script_say(script, &(struct wire_message){ .type = WIRE_CHANGED });
}

static void controls_of_another_stream(struct script *script)
{
    script_say(script, &(struct wire_message){ .type = WIRE_CONTROLS, .controls.stream = 1 });
}

static void a_set(struct script *script)
{
    uint8_t bytes[WIRE_MESSAGE_MAX];
    script_add(script, bytes, wire_encode_set(&set_exposure, bytes));
}

static void offences(void **state)
{
    (void)state;
    reject(an_answer_that_is_not_due, "a CHANGED for request 5, which has no answer due");
    reject(a_list_that_begins_in_the_middle, "a malformed list of controls");
    reject(thousands_of_controls, "a malformed list of controls");
    reject(controls_without_an_end, "a malformed list of controls");
    reject(several_limits_of_one_number, "a malformed list of controls");
    reject(a_change_cut_short, "a malformed CHANGED");
    reject(controls_of_another_stream, "CONTROLS of another stream");
    reject(a_set, "a message that only a receiver sends");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_in_several_messages),
        cmocka_unit_test(set_once_controls_are_known),
        cmocka_unit_test(answers_and_notices),
        cmocka_unit_test(a_set_takes_no_space_of_acks),
        cmocka_unit_test(offences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
