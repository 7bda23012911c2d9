#include "session_daemon.h"

enum { PART_MAX = 8192, FLOOD = 300 };

/* What the bytes of a frame begin and end with, so that it passes for a JPEG. */
static const uint8_t jpeg_begin[] = { 0xFF,        0xD8, 0xFF,        0xC0,         0,
                                      11,          8,    HEIGHT >> 8, HEIGHT & 255, WIDTH >> 8,
                                      WIDTH & 255, 1,    1,           0x11,         0 };
static const uint8_t jpeg_end[] = { 0xFF, 0xD9 };

static void deliver_message(struct fixture *fixture, const struct wire_message *message)
{
    uint8_t bytes[WIRE_ENCODED_MAX];
    fixture_deliver(fixture, bytes, wire_encode(message, bytes));
}

/* What is right if the input wants it to be, which it mostly should. */
static uint64_t right_or(const struct fixture *fixture, struct input *input, uint64_t right)
{
    uint64_t choice = input_number(input, 1);
    return choice < 0xE0 || fixture->honest ? right
           : choice < 0xF0                  ? right + (int8_t)choice
                                            : input_number(input, 8);
}

void send_raw(struct fixture *fixture, struct input *input)
{
    size_t size;
    const uint8_t *bytes = input_bytes(input, (size_t)input_number(input, 1), &size);
    if (!fixture->honest)
        fixture_deliver(fixture, bytes, size);
}

/* Two streams: of the numbers, the session knows one for its own. */
static void send_streams(struct fixture *fixture, uint64_t choice)
{
    uint8_t bytes[WIRE_STREAMS_ENCODED_MAX];
    struct wire_streams streams = { .count = 2,
                                    .entries = { { .number = 1, .name = "rear" },
                                                 { .number = STREAM, .name = "front" } } };
    if (choice & 2)
        streams.entries[0].number = STREAM;
    if (choice & 4)
        streams.count = 1;
    fixture_deliver(fixture, bytes, wire_encode_streams(&streams, bytes));
}

void send_hello(struct fixture *fixture, struct input *input)
{
    struct wire_message message = { .type = WIRE_HELLO };
    uint64_t choice = fixture->honest ? 0 : input_number(input, 1);
    message.hello.max_message = WIRE_CONTROL_MAX - (uint32_t)(choice >> 7);
    message.hello.epoch = right_or(fixture, input, EPOCH);
    if (fixture->honest && fixture->greeted)
        return;
    fixture_deliver(fixture, wire_opening, WIRE_OPENING_SIZE);
    if (choice & 1)
        return;
    fixture->greeted = true;
    deliver_message(fixture, &message);
    send_streams(fixture, choice);
}

/* Whether the daemon may send what has no place within a frame, ... */
static bool between_frames(const struct fixture *fixture)
{
    return !fixture->honest || (fixture->greeted && !fixture->in_frame);
}

/* ... and what was subscribed to. */
static bool may_stream(const struct fixture *fixture)
{
    return !fixture->honest || (fixture->greeted && fixture->session.subscribed);
}

void send_stream(struct fixture *fixture, struct input *input)
{
    struct wire_message message = { .type = WIRE_STREAM, .stream.stream = STREAM };
    message.stream.codec = (uint8_t)right_or(fixture, input, WIRE_CODEC_JPEG);
    message.stream.width = (uint16_t)right_or(fixture, input, WIDTH);
    message.stream.height = HEIGHT;
    uint64_t past = fixture->session.config.past_next_id;
    message.stream.first_frame_id =
        right_or(fixture, input, fixture->started ? fixture->next : past);
    if (between_frames(fixture) && may_stream(fixture) && !(fixture->honest && fixture->drops_due))
        deliver_message(fixture, &message);
}

void send_status(struct fixture *fixture, struct input *input)
{
    struct wire_message message = { .type = WIRE_STATUS, .status.stream = STREAM };
    size_t size;
    const uint8_t *text = input_bytes(input, (size_t)input_number(input, 1), &size);
    if (size > 0)
        memcpy(message.status.text, text, size);
    if (may_stream(fixture))
        deliver_message(fixture, &message);
}

void send_head(struct fixture *fixture, struct input *input)
{
    struct wire_message message = { .type = WIRE_FRAME_HEAD, .frame_head.stream = STREAM };
    message.frame_head.frame_id = right_or(fixture, input, fixture->session.next_id);
    message.frame_head.width = (uint16_t)right_or(fixture, input, WIDTH);
    message.frame_head.height = HEIGHT;
    if (!between_frames(fixture) || (fixture->honest && (fixture->drops_due || !fixture->started)))
        return;
    fixture->in_frame = true;
    fixture->frame_size = 0;
    deliver_message(fixture, &message);
}

void send_part(struct fixture *fixture, struct input *input)
{
    static uint8_t blob[PART_MAX];
    uint8_t header[WIRE_HEADER_SIZE];
    uint32_t size = (uint32_t)input_number(input, 2) % (PART_MAX + 1);
    memset(blob, (int)input_number(input, 1), size);
    if (fixture->frame_size == 0 && size >= sizeof(jpeg_begin))
        memcpy(blob, jpeg_begin, sizeof(jpeg_begin));
    if (size >= sizeof(jpeg_end) + (fixture->frame_size == 0 ? sizeof(jpeg_begin) : 0))
        memcpy(blob + size - sizeof(jpeg_end), jpeg_end, sizeof(jpeg_end));
    if (fixture->honest &&
        (!fixture->in_frame || size == 0 || fixture->frame_size + size > MAX_MESSAGE))
        return;
    fixture->frame_size += size;
    wire_encode_part(size, header);
    fixture_deliver(fixture, header, sizeof(header));
    fixture_deliver(fixture, blob, size);
}

void send_tail(struct fixture *fixture, struct input *input)
{
    const struct session *session = &fixture->session;
    const struct pitether_frame *frame = session->frame;
    struct wire_message message = { .type = WIRE_FRAME_TAIL };
    message.frame_tail.frame_id = right_or(fixture, input, session->next_id);
    message.frame_tail.status = (uint8_t)(input_number(input, 1) >> (fixture->honest ? 7 : 6));
    bool whole = frame && message.frame_tail.status == WIRE_FRAME_WHOLE;
    message.frame_tail.length = (uint32_t)right_or(fixture, input, whole ? frame->size : 0);
    message.frame_tail.crc32c = (uint32_t)right_or(fixture, input, whole ? session->frame_crc : 0);
    if (fixture->honest && !fixture->in_frame)
        return;
    fixture->in_frame = false;
    fixture->drops_due = message.frame_tail.status == WIRE_FRAME_ABORTED;
    deliver_message(fixture, &message);
}

void send_drops(struct fixture *fixture, struct input *input)
{
    struct wire_message message = { .type = WIRE_DROPS, .drops.stream = STREAM };
    message.drops.reason = (uint8_t)(input_number(input, 1) | fixture->honest);
    message.drops.first_frame_id = right_or(fixture, input, fixture->session.next_id);
    message.drops.count = (uint32_t)right_or(fixture, input, 1);
    if (!between_frames(fixture) || (fixture->honest && !fixture->started))
        return;
    fixture->drops_due = false;
    deliver_message(fixture, &message);
}

/* One, or so many that they are read faster than they can be answered. */
void send_ping(struct fixture *fixture, struct input *input)
{
    static uint8_t bytes[FLOOD * WIRE_ENCODED_MAX];
    size_t size = 0;
    for (unsigned count = input_number(input, 1) < 0xFF ? 1 : FLOOD; count > 0; count--)
        size += wire_encode(&(struct wire_message){ .type = WIRE_PING, .ping.t1 = count },
                            bytes + size);
    if (fixture->greeted || !fixture->honest)
        fixture_deliver(fixture, bytes, size);
}

void send_pong(struct fixture *fixture, struct input *input)
{
    struct wire_message message = { .type = WIRE_PONG };
    message.pong.t1 = right_or(fixture, input, fixture->now_ns);
    message.pong.t2 = right_or(fixture, input, 5);
    message.pong.t3 = right_or(fixture, input, 5);
    if (fixture->greeted || !fixture->honest)
        deliver_message(fixture, &message);
}

void send_error(struct fixture *fixture, struct input *input)
{
    struct wire_message message = { .type = WIRE_ERROR };
    message.error.code = (uint16_t)input_number(input, 1);
    size_t size;
    const uint8_t *text = input_bytes(input, (size_t)input_number(input, 1), &size);
    if (size > 0)
        memcpy(message.error.text, text, size);
    if (!fixture->honest)
        deliver_message(fixture, &message);
}

void send_end(struct fixture *fixture, struct input *input)
{
    const struct session_totals *totals = &fixture->session.totals;
    struct wire_message message = { .type = WIRE_END };
    message.end.captured = right_or(fixture, input, totals->captured);
    message.end.delivered = right_or(fixture, input, totals->delivered);
    message.end.dropped = right_or(fixture, input, totals->dropped);
    if (between_frames(fixture) && !(fixture->honest && fixture->drops_due))
        deliver_message(fixture, &message);
}

void send_wrong(struct fixture *fixture, struct input *input)
{
    /* Those of a stream are of stream 0, which is none. */
    static const uint8_t types[] = { WIRE_SUBSCRIBE, WIRE_ACK,    WIRE_HELLO,      WIRE_STREAMS,
                                     WIRE_STREAM,    WIRE_STATUS, WIRE_FRAME_HEAD, WIRE_DROPS };
    struct wire_message message = { .type = types[input_number(input, 1) % sizeof(types)] };
    if (!fixture->honest)
        deliver_message(fixture, &message);
}
