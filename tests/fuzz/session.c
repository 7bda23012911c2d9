/*
 * The receiver's side of a conversation, whatever the daemon reports: frames and losses come in the
 * order of their ids, without a gap, with the bytes that their checksum is of; the totals add up;
 * and what is sent back is what PROTOCOL.md lets a receiver send. A daemon that keeps to the
 * protocol is never found at fault.
 *
 * The input: a row of steps, each a byte that names it and what it needs.
 */
#include "host/lib/session.h"

#include "fuzz.h"
#include "shared/base/clock.h"
#include "shared/jpeg/jpeg_check.h"
#include "shared/protocol/crc32c.h"

enum {
    WIDTH = 640,
    HEIGHT = 480,
    MAX_MESSAGE = 150000, /* more than a frame has space for at first */
    PART_MAX = 8192,
    FLOOD = 300,
    FRAMES_MAX = 3,
    EPOCH = 77,
    STREAM = 9,
    PAST_NEXT_ID = 1000,
    POOL_BYTES = 512 * 1024,
};

/* What the bytes of a frame begin and end with, so that it passes for a JPEG. */
static const uint8_t jpeg_begin[] = { 0xFF,        0xD8, 0xFF,        0xC0,         0,
                                      11,          8,    HEIGHT >> 8, HEIGHT & 255, WIDTH >> 8,
                                      WIDTH & 255, 1,    1,           0x11,         0 };
static const uint8_t jpeg_end[] = { 0xFF, 0xD9 };

struct stage {
    struct session session;
    struct clock_sync clock;
    uint64_t now_ns;
    size_t split;                      /* bytes that a read gets at max; 0: all */
    bool honest;                       /* the daemon sends only what it may */
    bool greeted, in_frame, drops_due; /* ... so it has to know where it is */
    size_t frame_size;
    struct frame_pool *pool;
    struct pitether_frame *held[FRAMES_MAX]; /* frames that a slow sink has */
    unsigned held_count;
    /* What was reported to the handler. */
    bool started;
    unsigned width; /* as STREAM sent */
    uint64_t first, next, delivered, dropped;
    /* What was sent to the daemon. */
    struct message_reader daemon;
    unsigned sent;
    bool subscribed, sent_last;
    uint64_t acked, acks; /* the id after the last one; how many */
};

static struct pitether_frame *take_frame(void *user)
{
    return frame_pool_take(((struct stage *)user)->pool);
}

static void take_fate(struct stage *stage, uint64_t id, uint64_t count, uint64_t *total)
{
    CHECK(stage->started && id == stage->next && count > 0);
    stage->next += count;
    *total += count;
}

static void on_frame(void *user, struct pitether_frame *frame)
{
    struct stage *stage = user;
    take_fate(stage, frame->id, 1, &stage->delivered);
    CHECK(frame->size > 0 && frame->size <= MAX_MESSAGE && frame->size <= frame_capacity(frame));
    CHECK(crc32c(0, frame->data, frame->size) == frame->crc32c);
    CHECK(frame->width == stage->width && frame->height == HEIGHT);
    CHECK(!jpeg_check(frame->data, frame->size, frame->width, frame->height));
    CHECK(stage->held_count < FRAMES_MAX);
    stage->held[stage->held_count++] = frame;
}

static void on_damaged(void *user, uint64_t id, const char *why)
{
    struct stage *stage = user;
    take_fate(stage, id, 1, &stage->delivered);
    CHECK(why[0]);
}

static void on_drops(void *user, const struct wire_drops *drops)
{
    struct stage *stage = user;
    take_fate(stage, drops->first_frame_id, drops->count, &stage->dropped);
}

static void on_stream(void *user, const struct wire_stream *stream)
{
    struct stage *stage = user;
    if (!stage->started)
        stage->first = stage->next = stream->first_frame_id;
    CHECK(stream->first_frame_id == stage->next &&
          wire_size_is_good(stream->width, stream->height));
    CHECK(stage->started || stage->session.epoch != stage->session.config.past_epoch ||
          stage->next >= stage->session.config.past_next_id);
    stage->width = stream->width;
    stage->started = true;
}

static void on_status(void *user, const struct wire_status *status)
{
    (void)user;
    CHECK(strlen(status->text) <= WIRE_BLOB_TEXT_MAX && status->state <= WIRE_STREAM_LOST);
}

static void check_sent(struct stage *stage, const struct wire_message *message)
{
    uint8_t type = message->type;
    CHECK(!stage->sent_last);
    CHECK((stage->sent == 0) == (type == WIRE_HELLO));
    CHECK(type == WIRE_HELLO || type == WIRE_SUBSCRIBE || type == WIRE_PING || type == WIRE_PONG ||
          type == WIRE_ACK || type == WIRE_END || type == WIRE_ERROR);
    CHECK(type != WIRE_SUBSCRIBE || !stage->subscribed);
    stage->subscribed |= type == WIRE_SUBSCRIBE;
    if (type == WIRE_ACK) {
        CHECK(stage->subscribed);
        CHECK(stage->acked == 0 || message->ack.frame_id > stage->acked - 1);
        CHECK(message->ack.frame_id < stage->next);
        stage->acked = message->ack.frame_id + 1;
        stage->acks++;
    }
    if (type == WIRE_END)
        CHECK(message->end.captured == message->end.delivered + message->end.dropped);
    stage->daemon.hello_seen = true;
    stage->sent++;
    stage->sent_last = type == WIRE_END || type == WIRE_ERROR;
}

/* The socket takes so many bytes of what is to be sent. */
static void write_out(struct stage *stage, size_t size)
{
    struct session *session = &stage->session;
    struct wire_raw raw;
    struct wire_message message;
    while (size > 0 && session->out_used > 0) {
        struct iovec space[2];
        CHECK(message_reader_space(&stage->daemon, space) == 1);
        size_t max = space[0].iov_len < session->out_used ? space[0].iov_len : session->out_used;
        max = max < size ? max : size;
        memcpy(space[0].iov_base, session->out, max);
        session_written(session, max);
        message_reader_filled(&stage->daemon, max);
        size -= max;
        int event;
        while ((event = message_reader_next(&stage->daemon, &raw)) > 0) {
            CHECK(event == MESSAGE_OPENED || event == MESSAGE_CONTROL);
            if (event == MESSAGE_OPENED)
                continue;
            CHECK(wire_decode(&raw, &message) == 0);
            check_sent(stage, &message);
        }
        CHECK(event == MESSAGE_NONE);
    }
}

static void release_frames(struct stage *stage)
{
    while (stage->held_count > 0)
        pitether_frame_release(stage->held[--stage->held_count]);
}

static void advance(struct stage *stage)
{
    bool waits = session_advance(&stage->session, stage->now_ns);
    CHECK(waits == stage->session.head_waits);
}

/* The daemon sends: the bytes get there as the session takes them. Where it takes none, the sink
 * gives its frames back, and the socket takes what is to be sent. */
static void deliver(struct stage *stage, const uint8_t *bytes, size_t size)
{
    while (size > 0 && stage->session.state < SESSION_ENDED) {
        struct iovec space[2];
        int count = session_space(&stage->session, space);
        if (count == 0) {
            write_out(stage, SESSION_OUT_MAX);
            release_frames(stage);
            advance(stage);
            continue;
        }
        size_t max = stage->split && stage->split < size ? stage->split : size, total = 0;
        for (int i = 0; i < count; i++) {
            size_t part = space[i].iov_len < max - total ? space[i].iov_len : max - total;
            memcpy(space[i].iov_base, bytes + total, part);
            total += part;
        }
        CHECK(total > 0);
        session_filled(&stage->session, total, stage->now_ns);
        advance(stage);
        bytes += total;
        size -= total;
    }
}

static void deliver_message(struct stage *stage, const struct wire_message *message)
{
    uint8_t bytes[WIRE_ENCODED_MAX];
    deliver(stage, bytes, wire_encode(message, bytes));
}

/* What is right if the input wants it to be, which it mostly should. */
static uint64_t right_or(const struct stage *stage, struct input *input, uint64_t right)
{
    uint64_t choice = input_number(input, 1);
    return choice < 0xE0 || stage->honest ? right
           : choice < 0xF0                ? right + (int8_t)choice
                                          : input_number(input, 8);
}

static void send_raw(struct stage *stage, struct input *input)
{
    size_t size;
    const uint8_t *bytes = input_bytes(input, (size_t)input_number(input, 1), &size);
    if (!stage->honest)
        deliver(stage, bytes, size);
}

/* Two streams: of the numbers, the session knows one for its own. */
static void send_streams(struct stage *stage, uint64_t choice)
{
    uint8_t bytes[WIRE_STREAMS_ENCODED_MAX];
    struct wire_streams streams = { .count = 2,
                                    .entries = { { .number = 1, .name = "rear" },
                                                 { .number = STREAM, .name = "front" } } };
    if (choice & 2)
        streams.entries[0].number = STREAM;
    if (choice & 4)
        streams.count = 1;
    deliver(stage, bytes, wire_encode_streams(&streams, bytes));
}

static void send_hello(struct stage *stage, struct input *input)
{
    struct wire_message message = { .type = WIRE_HELLO };
    uint64_t choice = stage->honest ? 0 : input_number(input, 1);
    message.hello.max_message = WIRE_CONTROL_MAX - (uint32_t)(choice >> 7);
    message.hello.epoch = right_or(stage, input, EPOCH);
    if (stage->honest && stage->greeted)
        return;
    deliver(stage, wire_opening, WIRE_OPENING_SIZE);
    if (choice & 1)
        return;
    stage->greeted = true;
    deliver_message(stage, &message);
    send_streams(stage, choice);
}

/* Whether the daemon may send what has no place within a frame, ... */
static bool between_frames(const struct stage *stage)
{
    return !stage->honest || (stage->greeted && !stage->in_frame);
}

/* ... and what was subscribed to. */
static bool may_stream(const struct stage *stage)
{
    return !stage->honest || (stage->greeted && stage->session.subscribed);
}

static void send_stream(struct stage *stage, struct input *input)
{
    struct wire_message message = { .type = WIRE_STREAM, .stream.stream = STREAM };
    message.stream.codec = (uint8_t)right_or(stage, input, WIRE_CODEC_JPEG);
    message.stream.width = (uint16_t)right_or(stage, input, WIDTH);
    message.stream.height = HEIGHT;
    uint64_t past = stage->session.config.past_next_id;
    message.stream.first_frame_id = right_or(stage, input, stage->started ? stage->next : past);
    if (between_frames(stage) && may_stream(stage) && !(stage->honest && stage->drops_due))
        deliver_message(stage, &message);
}

static void send_status(struct stage *stage, struct input *input)
{
    struct wire_message message = { .type = WIRE_STATUS, .status.stream = STREAM };
    size_t size;
    const uint8_t *text = input_bytes(input, (size_t)input_number(input, 1), &size);
    if (size > 0)
        memcpy(message.status.text, text, size);
    if (may_stream(stage))
        deliver_message(stage, &message);
}

static void send_head(struct stage *stage, struct input *input)
{
    struct wire_message message = { .type = WIRE_FRAME_HEAD, .frame_head.stream = STREAM };
    message.frame_head.frame_id = right_or(stage, input, stage->session.next_id);
    message.frame_head.width = (uint16_t)right_or(stage, input, WIDTH);
    message.frame_head.height = HEIGHT;
    if (!between_frames(stage) || (stage->honest && (stage->drops_due || !stage->started)))
        return;
    stage->in_frame = true;
    stage->frame_size = 0;
    deliver_message(stage, &message);
}

static void send_part(struct stage *stage, struct input *input)
{
    static uint8_t blob[PART_MAX];
    uint8_t header[WIRE_HEADER_SIZE];
    uint32_t size = (uint32_t)input_number(input, 2) % (PART_MAX + 1);
    memset(blob, (int)input_number(input, 1), size);
    if (stage->frame_size == 0 && size >= sizeof(jpeg_begin))
        memcpy(blob, jpeg_begin, sizeof(jpeg_begin));
    if (size >= sizeof(jpeg_end) + (stage->frame_size == 0 ? sizeof(jpeg_begin) : 0))
        memcpy(blob + size - sizeof(jpeg_end), jpeg_end, sizeof(jpeg_end));
    if (stage->honest && (!stage->in_frame || size == 0 || stage->frame_size + size > MAX_MESSAGE))
        return;
    stage->frame_size += size;
    wire_encode_part(size, header);
    deliver(stage, header, sizeof(header));
    deliver(stage, blob, size);
}

static void send_tail(struct stage *stage, struct input *input)
{
    const struct session *session = &stage->session;
    const struct pitether_frame *frame = session->frame;
    struct wire_message message = { .type = WIRE_FRAME_TAIL };
    message.frame_tail.frame_id = right_or(stage, input, session->next_id);
    message.frame_tail.status = (uint8_t)(input_number(input, 1) >> (stage->honest ? 7 : 6));
    bool whole = frame && message.frame_tail.status == WIRE_FRAME_WHOLE;
    message.frame_tail.length = (uint32_t)right_or(stage, input, whole ? frame->size : 0);
    message.frame_tail.crc32c = (uint32_t)right_or(stage, input, whole ? session->frame_crc : 0);
    if (stage->honest && !stage->in_frame)
        return;
    stage->in_frame = false;
    stage->drops_due = message.frame_tail.status == WIRE_FRAME_ABORTED;
    deliver_message(stage, &message);
}

static void send_drops(struct stage *stage, struct input *input)
{
    struct wire_message message = { .type = WIRE_DROPS, .drops.stream = STREAM };
    message.drops.reason = (uint8_t)(input_number(input, 1) | stage->honest);
    message.drops.first_frame_id = right_or(stage, input, stage->session.next_id);
    message.drops.count = (uint32_t)right_or(stage, input, 1);
    if (!between_frames(stage) || (stage->honest && !stage->started))
        return;
    stage->drops_due = false;
    deliver_message(stage, &message);
}

/* One, or so many that they are read faster than they can be answered. */
static void send_ping(struct stage *stage, struct input *input)
{
    static uint8_t bytes[FLOOD * WIRE_ENCODED_MAX];
    size_t size = 0;
    for (unsigned count = input_number(input, 1) < 0xFF ? 1 : FLOOD; count > 0; count--)
        size += wire_encode(&(struct wire_message){ .type = WIRE_PING, .ping.t1 = count },
                            bytes + size);
    if (stage->greeted || !stage->honest)
        deliver(stage, bytes, size);
}

static void send_pong(struct stage *stage, struct input *input)
{
    struct wire_message message = { .type = WIRE_PONG };
    message.pong.t1 = right_or(stage, input, stage->now_ns);
    message.pong.t2 = right_or(stage, input, 5);
    message.pong.t3 = right_or(stage, input, 5);
    if (stage->greeted || !stage->honest)
        deliver_message(stage, &message);
}

static void send_error(struct stage *stage, struct input *input)
{
    struct wire_message message = { .type = WIRE_ERROR };
    message.error.code = (uint16_t)input_number(input, 1);
    size_t size;
    const uint8_t *text = input_bytes(input, (size_t)input_number(input, 1), &size);
    if (size > 0)
        memcpy(message.error.text, text, size);
    if (!stage->honest)
        deliver_message(stage, &message);
}

static void send_end(struct stage *stage, struct input *input)
{
    const struct session_totals *totals = &stage->session.totals;
    struct wire_message message = { .type = WIRE_END };
    message.end.captured = right_or(stage, input, totals->captured);
    message.end.delivered = right_or(stage, input, totals->delivered);
    message.end.dropped = right_or(stage, input, totals->dropped);
    if (between_frames(stage) && !(stage->honest && stage->drops_due))
        deliver_message(stage, &message);
}

static void send_wrong(struct stage *stage, struct input *input)
{
    /* Those of a stream are of stream 0, which is none. */
    static const uint8_t types[] = { WIRE_SUBSCRIBE, WIRE_ACK,    WIRE_HELLO,      WIRE_STREAMS,
                                     WIRE_STREAM,    WIRE_STATUS, WIRE_FRAME_HEAD, WIRE_DROPS };
    struct wire_message message = { .type = types[input_number(input, 1) % sizeof(types)] };
    if (!stage->honest)
        deliver_message(stage, &message);
}

static void use_socket(struct stage *stage, struct input *input)
{
    stage->split = (size_t)input_number(input, 1);
    write_out(stage, (size_t)input_number(input, 2));
}

static void pass_time(struct stage *stage, struct input *input)
{
    uint64_t choice = input_number(input, 1);
    /* An honest daemon would not be silent for long. */
    if (stage->honest)
        return;
    stage->now_ns += (choice >> 1) * 100 * CLOCK_MS;
    session_tick(&stage->session, choice & 1, stage->now_ns);
    CHECK(stage->session.state >= SESSION_ENDED ||
          session_due(&stage->session, choice & 1) > stage->now_ns);
    CHECK((session_silent_at(&stage->session) == UINT64_MAX) ==
          (stage->session.state > SESSION_RUNNING));
}

static void use_frames(struct stage *stage, struct input *input)
{
    (void)input;
    release_frames(stage);
    advance(stage);
}

static void end(struct stage *stage, struct input *input)
{
    (void)input;
    session_end(&stage->session);
}

static void check_books(const struct stage *stage, enum session_state before)
{
    const struct session *session = &stage->session;
    const struct session_totals *totals = &session->totals;
    CHECK(session->state >= before && session->started == stage->started);
    CHECK(session->first_id == stage->first && session->next_id == stage->next);
    CHECK(totals->delivered == stage->delivered && totals->dropped == stage->dropped);
    CHECK(totals->captured == totals->delivered + totals->dropped);
    CHECK(totals->captured == stage->next - stage->first);
    CHECK(session->out_used <= SESSION_OUT_MAX);
    CHECK(!stage->honest || session->state != SESSION_FAILED);
    if (session->state != SESSION_FAILED)
        return;
    const char *text = session->error.text;
    CHECK(text[0] && strnlen(text, sizeof(session->error.text)) < sizeof(session->error.text));
    for (const char *at = text; *at; at++)
        CHECK((unsigned char)*at >= 0x20 && *at != 0x7F);
}

/* All frames have come back: as many can be taken as have space together. */
static void check_pool(struct frame_pool *pool)
{
    struct pitether_frame *frames[FRAMES_MAX];
    size_t bytes = 0;
    unsigned count = 0;
    for (; count < FRAMES_MAX && bytes < POOL_BYTES; bytes += frame_capacity(frames[count++]))
        CHECK(frames[count] = frame_pool_take(pool));
    while (count > 0)
        pitether_frame_release(frames[--count]);
}

static uint64_t first_due(void *user)
{
    struct stage *stage = user;
    CHECK(stage->session.epoch != 0);
    return stage->now_ns;
}

static struct stage *stage_open(uint64_t choice)
{
    static struct frame_pool *pool;
    if (!pool)
        pool = frame_pool_create(FRAMES_MAX, POOL_BYTES);
    struct stage *stage = calloc(1, sizeof(*stage));
    CHECK(pool && stage);
    stage->pool = pool;
    stage->honest = choice & 2;
    stage->now_ns = 1000 * CLOCK_SECOND;
    message_reader_init(&stage->daemon, WIRE_CONTROL_MAX);
    struct session_config config = { .mode = choice & 1 ? WIRE_LOSSLESS : WIRE_LIVE,
                                     .stream = "front",
                                     .list_only = choice & 16,
                                     .max_message = MAX_MESSAGE,
                                     .clock = &stage->clock,
                                     .past_epoch = choice & 4 ? EPOCH : 0,
                                     .past_next_id = choice & 4 ? PAST_NEXT_ID : 0,
                                     .resumes = choice & 8 };
    struct session_handler handler = { .first_due = first_due,
                                       .take_frame = take_frame,
                                       .on_frame = on_frame,
                                       .on_damaged = on_damaged,
                                       .on_drops = on_drops,
                                       .on_stream = on_stream,
                                       .on_status = on_status,
                                       .user = stage };
    session_init(&stage->session, &config, &handler, stage->now_ns);
    return stage;
}

static void stage_close(struct stage *stage)
{
    write_out(stage, SESSION_OUT_MAX);
    CHECK(stage->session.state != SESSION_RUNNING || stage->acks == stage->delivered);
    session_cut(&stage->session);
    check_books(stage, stage->session.state);
    session_clear(&stage->session);
    release_frames(stage);
    check_pool(stage->pool);
    free(stage);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const steps[])(struct stage * stage, struct input * input) = {
        send_raw,   send_hello, send_stream, send_status, send_head,  send_part,
        send_tail,  send_drops, send_ping,   send_pong,   send_error, send_end,
        use_socket, pass_time,  use_frames,  end,         send_wrong,
    };
    struct input input = { data, size };
    struct stage *stage = stage_open(input_number(&input, 1));
    while (input.left > 0 && stage->session.state < SESSION_ENDED) {
        enum session_state before = stage->session.state;
        steps[input_number(&input, 1) % (sizeof(steps) / sizeof(steps[0]))](stage, &input);
        check_books(stage, before);
    }
    stage_close(stage);
    return 0;
}
