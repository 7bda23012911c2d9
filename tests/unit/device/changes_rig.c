#include "changes_rig.h"

#include <poll.h>

void rig_begin(struct rig *rig)
{
    struct error error;
    changes_expect(rig->changes);
    assert_int_equal(changes_begin(rig->changes, &rig->table, &rig->given, &error), 0);
    changes_started(rig->changes, false);
    rig->applied = 0;
}

int rig_setup_with(void **state, const char *controls)
{
    static struct rig rig;
    rig = (struct rig){ .id = 10 };
    *state = &rig;
    camera_controls_fill(&rig.table);
    assert_int_equal(events_init(&rig.events), 0);
    assert_int_equal(
        changes_create(&rig.changes, &(struct changes_config){ .label = "",
                                                               .controls = controls,
                                                               .names = &rig.names,
                                                               .events = &rig.events }),
        0);
    return 0;
}

int rig_setup(void **state)
{
    return rig_setup_with(state, NULL);
}

int rig_teardown(void **state)
{
    struct rig *rig = *state;
    changes_destroy(&rig->changes);
    assert_null(rig->changes);
    events_destroy(&rig->events);
    control_table_clear(&rig->table);
    return 0;
}

struct change *rig_request(struct rig *rig, const char *text)
{
    struct change *answer;
    const struct change_request wanted = {
        .asker = rig, .request = ++rig->requests, .by = "me", .text = text
    };
    assert_int_equal(changes_request(rig->changes, &wanted, &answer), 0);
    return answer;
}

void rig_set(struct rig *rig, const char *text)
{
    struct change *answer = rig_request(rig, text);
    if (answer)
        fail_msg("%s: %s", text, answer->text);
}

void rig_refused(struct rig *rig, const char *text, enum wire_changed_status status)
{
    struct change *answer = rig_request(rig, text);
    assert_non_null(answer);
    assert_int_equal(answer->status, status);
    assert_int_equal(answer->request, rig->requests);
    assert_string_not_equal(answer->text, "");
    free(answer);
}

bool rig_take(struct rig *rig)
{
    uint64_t number = changes_take(rig->changes, &rig->given);
    if (!number)
        return false;
    assert_true(number > rig->applied);
    rig->applied = number;
    return true;
}

void rig_show(struct rig *rig, uint64_t shown, float brightness)
{
    struct raw_frame frame = { .id = rig->id++,
                               .applied_change = rig->applied,
                               .shown_change = shown };
    struct value value = value_of_float(brightness);
    int number = metadata_names_add(&rig->names, "Brightness", VALUE_FLOAT, false);
    assert_true(number >= 0 && metadata_add(&frame.metadata, (unsigned)number, &value));
    changes_frame(rig->changes, &frame);
}

bool rig_notified(struct rig *rig)
{
    struct pollfd fd = { .fd = rig->events.fd, .events = POLLIN };
    return poll(&fd, 1, 0) == 1 && events_clear(&rig->events);
}

void rig_decided(struct rig *rig, uint32_t number, uint64_t first, enum wire_set_result result)
{
    struct change *change = changes_decided(rig->changes);
    assert_non_null(change);
    assert_int_equal(change->status, WIRE_CHANGED_DONE);
    assert_int_equal(change->request, number);
    assert_int_equal(change->first_frame_id, first);
    assert_int_equal(change->items[0].result, result);
    assert_string_equal(change->by, "me");
    free(change);
}
