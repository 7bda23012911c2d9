/*
 * Requests to set controls that a client must not make, each of which ends its connection.
 */
#include "client_fixture.h"
#include "device/serve/client_controls.h"

static void no_set_before_subscribe(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_greet(fixture, WIRE_MAX_MESSAGE_DEFAULT);
    peer_set(fixture->peer, 1, "Brightness=0.25");
    expect_error(fixture, WIRE_ERROR_PROTOCOL);
}

static void no_set_with_a_still(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch_controls(fixture, 0);
    struct changes *changes = fixture->stream.changes;
    fixture->stream.changes = NULL;
    peer_set(fixture->peer, 1, "Brightness=0.25");
    expect_error(fixture, WIRE_ERROR_PROTOCOL);
    fixture->stream.changes = changes;
}

/* Our END is due, but not out. */
static void no_set_instead_of_subscribe_while_ending(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_greet(fixture, WIRE_MAX_MESSAGE_DEFAULT);
    client_end(fixture->client, WIRE_END_SHUTDOWN);
    peer_set(fixture->peer, 1, "Brightness=0.25");
    expect_error(fixture, WIRE_ERROR_PROTOCOL);
}

static void no_answer_after_end(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch_controls(fixture, 0);
    peer_end(fixture->peer);
    peer_set(fixture->peer, 1, "Brightness=0.25");
    expect_end(fixture, WIRE_END_DONE);
    assert_int_equal(fixture->peer->answers, 0);
    assert_int_equal(fixture->stream.changes->count, 0);
}

static void malformed(struct client_fixture *fixture, uint32_t request, const char *text,
                      size_t size)
{
    uint8_t bytes[WIRE_MESSAGE_MAX] = { 'P', 'T', WIRE_SET };
    size_t length = 4 + size;
    fixture_watch_controls(fixture, 0);
    bytes[6] = (uint8_t)(length >> 8);
    bytes[7] = (uint8_t)length;
    bytes[9] = 4;
    bytes[15] = (uint8_t)request;
    memcpy(bytes + 16, text, size);
    peer_send(fixture->peer, bytes, WIRE_HEADER_SIZE + length);
    expect_error(fixture, WIRE_ERROR_PROTOCOL);
    assert_int_equal(fixture->stream.changes->count, 0);
}

static void request_0_is_malformed(void **state)
{
    malformed(*state, 0, "Brightness=0.25", 15);
}

static void a_text_with_a_zero_is_malformed(void **state)
{
    malformed(*state, 1, "Brightness=0.25\0", 16);
}

static void a_text_with_a_line_feed_is_malformed(void **state)
{
    malformed(*state, 1, "Brightness=0.25\n", 16);
}

static void a_text_that_is_too_long_is_malformed(void **state)
{
    char text[WIRE_SET_TEXT_MAX + 1];
    memset(text, 'x', sizeof(text));
    malformed(*state, 1, text, sizeof(text));
}

static void too_many_unanswered(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch_controls(fixture, 0);
    fixture->peer->reads = false;
    for (uint32_t i = 1; i <= 400 && !client_discards_input(fixture->client); i++) {
        peer_set(fixture->peer, i, "Nonsense=1");
        fixture_settle(fixture);
        assert_in_range(fixture->client->outbox.count, 0, OUTBOX_ANSWERS);
    }
    assert_true(client_discards_input(fixture->client));
    fixture->peer->reads = true;
    expect_error(fixture, WIRE_ERROR_PROTOCOL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_set_before_subscribe),
        TEST(no_set_with_a_still),
        TEST(no_set_instead_of_subscribe_while_ending),
        TEST(no_answer_after_end),
        TEST(request_0_is_malformed),
        TEST(a_text_with_a_zero_is_malformed),
        TEST(a_text_with_a_line_feed_is_malformed),
        TEST(a_text_that_is_too_long_is_malformed),
        TEST_SMALL(too_many_unanswered),
    };
    return cmocka_run_group_tests_name("client_offences", tests, NULL, NULL);
}
