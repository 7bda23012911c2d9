/*
 * The receiver's side of a conversation, whatever the daemon reports: frames and losses come in the
 * order of their ids, without a gap, with the bytes that their checksum is of; the totals add up;
 * and what is sent back is what PROTOCOL.md lets a receiver send. A daemon that keeps to the
 * protocol is never found at fault.
 *
 * The input: a row of steps, each a byte that names it and what it needs.
 */
#include "session_daemon.h"

#include "shared/base/clock.h"

static void use_socket(struct fixture *fixture, struct input *input)
{
    fixture->split = (size_t)input_number(input, 1);
    fixture_write_out(fixture, (size_t)input_number(input, 2));
}

static void pass_time(struct fixture *fixture, struct input *input)
{
    uint64_t choice = input_number(input, 1);
    /* An honest daemon would not be silent for long. */
    if (fixture->honest)
        return;
    fixture->now_ns += (choice >> 1) * 100 * CLOCK_MS;
    session_tick(&fixture->session, choice & 1, fixture->now_ns);
    CHECK(fixture->session.state >= SESSION_ENDED ||
          session_due(&fixture->session, choice & 1) > fixture->now_ns);
    CHECK((session_silent_at(&fixture->session) == UINT64_MAX) ==
          (fixture->session.state > SESSION_RUNNING));
}

static void use_frames(struct fixture *fixture, struct input *input)
{
    (void)input;
    fixture_release_frames(fixture);
    fixture_advance(fixture);
}

static void end(struct fixture *fixture, struct input *input)
{
    (void)input;
    session_end(&fixture->session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const steps[])(struct fixture * fixture, struct input * input) = {
        send_raw,   send_hello, send_stream, send_status, send_head,  send_part,
        send_tail,  send_drops, send_ping,   send_pong,   send_error, send_end,
        use_socket, pass_time,  use_frames,  end,         send_wrong,
    };
    struct input input = { data, size };
    struct fixture *fixture = fixture_open(input_number(&input, 1));
    while (input.left > 0 && fixture->session.state < SESSION_ENDED) {
        enum session_state before = fixture->session.state;
        steps[input_number(&input, 1) % (sizeof(steps) / sizeof(steps[0]))](fixture, &input);
        fixture_check(fixture, before);
    }
    fixture_close(fixture);
    return 0;
}
