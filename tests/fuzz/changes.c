/*
 * Changes of controls, whatever is asked for, whatever the camera says of its frames, and whenever
 * it stops: each request is answered once, within the bounds, with results that make sense.
 *
 * The input: 8 bytes whose bits are the controls that the camera lacks; then steps of one byte,
 * each with what it needs.
 */
#include "device/stream/changes.h"

#include "../unit/device/pi_controls.h"
#include "fuzz.h"
#include "shared/base/clock.h"

struct fixture {
    struct stream_events events;
    struct metadata_names names;
    struct changes *changes;
    struct control_table table;
    uint64_t id, taken;      /* of the next frame; by the camera */
    unsigned asked, decided; /* what is to be answered later, and what was */
};

static void open_fixture(struct fixture *fixture, uint64_t lacks)
{
    *fixture = (struct fixture){ .id = 1 };
    pi_controls(&fixture->table);
    for (unsigned i = 0; i < fixture->table.count; i++) {
        const struct control_info *info = &fixture->table.items[i];
        metadata_names_add(&fixture->names, info->name, info->type, info->array);
    }
    for (unsigned i = fixture->table.count; i-- > 0;)
        if (lacks >> (i % 64) & 1)
            pi_controls_remove(&fixture->table, fixture->table.items[i].name);
    CHECK(events_init(&fixture->events) == 0);
    CHECK(changes_create(&fixture->changes,
                         &(struct changes_config){ .label = "",
                                                   .names = &fixture->names,
                                                   .events = &fixture->events }) == 0);
}

static void check_change(const struct change *change)
{
    CHECK(change->decided && change->request > 0);
    CHECK((change->status == WIRE_CHANGED_DONE) == (change->text[0] == '\0'));
    for (unsigned i = 0; i < change->count; i++) {
        const struct change_item *item = &change->items[i];
        bool is_fault = item->result == WIRE_SET_UNKNOWN || item->result == WIRE_SET_BAD ||
                        item->result == WIRE_SET_UNSET;
        CHECK(is_fault == (change->status == WIRE_CHANGED_REJECTED));
        CHECK(item->result <= WIRE_SET_UNREPORTED);
        CHECK((item->result == WIRE_SET_OK || item->result == WIRE_SET_UNSET) ==
              (item->why[0] == '\0'));
    }
}

static void ask(struct fixture *fixture, struct input *input)
{
    size_t size, most = (size_t)input_number(input, 1);
    const uint8_t *bytes = input_bytes(input, most, &size);
    char *text = calloc(1, size + 1);
    struct change *answer;
    CHECK(text);
    memcpy(text, bytes, size);
    const struct change_request request = {
        .requester = fixture, .request = fixture->asked + 1, .by = "somebody", .text = text
    };
    CHECK(changes_request(fixture->changes, &request, &answer) == 0);
    if (answer)
        check_change(answer);
    else
        fixture->asked++;
    CHECK(fixture->asked - fixture->decided <= CHANGES_MAX);
    free(answer);
    free(text);
}

static void take(struct fixture *fixture, struct input *input)
{
    struct control_list list = { .count = 0 };
    (void)input;
    uint64_t number = changes_take(fixture->changes, &list);
    CHECK(number == 0 || number > fixture->taken);
    CHECK(list.count <= CONTROL_LIST_MAX);
    if (number)
        fixture->taken = number;
}

/* One that claims anything, with metadata that are any bytes. */
static void show(struct fixture *fixture, struct input *input)
{
    struct raw_frame frame = { .id = fixture->id++ };
    uint64_t choice = input_number(input, 1);
    size_t size;
    frame.applied_change = choice & 1 ? fixture->taken : input_number(input, 1);
    frame.shown_change = choice & 2 ? fixture->taken : choice & 4 ? input_number(input, 1) : 0;
    const uint8_t *bytes = input_bytes(input, choice & 0xF8, &size);
    memcpy(frame.metadata.bytes, bytes, size);
    frame.metadata.size = (uint16_t)size;
    changes_frame(fixture->changes, &frame);
    CHECK(changes_timeout_ns(fixture->changes, 30) >= 3 * CLOCK_SECOND);
}

static void begin(struct fixture *fixture, struct input *input)
{
    struct control_list list;
    struct error error;
    changes_stop(fixture->changes, input_number(input, 1) & 1);
    changes_expect(fixture->changes);
    CHECK(changes_begin(fixture->changes, &fixture->table, &list, &error) == 0);
    changes_started(fixture->changes, false);
}

static void stop(struct fixture *fixture, struct input *input)
{
    changes_stop(fixture->changes, input_number(input, 1) & 1);
}

static void refuse(struct fixture *fixture, struct input *input)
{
    (void)input;
    changes_refuse(fixture->changes, fixture->taken);
}

static void collect(struct fixture *fixture, struct input *input)
{
    struct change *change;
    (void)input;
    while ((change = changes_decided(fixture->changes))) {
        check_change(change);
        CHECK(++fixture->decided <= fixture->asked);
        free(change);
    }
}

static void list(struct fixture *fixture, struct input *input)
{
    struct changes_cursor cursor = { 0 };
    uint8_t bytes[WIRE_MESSAGE_MAX];
    (void)input;
    while (!cursor.done)
        CHECK(changes_encode_table(fixture->changes, 0, &cursor, bytes) <= WIRE_MESSAGE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const steps[])(struct fixture * fixture, struct input * input) = {
        ask, ask, ask, take, take, show, show, show, begin, stop, refuse, collect, list,
    };
    static struct fixture fixture;
    struct input input = { data, size };
    open_fixture(&fixture, input_number(&input, 8));
    begin(&fixture, &input);
    while (input.left > 0)
        steps[input_number(&input, 1) % (sizeof(steps) / sizeof(steps[0]))](&fixture, &input);
    changes_stop(fixture.changes, false);
    collect(&fixture, &input);
    CHECK(fixture.decided == fixture.asked);
    changes_destroy(&fixture.changes);
    control_table_clear(&fixture.table);
    events_destroy(&fixture.events);
    return 0;
}
