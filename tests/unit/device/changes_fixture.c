#include "changes_fixture.h"

#include <poll.h>

void fixture_begin(struct fixture *fixture)
{
    struct error error;
    changes_expect(fixture->changes);
    assert_int_equal(changes_begin(fixture->changes, &fixture->table, &fixture->given, &error), 0);
    changes_started(fixture->changes, false);
    fixture->applied = 0;
}

int fixture_setup_with(void **state, const char *controls)
{
    static struct fixture fixture;
    fixture = (struct fixture){ .id = 10 };
    *state = &fixture;
    camera_controls_fill(&fixture.table);
    assert_int_equal(events_init(&fixture.events), 0);
    assert_int_equal(
        changes_create(&fixture.changes, &(struct changes_config){ .label = "",
                                                                   .controls = controls,
                                                                   .names = &fixture.names,
                                                                   .events = &fixture.events }),
        0);
    return 0;
}

int fixture_setup(void **state)
{
    return fixture_setup_with(state, NULL);
}

int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    changes_destroy(&fixture->changes);
    assert_null(fixture->changes);
    events_destroy(&fixture->events);
    control_table_clear(&fixture->table);
    return 0;
}

struct change *fixture_request(struct fixture *fixture, const char *text)
{
    struct change *answer;
    const struct change_request wanted = {
        .requester = fixture, .request = ++fixture->requests, .by = "me", .text = text
    };
    assert_int_equal(changes_request(fixture->changes, &wanted, &answer), 0);
    return answer;
}

void fixture_set(struct fixture *fixture, const char *text)
{
    struct change *answer = fixture_request(fixture, text);
    if (answer)
        fail_msg("%s: %s", text, answer->text);
}

void fixture_refused(struct fixture *fixture, const char *text, enum wire_changed_status status)
{
    struct change *answer = fixture_request(fixture, text);
    assert_non_null(answer);
    assert_int_equal(answer->status, status);
    assert_int_equal(answer->request, fixture->requests);
    assert_string_not_equal(answer->text, "");
    free(answer);
}

bool fixture_take(struct fixture *fixture)
{
    uint64_t number = changes_take(fixture->changes, &fixture->given);
    if (!number)
        return false;
    assert_true(number > fixture->applied);
    fixture->applied = number;
    return true;
}

void fixture_show(struct fixture *fixture, uint64_t shown, float brightness)
{
    struct raw_frame frame = { .id = fixture->id++,
                               .applied_change = fixture->applied,
                               .shown_change = shown };
    struct value value = value_of_float(brightness);
    int number = metadata_names_add(&fixture->names, "Brightness", VALUE_FLOAT, false);
    assert_true(number >= 0 && metadata_add(&frame.metadata, (unsigned)number, &value));
    changes_frame(fixture->changes, &frame);
}

bool fixture_notified(struct fixture *fixture)
{
    struct pollfd fd = { .fd = fixture->events.fd, .events = POLLIN };
    return poll(&fd, 1, 0) == 1 && events_clear(&fixture->events);
}

void fixture_decided(struct fixture *fixture, uint32_t number, uint64_t first,
                     enum wire_set_result result)
{
    struct change *change = changes_decided(fixture->changes);
    assert_non_null(change);
    assert_int_equal(change->status, WIRE_CHANGED_DONE);
    assert_int_equal(change->request, number);
    assert_int_equal(change->first_frame_id, first);
    assert_int_equal(change->items[0].result, result);
    assert_string_equal(change->by, "me");
    free(change);
}
