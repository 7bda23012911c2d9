#include "session_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/attributes.h"
#include "shared/base/clock.h"
#include "shared/protocol/crc32c.h"

static void line(struct lines *lines, const char *format, ...) PRINTF_LIKE(2, 3);

static void line(struct lines *lines, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(lines->text + lines->used, LINES_MAX - lines->used, format, arguments);
    va_end(arguments);
    assert_in_range(size, 0, LINES_MAX - lines->used - 2);
    lines->used += (size_t)size;
    lines->text[lines->used++] = '\n';
    lines->text[lines->used] = '\0';
}

static struct pitether_frame *take_frame(void *user)
{
    struct fixture *fixture = user;
    if (++fixture->takes == fixture->refuse)
        return NULL;
    struct pitether_frame *frame = frame_pool_take(fixture->pool);
    assert_non_null(frame);
    return frame;
}

static void on_frame(void *user, struct pitether_frame *frame)
{
    struct fixture *fixture = user;
    assert_true(script_frame_is_right(frame->data, frame->id, frame->size));
    assert_int_equal(crc32c(0, frame->data, frame->size), frame->crc32c);
    assert_int_equal(frame->epoch, SCRIPT_EPOCH);
    const struct pitether_times *times = &frame->times;
    uint64_t base = 1000 * frame->id;
    assert_int_equal(times->sensor, base + 1);
    assert_int_equal(times->captured, base + 2);
    assert_int_equal(times->encode_start, base + 3);
    assert_int_equal(times->encode_end, base + 4);
    assert_int_equal(times->send_start, base + 5);
    assert_int_equal(times->send_end, base + 6);
    assert_int_equal(times->last_byte, fixture->now);
    assert_true(times->first_byte <= times->last_byte);
    assert_true(pitether_frame_number(frame, "ExposureTime") == SCRIPT_EXPOSURE_US);
    fixture->times = *times;
    line(&fixture->reported, "frame %" PRIu64 " %ux%u %zu bytes", frame->id, frame->width,
         frame->height, frame->size);
    pitether_frame_release(frame);
}

static void on_damaged(void *user, uint64_t id, const char *why)
{
    line(&((struct fixture *)user)->reported, "damaged %" PRIu64 ": %s", id, why);
}

static void on_drops(void *user, const struct wire_drops *drops)
{
    line(&((struct fixture *)user)->reported, "drops %" PRIu64 "+%u %s", drops->first_frame_id,
         drops->count, wire_drop_name(drops->reason));
}

static void on_streams(void *user, const struct wire_streams *streams)
{
    struct fixture *fixture = user;
    fixture->streams = *streams;
}

static void on_stream(void *user, const struct wire_stream *stream)
{
    line(&((struct fixture *)user)->reported, "stream from %" PRIu64 " of %s",
         stream->first_frame_id, stream->model);
}

static void on_status(void *user, const struct wire_status *status)
{
    line(&((struct fixture *)user)->reported, "status %u %s", status->state, status->text);
}

static void on_controls(void *user, const struct control_table *controls)
{
    line(&((struct fixture *)user)->reported, "%u controls from %s", controls->count,
         controls->count ? controls->items[0].name : "none");
}

static bool on_changed(void *user, const struct wire_changed *changed)
{
    struct fixture *fixture = user;
    uint32_t request = changed->head.request;
    if (request != 0 && request != fixture->answers_due)
        return false;
    if (request != 0)
        fixture->answers_due = 0;
    line(&fixture->reported, "changed %" PRIu32 ": %u of %u by %s", request, changed->head.status,
         changed->count, changed->head.by);
    return true;
}

static bool has_space(void *user)
{
    return !((struct fixture *)user)->full;
}

/* Only called once the daemon's epoch and clock are known. */
static uint64_t first_due(void *user)
{
    struct fixture *fixture = user;
    int64_t offset;
    uint64_t error;
    fixture->first_due_calls++;
    assert_int_equal(fixture->session.epoch, SCRIPT_EPOCH);
    return clock_sync_offset(&fixture->clock, fixture->now, fixture->now, &offset, &error) ? 1234
                                                                                           : 5678;
}

struct fixture *fixture_with(const struct session_config *config)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    struct session_handler handler = { .first_due = first_due,
                                       .take_frame = take_frame,
                                       .on_frame = on_frame,
                                       .on_damaged = on_damaged,
                                       .on_drops = on_drops,
                                       .on_streams = on_streams,
                                       .on_stream = on_stream,
                                       .on_status = on_status,
                                       .on_controls = on_controls,
                                       .on_changed = on_changed,
                                       .has_space = has_space,
                                       .user = fixture };
    struct session_config own = *config;
    own.clock = &fixture->clock;
    fixture->now = START_NS;
    fixture->pool = frame_pool_create(2, SIZE_MAX);
    assert_non_null(fixture->pool);
    session_init(&fixture->session, &own, &handler, fixture->now);
    return fixture;
}

struct fixture *fixture_after(enum wire_mode mode, uint64_t epoch, uint64_t next_id)
{
    return fixture_with(&(struct session_config){ .mode = mode,
                                                  .max_fps_mhz = 25000,
                                                  .max_message = MAX_MESSAGE,
                                                  .past_epoch = epoch,
                                                  .past_next_id = next_id });
}

struct fixture *fixture_make(enum wire_mode mode)
{
    return fixture_after(mode, 0, 0);
}

struct fixture *fixture_running(void)
{
    struct fixture *fixture = fixture_make(WIRE_LOSSLESS);
    struct script script = { 0 };
    script_greet(&script, SCRIPT_EPOCH);
    script_stream(&script, FIRST_ID);
    feed_all(fixture, &script);
    assert_int_equal(fixture->session.state, SESSION_RUNNING);
    script_free(&script);
    return fixture;
}

void fixture_free(struct fixture *fixture)
{
    session_clear(&fixture->session);
    struct pitether_frame *one = frame_pool_take(fixture->pool),
                          *other = frame_pool_take(fixture->pool);
    assert_non_null(one);
    assert_non_null(other);
    pitether_frame_release(one);
    pitether_frame_release(other);
    frame_pool_destroy(fixture->pool);
    script_free(&fixture->sent);
    free(fixture);
}

void write_out(struct fixture *fixture)
{
    script_add(&fixture->sent, fixture->session.out, fixture->session.out_used);
    session_written(&fixture->session, fixture->session.out_used);
}

size_t fill(struct fixture *fixture, const uint8_t *bytes, size_t size)
{
    struct iovec space[2];
    int count = session_space(&fixture->session, space);
    size_t done = 0;
    for (int i = 0; i < count; i++) {
        size_t part = size - done < space[i].iov_len ? size - done : space[i].iov_len;
        assert_true(part == 0 || space[i].iov_base != NULL);
        if (part > 0)
            memcpy(space[i].iov_base, bytes + done, part);
        done += part;
    }
    if (done > 0)
        session_filled(&fixture->session, done, fixture->now);
    return done;
}

size_t feed(struct fixture *fixture, const uint8_t *bytes, size_t size, size_t max)
{
    size_t done = 0;
    while (done < size) {
        size_t taken = fill(fixture, bytes + done, size - done < max ? size - done : max);
        if (taken == 0)
            break;
        done += taken;
        session_advance(&fixture->session, fixture->now);
        write_out(fixture);
    }
    return done;
}

void feed_all(struct fixture *fixture, const struct script *script)
{
    feed(fixture, script->bytes, script->size, SIZE_MAX);
}

static void describe(const struct wire_raw *raw, const struct wire_message *message,
                     struct lines *lines)
{
    struct wire_set set;
    switch (message->type) {
    case WIRE_HELLO:
        line(lines, "HELLO %u %" PRIu64 " %" PRIu64 " %s", message->hello.max_message,
             message->hello.features, message->hello.epoch, message->hello.software);
        break;
    case WIRE_SUBSCRIBE:
        line(lines, "SUBSCRIBE %s %u %u %u %" PRIu64 " %u", message->subscribe.name,
             message->subscribe.mode, message->subscribe.max_fps_mhz, message->subscribe.every,
             message->subscribe.first_due, message->subscribe.queue_bytes);
        break;
    case WIRE_SET:
        assert_int_equal(wire_decode_set(raw, &set), 0);
        line(lines, "SET %" PRIu32 " %s", set.request, set.text);
        break;
    case WIRE_ACK:
        line(lines, "ACK %" PRIu64 " %" PRIu64, message->ack.frame_id, message->ack.received);
        break;
    case WIRE_PING:
        line(lines, "PING %" PRIu64, message->ping.t1);
        break;
    case WIRE_PONG:
        line(lines, "PONG %" PRIu64 " %" PRIu64 " %" PRIu64, message->pong.t1, message->pong.t2,
             message->pong.t3);
        break;
    case WIRE_END:
        line(lines, "END %u %" PRIu64 " %" PRIu64 " %" PRIu64, message->end.reason,
             message->end.captured, message->end.delivered, message->end.dropped);
        break;
    case WIRE_ERROR:
        line(lines, "ERROR %s", wire_error_name(message->error.code));
        break;
    default:
        fail_msg("a receiver does not send type %u", message->type);
    }
}

void sent_lines(const struct fixture *fixture, struct lines *lines)
{
    static struct message_reader reader;
    struct wire_raw raw;
    struct wire_message message;
    lines->used = 0;
    lines->text[0] = '\0';
    message_reader_init(&reader, WIRE_CONTROL_MAX);
    reader.hello_seen = true;
    size_t done = 0;
    int event;
    while ((event = message_reader_next(&reader, &raw)) != MESSAGE_NONE ||
           done < fixture->sent.size) {
        assert_true(event >= 0);
        if (event == MESSAGE_OPENED) {
            line(lines, "opening");
        } else if (event == MESSAGE_CONTROL) {
            assert_int_equal(wire_decode(&raw, &message), 0);
            describe(&raw, &message, lines);
        } else {
            struct iovec space[2];
            assert_int_equal(message_reader_space(&reader, space), 1);
            size_t left = fixture->sent.size - done;
            size_t part = left < space[0].iov_len ? left : space[0].iov_len;
            memcpy(space[0].iov_base, fixture->sent.bytes + done, part);
            message_reader_filled(&reader, part);
            done += part;
        }
    }
    assert_int_equal(reader.start, reader.end);
    assert_int_equal(reader.state, READING_HEADER);
}

void script_pong(struct script *script, uint64_t t1, uint64_t t2, uint64_t t3)
{
    script_say(script, &(struct wire_message){ .type = WIRE_PONG, .pong = { t1, t2, t3 } });
}

void opening_only(struct script *script)
{
    script_add(script, wire_opening, WIRE_OPENING_SIZE);
}

void hello_with(struct script *script, uint64_t epoch, uint32_t max_message)
{
    opening_only(script);
    script_say(script,
               &(struct wire_message){ .type = WIRE_HELLO,
                                       .hello = { .max_message = max_message, .epoch = epoch } });
}
