/*
 * What a client may set of its camera, and what it is told of that.
 */
#include "client_fixture.h"
#include "device/serve/client_controls.h"

/* What the server does after each round. */
static void tell(struct client_fixture *fixture)
{
    struct change *change;
    while ((change = changes_decided(fixture->stream.changes))) {
        clients_tell_change(fixture->client, &fixture->stream, change);
        free(change);
    }
    fixture_write(fixture);
}

/* The camera takes what is set, and the frame with this id is the first to show it. */
static void show(struct client_fixture *fixture, uint64_t id)
{
    struct control_list list;
    uint64_t number = changes_take(fixture->stream.changes, &list);
    struct raw_frame frame = { .id = id, .applied_change = number, .shown_change = number };
    assert_true(number > 0);
    changes_frame(fixture->stream.changes, &frame);
    tell(fixture);
}

/* Somebody else sets something. */
static void set_by_other(struct client_fixture *fixture, const char *text)
{
    static const int other;
    struct change *answer;
    const struct change_request request = {
        .requester = &other, .request = 7, .by = "studio", .text = text
    };
    assert_int_equal(changes_request(fixture->stream.changes, &request, &answer), 0);
    assert_null(answer);
}

static void set(struct client_fixture *fixture, uint32_t request, const char *text)
{
    unsigned due = fixture->client->outbox.due;
    peer_set(fixture->peer, request, text);
    FIXTURE_UNTIL(fixture, fixture->client->outbox.due > due);
}

static void expect_refusal(struct client_fixture *fixture, uint32_t request, const char *text,
                           enum wire_changed_status status)
{
    unsigned answers = fixture->peer->answers;
    peer_set(fixture->peer, request, text);
    FIXTURE_UNTIL(fixture, fixture->peer->answers == answers + 1);
    assert_int_equal(fixture->peer->answer.head.request, request);
    assert_int_equal(fixture->peer->answer.head.status, status);
    assert_string_not_equal(fixture->peer->answer.head.text, "");
    assert_int_equal(fixture->client->outbox.due, 0);
}

static void a_set_is_answered_with_its_first_frame(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch_controls(fixture, 0);
    assert_int_equal(fixture->peer->controls.count, 3);
    set(fixture, 9, "brightness=0.25,contrast=99");
    show(fixture, 17);
    FIXTURE_UNTIL(fixture, fixture->peer->answers == 1);
    const struct wire_changed *answer = &fixture->peer->answer;
    assert_int_equal(answer->head.request, 9);
    assert_int_equal(answer->head.status, WIRE_CHANGED_DONE);
    assert_int_equal(answer->head.first_frame_id, 17);
    assert_string_equal(answer->head.by, "unix");
    assert_int_equal(answer->count, 2);
    assert_string_equal(answer->items[1].name, "Contrast");
    assert_true(answer->items[1].asked.number[0] == 99);
    assert_int_equal(answer->items[1].result, WIRE_SET_UNREPORTED);
    assert_string_equal(answer->items[1].why, "the range is 0 to 16");
    assert_int_equal(fixture->peer->notices, 0);
    assert_int_equal(fixture->client->outbox.due, 0);
}

static void others_are_told_what_was_set(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch_controls(fixture, 0);
    set_by_other(fixture, "Brightness=0.25");
    set_by_other(fixture, "Brightness=0.5");
    show(fixture, 17);
    FIXTURE_UNTIL(fixture, fixture->peer->notices == 1); /* what was replaced is no news */
    fixture_settle(fixture);
    assert_int_equal(fixture->peer->notices, 1);
    assert_int_equal(fixture->peer->answers, 0);
    const struct wire_changed *notice = &fixture->peer->notice;
    assert_int_equal(notice->head.request, 0);
    assert_int_equal(notice->head.first_frame_id, 17);
    assert_string_equal(notice->head.by, "studio");
    assert_string_equal(notice->items[0].name, "Brightness");
    assert_true(notice->items[0].asked.number[0] == 0.5f);
}

/* What another camera's streams are set to. */
static void another_cameras_changes_are_not_told(void **state)
{
    struct client_fixture *fixture = *state;
    struct stream other = fixture->stream;
    struct control_list list;
    fixture_watch_controls(fixture, 0);
    set_by_other(fixture, "Brightness=0.25");
    uint64_t number = changes_take(fixture->stream.changes, &list);
    changes_frame(fixture->stream.changes, &(struct raw_frame){ .id = 17, .shown_change = number });
    struct change *change = changes_decided(fixture->stream.changes);
    assert_non_null(change);
    other.changes = NULL;
    clients_tell_change(fixture->client, &other, change);
    assert_true(outbox_empty(&fixture->client->outbox));
    clients_tell_change(fixture->client, &fixture->stream, change);
    assert_int_equal(fixture->client->outbox.count, 1);
    free(change);
}

static void a_long_list_comes_in_several_messages(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch_controls(fixture, 120);
    assert_int_equal(fixture->peer->controls.count, 123);
}

static void each_run_of_the_camera_has_its_list(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch_controls(fixture, 0);
    fixture_camera_on(fixture, 640);
    FIXTURE_UNTIL(fixture, fixture->peer->lists == 2);
}

static void a_list_does_not_come_within_a_frame(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch_controls(fixture, 0);
    struct frame *frame = fixture_growing(fixture, 2, 100);
    frame_grow(frame, 1);
    fixture_write(fixture);
    FIXTURE_UNTIL(fixture, fixture->peer->parts == 1);
    subscription_controls_changed(&fixture->client->subscription);
    set_by_other(fixture, "Brightness=0.25");
    show(fixture, 17);
    FIXTURE_UNTIL(fixture, fixture->peer->notices == 1); /* it is small */
    assert_true(fixture->peer->in_frame);
    assert_int_equal(fixture->peer->lists, 1);
    frame_finish(frame);
    fixture_write(fixture);
    FIXTURE_UNTIL(fixture, fixture->peer->lists == 2);
    assert_int_equal(fixture->peer->delivered, 1);
}

/* Who may. */

static struct tls_peer laptop = { .name = "laptop" };

static void a_key_that_may_view_is_refused_by_name(void **state)
{
    struct client_fixture *fixture = *state;
    laptop.role = KEY_VIEW;
    fixture_watch_controls(fixture, 0);
    fixture->client->transport->peer = &laptop;
    expect_refusal(fixture, 1, "Brightness=0.25", WIRE_CHANGED_NOT_ALLOWED);
    assert_non_null(strstr(fixture->peer->answer.head.text, "'laptop'"));
    assert_non_null(strstr(fixture->peer->answer.head.text, "--role control"));
    assert_int_equal(fixture->stream.changes->count, 0);
}

static void view_only_is_for_those_without_a_key(void **state)
{
    struct client_fixture *fixture = *state;
    fixture->shared.view_only = true;
    fixture_watch_controls(fixture, 0);
    expect_refusal(fixture, 1, "Brightness=0.25", WIRE_CHANGED_NOT_ALLOWED);
    assert_non_null(strstr(fixture->peer->answer.head.text, "--view-only"));
    laptop.role = KEY_CONTROL;
    fixture->client->transport->peer = &laptop;
    set(fixture, 2, "Brightness=0.25");
    show(fixture, 17);
    FIXTURE_UNTIL(fixture, fixture->peer->answers == 2);
    assert_int_equal(fixture->peer->answer.head.status, WIRE_CHANGED_DONE);
    assert_string_equal(fixture->peer->answer.head.by, "laptop");
}

/* What can't be set. */

static void garbage_is_answered(void **state)
{
    static const char *const texts[] = {
        "",
        "=",
        ",",
        "Brightness",
        "Brightness=",
        "=1",
        "Nonsense=1",
        "Brightness=\x1b[2J",
        "Brightness=1e999999999",
        "ExposureTime=%s%n",
        "Brightness=0.5,Brightness=nan",
        "\xff\xfe=\xc0\x80",
        "ExposureTime=99999999999999999999parsecs",
    };
    struct client_fixture *fixture = *state;
    fixture_watch_controls(fixture, 0);
    for (uint32_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_refusal(fixture, i + 1, texts[i], WIRE_CHANGED_REJECTED);
    char longest[WIRE_SET_TEXT_MAX + 1];
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    expect_refusal(fixture, 99, longest, WIRE_CHANGED_REJECTED);
    for (size_t i = 1; i + 1 < sizeof(longest); i += 2)
        longest[i] = i % 4 == 1 ? '=' : ',';
    expect_refusal(fixture, 100, longest, WIRE_CHANGED_REJECTED);
}

static void a_camera_that_is_off_is_said_to_be(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch_controls(fixture, 0);
    changes_stop(fixture->stream.changes, false);
    expect_refusal(fixture, 1, "Brightness=0.25", WIRE_CHANGED_NO_CAMERA);
}

static void a_camera_that_stops_answers_what_waits(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch_controls(fixture, 0);
    set(fixture, 1, "Brightness=0.25");
    changes_stop(fixture->stream.changes, false);
    tell(fixture);
    FIXTURE_UNTIL(fixture, fixture->peer->answers == 1);
    assert_int_equal(fixture->peer->answer.head.status, WIRE_CHANGED_LOST);
}

static void too_many_are_answered_busy(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch_controls(fixture, 0);
    for (uint32_t i = 1; i <= CHANGES_MAX; i++)
        set(fixture, i, "Brightness=0.25");
    peer_set(fixture->peer, 33, "Brightness=0.25");
    FIXTURE_UNTIL(fixture, fixture->peer->answers == 1);
    assert_int_equal(fixture->peer->answer.head.status, WIRE_CHANGED_BUSY);
    show(fixture, 17);
    FIXTURE_UNTIL(fixture, fixture->peer->answers == 33);
    assert_int_equal(fixture->peer->answer.head.request, CHANGES_MAX);
}

/* One that does not read. */

static void notices_give_way_to_the_list(void **state)
{
    struct client_fixture *fixture = *state;
    char text[64];
    fixture_watch_controls(fixture, 0);
    fixture->peer->reads = false;
    set(fixture, 1, "Contrast=2");
    for (uint64_t i = 0; i < 300; i++) {
        snprintf(text, sizeof(text), "Brightness=%g", (double)(i % 100) / 100);
        set_by_other(fixture, text);
        show(fixture, i);
        assert_in_range(fixture->client->outbox.count, 0, OUTBOX_MAX);
    }
    fixture->peer->reads = true;
    FIXTURE_UNTIL(fixture, fixture->peer->lists == 2);
    fixture_settle(fixture);
    assert_int_equal(fixture->peer->answers, 1);
    assert_in_range(fixture->peer->notices, 1, 299);
    const struct control_info *info =
        control_table_find(&fixture->peer->controls, "Brightness", 10);
    assert_non_null(info);
    assert_true(info->set.number[0] == 0.99f);
}

static void what_a_client_set_outlives_it(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch_controls(fixture, 0);
    set(fixture, 1, "Brightness=0.25");
    changes_forget(fixture->stream.changes, fixture->client);
    show(fixture, 17);
    FIXTURE_UNTIL(fixture, fixture->peer->notices == 1); /* now it is another one's */
    assert_int_equal(fixture->peer->answers, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_set_is_answered_with_its_first_frame),
        TEST(others_are_told_what_was_set),
        TEST(another_cameras_changes_are_not_told),
        TEST(a_long_list_comes_in_several_messages),
        TEST(each_run_of_the_camera_has_its_list),
        TEST(a_list_does_not_come_within_a_frame),
        TEST(a_key_that_may_view_is_refused_by_name),
        TEST(view_only_is_for_those_without_a_key),
        TEST(garbage_is_answered),
        TEST(a_camera_that_is_off_is_said_to_be),
        TEST(a_camera_that_stops_answers_what_waits),
        TEST(too_many_are_answered_busy),
        TEST_SMALL(notices_give_way_to_the_list),
        TEST(what_a_client_set_outlives_it),
    };
    return cmocka_run_group_tests_name("client_controls", tests, NULL, NULL);
}
