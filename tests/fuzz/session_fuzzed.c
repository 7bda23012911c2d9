#include "session_fuzzed.h"

#include "shared/base/clock.h"
#include "shared/jpeg/jpeg_check.h"
#include "shared/protocol/crc32c.h"

enum { PAST_NEXT_ID = 1000, POOL_BYTES = 512 * 1024 };

static struct pitether_frame *take_frame(void *user)
{
    return frame_pool_take(((struct fixture *)user)->pool);
}

static void take_fate(struct fixture *fixture, uint64_t id, uint64_t count, uint64_t *total)
{
    CHECK(fixture->started && id == fixture->next && count > 0);
    fixture->next += count;
    *total += count;
}

static void on_frame(void *user, struct pitether_frame *frame)
{
    struct fixture *fixture = user;
    take_fate(fixture, frame->id, 1, &fixture->delivered);
    CHECK(frame->size > 0 && frame->size <= MAX_MESSAGE && frame->size <= frame_capacity(frame));
    CHECK(crc32c(0, frame->data, frame->size) == frame->crc32c);
    CHECK(frame->width == fixture->width && frame->height == HEIGHT);
    CHECK(!jpeg_check(frame->data, frame->size, frame->width, frame->height));
    CHECK(fixture->held_count < FRAMES_MAX);
    fixture->held[fixture->held_count++] = frame;
}

static void on_damaged(void *user, uint64_t id, const char *why)
{
    struct fixture *fixture = user;
    take_fate(fixture, id, 1, &fixture->delivered);
    CHECK(why[0]);
}

static void on_drops(void *user, const struct wire_drops *drops)
{
    struct fixture *fixture = user;
    take_fate(fixture, drops->first_frame_id, drops->count, &fixture->dropped);
}

static void on_stream(void *user, const struct wire_stream *stream)
{
    struct fixture *fixture = user;
    if (!fixture->started)
        fixture->first = fixture->next = stream->first_frame_id;
    CHECK(stream->first_frame_id == fixture->next &&
          wire_size_is_good(stream->width, stream->height));
    CHECK(fixture->started || fixture->session.epoch != fixture->session.config.past_epoch ||
          fixture->next >= fixture->session.config.past_next_id);
    fixture->width = stream->width;
    fixture->started = true;
}

static void on_status(void *user, const struct wire_status *status)
{
    (void)user;
    CHECK(strlen(status->text) <= WIRE_BLOB_TEXT_MAX && status->state <= WIRE_STREAM_LOST);
}

static void check_sent(struct fixture *fixture, const struct wire_message *message)
{
    uint8_t type = message->type;
    CHECK(!fixture->sent_last);
    CHECK((fixture->sent == 0) == (type == WIRE_HELLO));
    CHECK(type == WIRE_HELLO || type == WIRE_SUBSCRIBE || type == WIRE_PING || type == WIRE_PONG ||
          type == WIRE_ACK || type == WIRE_END || type == WIRE_ERROR);
    CHECK(type != WIRE_SUBSCRIBE || !fixture->subscribed);
    fixture->subscribed |= type == WIRE_SUBSCRIBE;
    if (type == WIRE_ACK) {
        CHECK(fixture->subscribed);
        CHECK(fixture->acked == 0 || message->ack.frame_id > fixture->acked - 1);
        CHECK(message->ack.frame_id < fixture->next);
        fixture->acked = message->ack.frame_id + 1;
        fixture->acks++;
    }
    if (type == WIRE_END)
        CHECK(message->end.captured == message->end.delivered + message->end.dropped);
    fixture->daemon.hello_seen = true;
    fixture->sent++;
    fixture->sent_last = type == WIRE_END || type == WIRE_ERROR;
}

void fixture_write_out(struct fixture *fixture, size_t size)
{
    struct session *session = &fixture->session;
    struct wire_raw raw;
    struct wire_message message;
    while (size > 0 && session->out_used > 0) {
        struct iovec space[2];
        CHECK(message_reader_space(&fixture->daemon, space) == 1);
        size_t max = space[0].iov_len < session->out_used ? space[0].iov_len : session->out_used;
        max = max < size ? max : size;
        memcpy(space[0].iov_base, session->out, max);
        session_written(session, max);
        message_reader_filled(&fixture->daemon, max);
        size -= max;
        int event;
        while ((event = message_reader_next(&fixture->daemon, &raw)) > 0) {
            CHECK(event == MESSAGE_OPENED || event == MESSAGE_CONTROL);
            if (event == MESSAGE_OPENED)
                continue;
            CHECK(wire_decode(&raw, &message) == 0);
            check_sent(fixture, &message);
        }
        CHECK(event == MESSAGE_NONE);
    }
}

void fixture_release_frames(struct fixture *fixture)
{
    while (fixture->held_count > 0)
        pitether_frame_release(fixture->held[--fixture->held_count]);
}

void fixture_advance(struct fixture *fixture)
{
    bool waits = session_advance(&fixture->session, fixture->now_ns);
    CHECK(waits == fixture->session.head_waits);
}

void fixture_deliver(struct fixture *fixture, const uint8_t *bytes, size_t size)
{
    while (size > 0 && fixture->session.state < SESSION_ENDED) {
        struct iovec space[2];
        int count = session_space(&fixture->session, space);
        if (count == 0) {
            fixture_write_out(fixture, SESSION_OUT_MAX);
            fixture_release_frames(fixture);
            fixture_advance(fixture);
            continue;
        }
        size_t max = fixture->split && fixture->split < size ? fixture->split : size, total = 0;
        for (int i = 0; i < count; i++) {
            size_t part = space[i].iov_len < max - total ? space[i].iov_len : max - total;
            memcpy(space[i].iov_base, bytes + total, part);
            total += part;
        }
        CHECK(total > 0);
        session_filled(&fixture->session, total, fixture->now_ns);
        fixture_advance(fixture);
        bytes += total;
        size -= total;
    }
}

void fixture_check(const struct fixture *fixture, enum session_state before)
{
    const struct session *session = &fixture->session;
    const struct session_totals *totals = &session->totals;
    CHECK(session->state >= before && session->started == fixture->started);
    CHECK(session->first_id == fixture->first && session->next_id == fixture->next);
    CHECK(totals->delivered == fixture->delivered && totals->dropped == fixture->dropped);
    CHECK(totals->captured == totals->delivered + totals->dropped);
    CHECK(totals->captured == fixture->next - fixture->first);
    CHECK(session->out_used <= SESSION_OUT_MAX);
    CHECK(!fixture->honest || session->state != SESSION_FAILED);
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
    struct fixture *fixture = user;
    CHECK(fixture->session.epoch != 0);
    return fixture->now_ns;
}

struct fixture *fixture_open(uint64_t choice)
{
    static struct frame_pool *pool;
    if (!pool)
        pool = frame_pool_create(FRAMES_MAX, POOL_BYTES);
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    CHECK(pool && fixture);
    fixture->pool = pool;
    fixture->honest = choice & 2;
    fixture->now_ns = 1000 * CLOCK_SECOND;
    message_reader_init(&fixture->daemon, WIRE_CONTROL_MAX);
    struct session_config config = { .mode = choice & 1 ? WIRE_LOSSLESS : WIRE_LIVE,
                                     .stream = "front",
                                     .list_only = choice & 16,
                                     .max_message = MAX_MESSAGE,
                                     .clock = &fixture->clock,
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
                                       .user = fixture };
    session_init(&fixture->session, &config, &handler, fixture->now_ns);
    return fixture;
}

void fixture_close(struct fixture *fixture)
{
    fixture_write_out(fixture, SESSION_OUT_MAX);
    CHECK(fixture->session.state != SESSION_RUNNING || fixture->acks == fixture->delivered);
    session_cut(&fixture->session);
    fixture_check(fixture, fixture->session.state);
    session_clear(&fixture->session);
    fixture_release_frames(fixture);
    check_pool(fixture->pool);
    free(fixture);
}
