/*
 * The receiver's side of the conversation against scripts of what a daemon may send, and what none
 * should. What the session tells its handler and what it sends is written down as lines of text, so
 * that two runs are compared at a glance.
 */
#include "host/lib/session.h"

#include "host_support.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/attributes.h"
#include "shared/base/clock.h"
#include "shared/protocol/crc32c.h"

enum { LINES_MAX = 32768, MAX_MESSAGE = 64 * 1024, FIRST_ID = 10 };
#define START_NS (100 * CLOCK_SECOND)

struct lines {
    char text[LINES_MAX];
    size_t used;
};

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

struct world {
    struct session session;
    struct clock_sync clock;
    struct frame_pool *pool;
    struct wire_streams streams; /* as on_streams() got them */
    struct lines told;           /* by the session to its handler */
    struct script said;          /* by the session to the daemon */
    unsigned takes, refuse;      /* calls of take_frame; the number of the one that gets nothing */
    struct pitether_times times; /* of the last frame */
    unsigned asked;              /* where the grid goes on */
    uint64_t now;
};

static struct pitether_frame *take_frame(void *user)
{
    struct world *world = user;
    if (++world->takes == world->refuse)
        return NULL;
    struct pitether_frame *frame = frame_pool_take(world->pool);
    assert_non_null(frame);
    return frame;
}

static void on_frame(void *user, struct pitether_frame *frame)
{
    struct world *world = user;
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
    assert_int_equal(times->last_byte, world->now);
    assert_true(times->first_byte <= times->last_byte);
    assert_int_equal(frame->metadata.exposure_us, 8000);
    world->times = *times;
    line(&world->told, "frame %" PRIu64 " %ux%u %zu bytes", frame->id, frame->width, frame->height,
         frame->size);
    pitether_frame_release(frame);
}

static void on_damaged(void *user, uint64_t id, const char *why)
{
    line(&((struct world *)user)->told, "damaged %" PRIu64 ": %s", id, why);
}

static void on_drops(void *user, const struct wire_drops *drops)
{
    line(&((struct world *)user)->told, "drops %" PRIu64 "+%u %s", drops->first_frame_id,
         drops->count, wire_drop_name(drops->reason));
}

static void on_streams(void *user, const struct wire_streams *streams)
{
    struct world *world = user;
    world->streams = *streams;
}

static void on_stream(void *user, const struct wire_stream *stream)
{
    line(&((struct world *)user)->told, "stream from %" PRIu64 " of %s", stream->first_frame_id,
         stream->model);
}

static void on_status(void *user, const struct wire_status *status)
{
    line(&((struct world *)user)->told, "status %u %s", status->state, status->text);
}

/* Only asked once the daemon's epoch and clock are known. */
static uint64_t first_due(void *user)
{
    struct world *world = user;
    int64_t offset;
    uint64_t error;
    world->asked++;
    assert_int_equal(world->session.epoch, SCRIPT_EPOCH);
    return clock_sync_offset(&world->clock, world->now, world->now, &offset, &error) ? 1234 : 5678;
}

static struct world *world_with(const struct session_config *config)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    struct session_handler handler = { .first_due = first_due,
                                       .take_frame = take_frame,
                                       .on_frame = on_frame,
                                       .on_damaged = on_damaged,
                                       .on_drops = on_drops,
                                       .on_streams = on_streams,
                                       .on_stream = on_stream,
                                       .on_status = on_status,
                                       .user = world };
    struct session_config own = *config;
    own.clock = &world->clock;
    world->now = START_NS;
    world->pool = frame_pool_create(2, SIZE_MAX);
    assert_non_null(world->pool);
    session_init(&world->session, &own, &handler, world->now);
    return world;
}

/* A conversation that follows one which stopped there. */
static struct world *world_after(enum wire_mode mode, uint64_t epoch, uint64_t next_id)
{
    return world_with(&(struct session_config){ .mode = mode,
                                                .max_fps_mhz = 25000,
                                                .max_message = MAX_MESSAGE,
                                                .past_epoch = epoch,
                                                .past_next_id = next_id });
}

static struct world *world_make(enum wire_mode mode)
{
    return world_after(mode, 0, 0);
}

/* All frames must be back: a pool that gives its two has lost none. */
static void world_free(struct world *world)
{
    session_clear(&world->session);
    struct pitether_frame *one = frame_pool_take(world->pool),
                          *other = frame_pool_take(world->pool);
    assert_non_null(one);
    assert_non_null(other);
    pitether_frame_release(one);
    pitether_frame_release(other);
    frame_pool_destroy(world->pool);
    script_free(&world->said);
    free(world);
}

/* The socket takes all that is to be said. */
static void write_out(struct world *world)
{
    script_add(&world->said, world->session.out, world->session.out_used);
    session_written(&world->session, world->session.out_used);
}

/* Puts bytes where they are wanted, as readv() does; returns how many were taken. */
static size_t fill(struct world *world, const uint8_t *bytes, size_t size)
{
    struct iovec room[2];
    int count = session_space(&world->session, room);
    size_t done = 0;
    for (int i = 0; i < count; i++) {
        size_t part = size - done < room[i].iov_len ? size - done : room[i].iov_len;
        assert_true(part == 0 || room[i].iov_base != NULL);
        if (part > 0)
            memcpy(room[i].iov_base, bytes + done, part);
        done += part;
    }
    if (done > 0)
        session_filled(&world->session, done, world->now);
    return done;
}

/* Has the session read these bytes, at most so many at once, while it wants any, and writes what
 * it says; returns how many it took. */
static size_t feed(struct world *world, const uint8_t *bytes, size_t size, size_t most)
{
    size_t done = 0;
    while (done < size) {
        size_t taken = fill(world, bytes + done, size - done < most ? size - done : most);
        if (taken == 0)
            break;
        done += taken;
        session_advance(&world->session, world->now);
        write_out(world);
    }
    return done;
}

static void feed_all(struct world *world, const struct script *script)
{
    feed(world, script->bytes, script->size, SIZE_MAX);
}

static void describe(const struct wire_message *message, struct lines *lines)
{
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

/* All that was said, as a daemon reads it: it must end with a whole message. */
static void said(const struct world *world, struct lines *lines)
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
           done < world->said.size) {
        assert_true(event >= 0);
        if (event == MESSAGE_OPENED) {
            line(lines, "opening");
        } else if (event == MESSAGE_CONTROL) {
            assert_int_equal(wire_decode(&raw, &message), 0);
            describe(&message, lines);
        } else {
            struct iovec room[2];
            assert_int_equal(message_reader_space(&reader, room), 1);
            size_t left = world->said.size - done;
            size_t part = left < room[0].iov_len ? left : room[0].iov_len;
            memcpy(room[0].iov_base, world->said.bytes + done, part);
            message_reader_filled(&reader, part);
            done += part;
        }
    }
    assert_int_equal(reader.start, reader.end);
    assert_int_equal(reader.state, READING_HEADER);
}

static void opens_by_itself(void **state)
{
    (void)state;
    static struct lines lines;
    struct world *world = world_make(WIRE_LOSSLESS);
    assert_int_equal(world->session.state, SESSION_OPENING);
    assert_memory_equal(world->session.out, wire_opening, WIRE_OPENING_SIZE);
    write_out(world);
    said(world, &lines);
    assert_string_equal(lines.text, "opening\n"
                                    "HELLO 65536 0 0 pitether " PITETHER_VERSION "\n"
                                    "SUBSCRIBE  1 25000 0 0 0\n"
                                    "PING 100000000000\n");
    world_free(world);
    world = world_make(WIRE_LIVE);
    write_out(world);
    said(world, &lines);
    assert_non_null(strstr(lines.text, "SUBSCRIBE  0 25000 0 0 0\n"));
    world_free(world);
}

static void script_pong(struct script *script, uint64_t t1, uint64_t t2, uint64_t t3)
{
    script_say(script, &(struct wire_message){ .type = WIRE_PONG, .pong = { t1, t2, t3 } });
}

/* Everything that may happen in a good conversation: 3 delivered, 2 + 1 + 4 dropped. */
static void script_everything(struct script *script)
{
    static const uint8_t unknown[] = { 1, 2, 3, 4, 5, 6, 7 };
    script_greet(script, SCRIPT_EPOCH);
    script_pong(script, START_NS, 7000, 7000);
    script_status(script, WIRE_STREAM_STARTING, "");
    script_stream(script, FIRST_ID);
    script_status(script, WIRE_STREAM_RUNNING, "up");
    script_frame(script, 10, 17, 1);
    script_drops(script, 11, 2, WIRE_DROP_SUPERSEDED);
    script_ping(script, 4711);
    script_head(script, 13);
    script_part(script, 13, 0, 9, 40);
    script_ping(script, 4712);
    script_status(script, WIRE_STREAM_RUNNING, "within");
    script_part(script, 13, 9, 1, 40);
    script_pong(script, START_NS, 7001, 7001);
    script_part(script, 13, 10, 30, 40);
    script_tail(script, 13, 40);
    script_head(script, 14);
    script_part(script, 14, 0, 5, 20);
    script_abort(script, 14);
    script_status(script, WIRE_STREAM_RUNNING, "between");
    script_status(script, 3, "a state from the future");
    script_drops(script, 14, 1, WIRE_DROP_ENCODE_ERROR);
    script_stream(script, 15);
    script_raw(script, 0x91, unknown, sizeof(unknown));
    script_frame(script, 15, 24, 3);
    script_drops(script, 16, 4, 77); /* a reason from the future */
    script_end(script, WIRE_END_FINISHED, 3, 7);
}

static const char everything_told[] = "status 0 \n"
                                      "stream from 10 of model\n"
                                      "status 1 up\n"
                                      "frame 10 640x480 17 bytes\n"
                                      "drops 11+2 SUPERSEDED\n"
                                      "status 1 within\n"
                                      "frame 13 640x480 40 bytes\n"
                                      "status 1 between\n"
                                      "drops 14+1 ENCODE_ERROR\n"
                                      "stream from 15 of model\n"
                                      "frame 15 640x480 24 bytes\n"
                                      "drops 16+4 ?\n";

static const char everything_said[] = "opening\n"
                                      "HELLO 65536 0 0 pitether " PITETHER_VERSION "\n"
                                      "SUBSCRIBE  1 25000 0 0 0\n"
                                      "PING 100000000000\n"
                                      "PING 100000000000\n"
                                      "ACK 10 100000000000\n"
                                      "PONG 4711 100000000000 100000000000\n"
                                      "PONG 4712 100000000000 100000000000\n"
                                      "PING 100000000000\n"
                                      "ACK 13 100000000000\n"
                                      "ACK 15 100000000000\n";

static void assert_everything(struct world *world)
{
    static struct lines lines;
    const struct session *session = &world->session;
    assert_string_equal(world->told.text, everything_told);
    said(world, &lines);
    assert_string_equal(lines.text, everything_said);
    assert_int_equal(session->state, SESSION_ENDED);
    assert_int_equal(session->daemon_end.reason, WIRE_END_FINISHED);
    assert_int_equal(session->epoch, SCRIPT_EPOCH);
    assert_int_equal(session->first_id, 10);
    assert_int_equal(session->next_id, 20);
    assert_int_equal(session->totals.captured, 10);
    assert_int_equal(session->totals.delivered, 3);
    assert_int_equal(session->totals.dropped, 7);
    struct iovec room[2];
    assert_int_equal(session_space(&world->session, room), 0);
}

static void any_split_is_the_same(void **state)
{
    (void)state;
    struct script script = { 0 };
    script_everything(&script);
    for (size_t split = 0; split <= script.size; split++) {
        struct world *world = world_make(WIRE_LOSSLESS);
        assert_int_equal(feed(world, script.bytes, split, SIZE_MAX), split);
        assert_int_equal(feed(world, script.bytes + split, script.size - split, SIZE_MAX),
                         script.size - split);
        assert_everything(world);
        world_free(world);
    }
    script_free(&script);
}

static void any_piece_is_the_same(void **state)
{
    (void)state;
    struct script script = { 0 };
    script_everything(&script);
    for (size_t most = 1; most <= 100; most++) {
        struct world *world = world_make(WIRE_LOSSLESS);
        assert_int_equal(feed(world, script.bytes, script.size, most), script.size);
        assert_everything(world);
        world_free(world);
    }
    script_free(&script);
}

/* At each HEAD in turn no frame is free: nothing more is wanted and nothing is lost. */
static void waits_for_a_free_frame(void **state)
{
    (void)state;
    struct script script = { 0 };
    script_everything(&script);
    for (unsigned refuse = 1; refuse <= 4; refuse++) {
        for (size_t most = 1; most < 3000; most *= 7) {
            struct world *world = world_make(WIRE_LOSSLESS);
            struct iovec room[2];
            world->refuse = refuse;
            size_t taken = feed(world, script.bytes, script.size, most);
            assert_true(world->session.head_waits);
            assert_int_equal(session_space(&world->session, room), 0);
            assert_int_equal(world->takes, refuse);
            world->refuse = refuse + 1; /* and still none */
            assert_true(session_advance(&world->session, world->now));
            assert_int_equal(session_space(&world->session, room), 0);
            assert_false(session_advance(&world->session, world->now));
            write_out(world);
            taken += feed(world, script.bytes + taken, script.size - taken, most);
            assert_int_equal(taken, script.size);
            assert_everything(world);
            world_free(world);
        }
    }
    script_free(&script);
}

/* The bytes of a part are read straight into the frame, with the next message behind them. */
static void parts_are_not_copied(void **state)
{
    (void)state;
    enum { SIZE = 60000, FIRST = 20000 };
    struct world *world = world_make(WIRE_LOSSLESS);
    struct script before = { 0 }, part = { 0 }, rest = { 0 };
    struct iovec room[2];
    script_greet(&before, SCRIPT_EPOCH);
    script_stream(&before, 0);
    script_head(&before, 0);
    script_part(&before, 0, 0, FIRST, SIZE);
    size_t header = before.size - FIRST;
    assert_int_equal(feed(world, before.bytes, header, SIZE_MAX), header);
    assert_int_equal(session_space(&world->session, room), 2);
    assert_ptr_equal(room[0].iov_base, world->session.frame->data);
    assert_int_equal(room[0].iov_len, FIRST);
    assert_int_equal(fill(world, before.bytes + header, 1000), 1000);
    session_advance(&world->session, world->now);
    assert_int_equal(session_space(&world->session, room), 2);
    assert_ptr_equal(room[0].iov_base, world->session.frame->data + 1000);
    assert_int_equal(room[0].iov_len, FIRST - 1000);
    feed(world, before.bytes + header + 1000, FIRST - 1000, SIZE_MAX);
    script_part(&part, 0, FIRST, SIZE - FIRST, SIZE);
    feed(world, part.bytes, WIRE_HEADER_SIZE + 5, SIZE_MAX); /* some came with the header */
    assert_int_equal(session_space(&world->session, room), 2);
    assert_ptr_equal(room[0].iov_base, world->session.frame->data + FIRST + 5);
    assert_int_equal(room[0].iov_len, SIZE - FIRST - 5);
    script_add(&rest, part.bytes + WIRE_HEADER_SIZE + 5, SIZE - FIRST - 5);
    script_tail(&rest, 0, SIZE);
    assert_int_equal(fill(world, rest.bytes, rest.size), rest.size); /* both in one read */
    session_advance(&world->session, world->now);
    assert_non_null(strstr(world->told.text, "frame 0 640x480 60000 bytes\n"));
    world_free(world);
    script_free(&before);
    script_free(&part);
    script_free(&rest);
}

/* first_byte and last_byte are when those were read; the ACK tells the latter. */
static void times_are_those_of_reading(void **state)
{
    (void)state;
    static struct lines lines;
    struct world *world = world_make(WIRE_LOSSLESS);
    struct script script = { 0 };
    script_greet(&script, SCRIPT_EPOCH);
    script_stream(&script, 5);
    script_pong(&script, START_NS, START_NS + 500, START_NS + 500);
    script_head(&script, 5);
    feed_all(world, &script);
    assert_int_equal(world->session.frame->times.first_byte, START_NS);
    script.size = 0;
    script_part(&script, 5, 0, 20, 20);
    script_tail(&script, 5, 20);
    world->now += 12345;
    feed_all(world, &script); /* on_frame compares last_byte */
    assert_non_null(strstr(world->told.text, "frame 5 "));
    said(world, &lines);
    assert_non_null(strstr(lines.text, "ACK 5 100000012345\n"));
    world_free(world);
    script_free(&script);
}

static void damaged_frames_are_thrown_away(void **state)
{
    (void)state;
    static struct lines lines;
    struct world *world = world_make(WIRE_LOSSLESS);
    struct script script = { 0 };
    script_greet(&script, SCRIPT_EPOCH);
    script_stream(&script, 0);
    script_head(&script, 0);
    script_part(&script, 0, 0, 50, 50);
    script.bytes[script.size - 1] ^= 1;
    script_tail(&script, 0, 50); /* one bit is wrong */
    script_head(&script, 1);
    script_part(&script, 1, 0, 49, 50);
    script_tail(&script, 1, 50); /* too short */
    script_head(&script, 2);
    script_part(&script, 2, 0, 51, 51);
    script_tail(&script, 2, 50); /* too long */
    script_frame(&script, 3, 50, 2);
    script_end(&script, WIRE_END_FINISHED, 4, 0);
    feed_all(world, &script);
    assert_string_equal(world->told.text, "stream from 0 of model\n"
                                          "damaged 0: its checksum is wrong\n"
                                          "damaged 1: its length is wrong\n"
                                          "damaged 2: its length is wrong\n"
                                          "frame 3 640x480 50 bytes\n");
    assert_int_equal(world->session.state, SESSION_ENDED);
    assert_int_equal(world->session.totals.delivered, 4);
    said(world, &lines); /* they are acknowledged all the same */
    for (unsigned id = 0; id < 4; id++) {
        char ack[32];
        snprintf(ack, sizeof(ack), "ACK %u ", id);
        assert_int_equal(count_text(lines.text, ack), 1);
    }
    world_free(world);
    script_free(&script);
}

/* No JPEG has no bytes: a sink must never see such a thing. */
static void frames_without_bytes_are_damaged(void **state)
{
    (void)state;
    struct world *world = world_make(WIRE_LOSSLESS);
    struct script script = { 0 };
    script_greet(&script, SCRIPT_EPOCH);
    script_stream(&script, 0);
    script_head(&script, 0);
    script_tail(&script, 0, 0);
    feed_all(world, &script);
    assert_null(strstr(world->told.text, "frame 0"));
    world_free(world);
    script_free(&script);
}

/* The bytes that the checksum is of are no JPEG, or one of another size than the stream's. */
static void frames_that_are_no_jpegs_are_damaged(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t bit;
        const char *why;
    } wrongs[] = {
        { 1, 1, "it does not begin as a JPEG does" },
        { 38, 1, "it does not end as a JPEG does" },
        { 2, 1, "its header is not a JPEG's" },
        { 8, 2, "its picture has another size" },
    };
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        struct world *world = world_make(WIRE_LOSSLESS);
        struct script script = { 0 };
        char damaged[80];
        script_greet(&script, SCRIPT_EPOCH);
        script_stream(&script, 0);
        script_head(&script, 0);
        script_part(&script, 0, 0, 40, 40);
        uint8_t *jpeg = script.bytes + script.size - 40;
        jpeg[wrongs[i].at] ^= wrongs[i].bit;
        script_say(&script, &(struct wire_message){
                                .type = WIRE_FRAME_TAIL,
                                .frame_tail = { .length = 40, .crc32c = crc32c(0, jpeg, 40) } });
        script_frame(&script, 1, 40, 2);
        feed_all(world, &script);
        snprintf(damaged, sizeof(damaged), "damaged 0: %s", wrongs[i].why);
        assert_non_null(strstr(world->told.text, damaged));
        assert_non_null(strstr(world->told.text, "\nframe 1 "));
        assert_int_equal(world->session.totals.delivered, 2);
        world_free(world);
        script_free(&script);
    }
}

/* What no daemon should send. */

static void opening_only(struct script *script)
{
    script_add(script, wire_opening, WIRE_OPENING_SIZE);
}

static void hello_with(struct script *script, uint64_t epoch, uint32_t max_message)
{
    opening_only(script);
    script_say(script,
               &(struct wire_message){ .type = WIRE_HELLO,
                                       .hello = { .max_message = max_message, .epoch = epoch } });
}

static void session_zero(struct script *script)
{
    hello_with(script, 0, WIRE_CONTROL_MAX);
}

static void small_max_message(struct script *script)
{
    hello_with(script, 1, WIRE_CONTROL_MAX - 1);
}

static void large_max_message(struct script *script)
{
    hello_with(script, 1, WIRE_MAX_MESSAGE_LIMIT + 1);
}

static void no_streams(struct script *script)
{
    hello_with(script, 1, WIRE_CONTROL_MAX);
    script_stream(script, 0);
}

static void ping_before_streams(struct script *script)
{
    hello_with(script, 1, WIRE_CONTROL_MAX);
    script_ping(script, 1);
}

static void no_stream_at_all(struct script *script)
{
    hello_with(script, 1, WIRE_MAX_MESSAGE_LIMIT);
    script_say(script, &(struct wire_message){ .type = WIRE_STREAMS });
}

static void skippable_before_hello(struct script *script)
{
    opening_only(script);
    script_raw(script, WIRE_FIRST_SKIPPABLE, "", 0);
}

static void no_hello(struct script *script)
{
    opening_only(script);
    script_stream(script, 0);
}

static void ping_before_hello(struct script *script)
{
    opening_only(script);
    script_ping(script, 1);
}

static void long_before_hello(struct script *script)
{
    static const uint8_t fixed[WIRE_BEFORE_HELLO_MAX + 1];
    opening_only(script);
    script_raw(script, WIRE_HELLO, fixed, sizeof(fixed));
}

static void short_hello(struct script *script)
{
    static const uint8_t fixed[19];
    opening_only(script);
    script_raw(script, WIRE_HELLO, fixed, sizeof(fixed));
}

static void error_first(struct script *script)
{
    opening_only(script);
    script_error(script, WIRE_ERROR_TOO_MANY_CLIENTS, "8 clients are here");
}

static void error_version(struct script *script)
{
    opening_only(script);
    script_error(script, WIRE_ERROR_VERSION, "speak version 1");
}

static void http_answer(struct script *script)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    script_add(script, answer, sizeof(answer) - 1);
}

static void one_wrong_byte(struct script *script)
{
    script_add(script, "S", 1); /* as SSH- begins; nothing else may ever come */
}

static void other_version(struct script *script)
{
    opening_only(script);
    script->bytes[WIRE_OPENING_SIZE - 1] = 2;
}

/* The following come after FIRST_ID has been delivered whole. */
static void second_hello(struct script *script)
{
    script_say(script, &(struct wire_message){
                           .type = WIRE_HELLO,
                           .hello = { .max_message = WIRE_CONTROL_MAX, .epoch = SCRIPT_EPOCH } });
}

static void second_streams(struct script *script)
{
    script_streams(script, &script_one_stream);
}

static void stream_with(struct script *script, uint64_t first_id, uint16_t width, uint16_t height)
{
    script_say(script, &(struct wire_message){ .type = WIRE_STREAM,
                                               .stream = { .codec = WIRE_CODEC_JPEG,
                                                           .width = width,
                                                           .height = height,
                                                           .first_frame_id = first_id } });
}

static void stream_goes_back(struct script *script)
{
    script_stream(script, 10);
}

static void stream_runs_ahead(struct script *script)
{
    script_stream(script, 12);
}

static void stream_too_narrow(struct script *script)
{
    stream_with(script, 11, 15, 480);
}

static void stream_too_flat(struct script *script)
{
    stream_with(script, 11, 640, 8);
}

static void stream_too_wide(struct script *script)
{
    stream_with(script, 11, 16384, 480);
}

static void other_streams_stream(struct script *script)
{
    script_say(script, &(struct wire_message){ .type = WIRE_STREAM,
                                               .stream = { .stream = 1,
                                                           .codec = WIRE_CODEC_JPEG,
                                                           .width = 640,
                                                           .height = 480,
                                                           .first_frame_id = 11 } });
}

static void other_streams_status(struct script *script)
{
    script_say(script, &(struct wire_message){ .type = WIRE_STATUS,
                                               .status = { .stream = 1, .state = 1 } });
}

static void other_streams_head(struct script *script)
{
    script_say(script,
               &(struct wire_message){
                   .type = WIRE_FRAME_HEAD,
                   .frame_head = { .stream = 1, .frame_id = 11, .width = 640, .height = 480 } });
}

static void other_streams_drops(struct script *script)
{
    script_say(script, &(struct wire_message){ .type = WIRE_DROPS,
                                               .drops = { .stream = 255,
                                                          .reason = WIRE_DROP_TOO_BIG,
                                                          .first_frame_id = 11,
                                                          .count = 1 } });
}

static void head_of_another_size(struct script *script)
{
    script_say(script,
               &(struct wire_message){ .type = WIRE_FRAME_HEAD,
                                       .frame_head = { .frame_id = 11, .width = 8, .height = 8 } });
}

static void drops_without_a_reason(struct script *script)
{
    script_drops(script, 11, 1, 0);
}

static void stream_after_abort(struct script *script)
{
    script_head(script, 11);
    script_abort(script, 11);
    script_stream(script, 11);
}

static void abort_with(struct script *script, uint32_t length, uint32_t crc)
{
    script_head(script, 11);
    script_say(script, &(struct wire_message){ .type = WIRE_FRAME_TAIL,
                                               .frame_tail = { .frame_id = 11,
                                                               .status = WIRE_FRAME_ABORTED,
                                                               .length = length,
                                                               .crc32c = crc } });
}

static void abort_with_a_length(struct script *script)
{
    abort_with(script, 1, 0);
}

static void abort_with_a_checksum(struct script *script)
{
    abort_with(script, 0, 1);
}

static void part_with_a_broken_tlv(struct script *script)
{
    static const uint8_t part[] = {
        'P', 'T', WIRE_FRAME_PART, 0, 0, 0, 0, 6, 0, 0, 0, 4, 0, 9, 0, 1, 0xFF, 0xD8
    };
    script_head(script, 11);
    script_add(script, part, sizeof(part));
}

static void long_text(struct script *script)
{
    uint8_t header[WIRE_HEADER_SIZE] = { 'P', 'T', WIRE_STATUS, 0, 0, 0, 1, 3, 0, 2 };
    static const uint8_t body[2 + WIRE_BLOB_TEXT_MAX + 1] = { 0, WIRE_STREAM_RUNNING };
    script_add(script, header, sizeof(header));
    script_add(script, body, sizeof(body));
}

static void id_gap(struct script *script)
{
    script_frame(script, 12, 20, 1);
}

static void doubled_id(struct script *script)
{
    script_frame(script, 10, 20, 1);
}

static void drops_gap(struct script *script)
{
    script_drops(script, 12, 1, WIRE_DROP_NO_BUFFER);
}

static void drops_doubled(struct script *script)
{
    script_drops(script, 10, 2, WIRE_DROP_NO_BUFFER);
}

static void drops_none(struct script *script)
{
    script_drops(script, 11, 0, WIRE_DROP_NO_BUFFER);
}

static void part_outside(struct script *script)
{
    script_part(script, 11, 0, 5, 20);
}

static void part_after_abort(struct script *script)
{
    script_head(script, 11);
    script_abort(script, 11);
    script_part(script, 11, 0, 5, 20);
}

static void empty_part(struct script *script)
{
    script_head(script, 11);
    script_part(script, 11, 0, 0, 20);
}

static void tail_of_another(struct script *script)
{
    script_head(script, 11);
    script_part(script, 11, 0, 5, 20);
    script_tail(script, 12, 5);
}

static void tail_outside(struct script *script)
{
    script_tail(script, 11, 5);
}

static void tail_of_unknown_status(struct script *script)
{
    script_head(script, 11);
    script_say(script, &(struct wire_message){ .type = WIRE_FRAME_TAIL,
                                               .frame_tail = { .frame_id = 11, .status = 2 } });
}

static void head_within(struct script *script)
{
    script_head(script, 11);
    script_part(script, 11, 0, 5, 20);
    script_head(script, 12);
}

static void head_after_abort(struct script *script)
{
    script_head(script, 11);
    script_abort(script, 11);
    script_head(script, 11);
}

static void drops_within(struct script *script)
{
    script_head(script, 11);
    script_drops(script, 11, 1, WIRE_DROP_ENCODE_ERROR);
}

static void drops_skip_the_aborted(struct script *script)
{
    script_head(script, 11);
    script_abort(script, 11);
    script_drops(script, 12, 1, WIRE_DROP_ENCODE_ERROR);
}

static void stream_within(struct script *script)
{
    script_head(script, 11);
    script_stream(script, 12);
}

static void frame_too_long(struct script *script)
{
    script_head(script, 11);
    script_part(script, 11, 0, MAX_MESSAGE - 10, MAX_MESSAGE + 1);
    script_part(script, 11, MAX_MESSAGE - 10, 11, MAX_MESSAGE + 1);
}

static void part_too_long(struct script *script)
{
    uint8_t header[WIRE_HEADER_SIZE];
    script_head(script, 11);
    wire_encode_part(MAX_MESSAGE + 1, header);
    script_add(script, header, sizeof(header));
}

static void control_too_long(struct script *script)
{
    static const uint8_t fixed[WIRE_CONTROL_MAX + 1];
    script_raw(script, WIRE_STATUS, fixed, sizeof(fixed));
}

static void unknown_codec(struct script *script)
{
    script_say(script, &(struct wire_message){ .type = WIRE_STREAM, .stream.codec = 2 });
}

static void wrong_end(struct script *script)
{
    script_end(script, WIRE_END_FINISHED, 2, 0);
}

static void end_within(struct script *script)
{
    script_head(script, 11);
    script_end(script, WIRE_END_SHUTDOWN, 1, 0);
}

static void end_after_abort(struct script *script)
{
    script_head(script, 11);
    script_abort(script, 11);
    script_end(script, WIRE_END_SHUTDOWN, 1, 0);
}

static void end_that_does_not_add_up(struct script *script)
{
    script_say(script, &(struct wire_message){ .type = WIRE_END,
                                               .end = { .captured = 1, .delivered = 0 } });
}

static void receivers_subscribe(struct script *script)
{
    script_say(script, &(struct wire_message){ .type = WIRE_SUBSCRIBE });
}

static void receivers_ack(struct script *script)
{
    script_say(script, &(struct wire_message){ .type = WIRE_ACK, .ack.frame_id = 10 });
}

static void garbage(struct script *script)
{
    static const uint8_t noise[] = "xx garbage that is longer than a header xx";
    script_add(script, noise, sizeof(noise));
}

static void unknown_low_type(struct script *script)
{
    script_raw(script, 0x7F, "", 0);
}

static void error_hopeless(struct script *script)
{
    script_error(script, WIRE_ERROR_NOT_ALLOWED, "not you");
}

static void error_of_the_moment(struct script *script)
{
    script_error(script, WIRE_ERROR_TOO_MANY_CLIENTS, "too slow");
}

static void error_within(struct script *script)
{
    script_head(script, 11);
    script_error(script, WIRE_ERROR_INTERNAL, "out of memory");
}

enum { NONE = 0, PROTO = WIRE_ERROR_PROTOCOL, LARGE = WIRE_ERROR_TOO_LARGE };

static const struct offence {
    void (*build)(struct script *script);
    const char *error; /* what the user is told */
    unsigned answer;   /* the code of the ERROR that the daemon gets; NONE: no ERROR */
    bool fatal, bare;  /* bare: instead of the good beginning */
} offences[] = {
    { session_zero, "an unusable HELLO", PROTO, false, true },
    { small_max_message, "an unusable HELLO", PROTO, false, true },
    { large_max_message, "an unusable HELLO", PROTO, false, true },
    { no_streams, "STREAM instead of STREAMS", PROTO, false, true },
    { ping_before_streams, "PING instead of STREAMS", PROTO, false, true },
    { no_stream_at_all, "a malformed list of streams", PROTO, false, true },
    { skippable_before_hello, "malformed", PROTO, false, true },
    { no_hello, "HELLO must come first", PROTO, false, true },
    { ping_before_hello, "HELLO must come first", PROTO, false, true },
    { long_before_hello, "longer than allowed", LARGE, false, true },
    { short_hello, "malformed", PROTO, false, true },
    { error_first, "the daemon reports: 8 clients are here (TOO_MANY_CLIENTS)", NONE, false, true },
    { error_version, "the daemon reports: speak version 1 (VERSION)", NONE, true, true },
    { http_answer, "not a pitetherd", PROTO, true, true },
    { one_wrong_byte, "not a pitetherd", PROTO, true, true },
    { other_version, "another version of the protocol", WIRE_ERROR_VERSION, true, true },
    { second_hello, "a second HELLO", PROTO, false, false },
    { second_streams, "a second STREAMS", PROTO, false, false },
    { stream_goes_back, "frame 10 instead of 11", PROTO, false, false },
    { stream_runs_ahead, "frame 12 instead of 11", PROTO, false, false },
    { stream_too_narrow, "a stream of 15x480", PROTO, false, false },
    { stream_too_flat, "a stream of 640x8", PROTO, false, false },
    { stream_too_wide, "a stream of 16384x480", PROTO, false, false },
    { other_streams_stream, "STREAM of another stream", PROTO, false, false },
    { other_streams_status, "STATUS of another stream", PROTO, false, false },
    { other_streams_head, "FRAME_HEAD of another stream", PROTO, false, false },
    { other_streams_drops, "DROPS of another stream", PROTO, false, false },
    { head_of_another_size, "a frame of 8x8 in a stream of 640x480", PROTO, false, false },
    { drops_without_a_reason, "DROPS without a reason", PROTO, false, false },
    { stream_after_abort, "STREAM instead of DROPS of an aborted frame", PROTO, false, false },
    { abort_with_a_length, "an aborted frame with", PROTO, false, false },
    { abort_with_a_checksum, "an aborted frame with", PROTO, false, false },
    { part_with_a_broken_tlv, "malformed", PROTO, false, false },
    { long_text, "malformed", PROTO, false, false },
    { id_gap, "frame 12 instead of 11", PROTO, false, false },
    { doubled_id, "frame 10 instead of 11", PROTO, false, false },
    { drops_gap, "frame 12 instead of 11", PROTO, false, false },
    { drops_doubled, "frame 10 instead of 11", PROTO, false, false },
    { drops_none, "empty or endless", PROTO, false, false },
    { part_outside, "a FRAME_PART outside a frame", PROTO, false, false },
    { part_after_abort, "a FRAME_PART outside a frame", PROTO, false, false },
    { empty_part, "", PROTO, false, false },
    { tail_of_another, "belongs to no frame", PROTO, false, false },
    { tail_outside, "belongs to no frame", PROTO, false, false },
    { tail_of_unknown_status, "belongs to no frame", PROTO, false, false },
    { head_within, "FRAME_HEAD within a frame", PROTO, false, false },
    { head_after_abort, "FRAME_HEAD instead of DROPS of an aborted frame", PROTO, false, false },
    { drops_within, "DROPS within a frame", PROTO, false, false },
    { drops_skip_the_aborted, "frame 12 instead of 11", PROTO, false, false },
    { stream_within, "STREAM within a frame", PROTO, false, false },
    { frame_too_long, "a frame longer than max_message", PROTO, false, false },
    { part_too_long, "longer than allowed", LARGE, false, false },
    { control_too_long, "longer than allowed", LARGE, false, false },
    { unknown_codec, "codec 2", PROTO, true, false },
    { wrong_end, "its totals (2 captured", PROTO, false, false },
    { end_within, "END within a frame", PROTO, false, false },
    { end_after_abort, "END instead of DROPS of an aborted frame", PROTO, false, false },
    { end_that_does_not_add_up, "its totals (1 captured, 0 delivered", PROTO, false, false },
    { receivers_subscribe, "only a receiver sends", PROTO, false, false },
    { receivers_ack, "only a receiver sends", PROTO, false, false },
    { garbage, "malformed", PROTO, false, false },
    { unknown_low_type, "malformed", PROTO, false, false },
    { error_hopeless, "the daemon reports: not you (NOT_ALLOWED)", NONE, true, false },
    { error_of_the_moment, "the daemon reports: too slow (TOO_MANY_CLIENTS)", NONE, false, false },
    { error_within, "the daemon reports: out of memory (INTERNAL)", NONE, false, false },
};

static void script_offence(struct script *script, const struct offence *offence)
{
    script->size = 0;
    if (!offence->bare) {
        script_greet(script, SCRIPT_EPOCH);
        script_stream(script, FIRST_ID);
        script_frame(script, FIRST_ID, 20, 1);
    }
    offence->build(script);
}

static struct world *offend(const struct script *script, size_t most)
{
    struct world *world = world_make(WIRE_LOSSLESS);
    struct iovec room[2];
    feed(world, script->bytes, script->size, most);
    assert_int_equal(world->session.state, SESSION_FAILED);
    assert_int_equal(session_space(&world->session, room), 0);
    /* Nothing wakes it again. */
    size_t told = world->told.used;
    session_advance(&world->session, world->now);
    session_end(&world->session);
    session_tick(&world->session, true, world->now + 60 * CLOCK_SECOND);
    assert_int_equal(world->session.out_used, 0);
    assert_int_equal(world->told.used, told);
    assert_int_equal(world->session.state, SESSION_FAILED);
    return world;
}

static void offences_end_it(void **state)
{
    (void)state;
    struct script script = { 0 };
    for (size_t i = 0; i < sizeof(offences) / sizeof(offences[0]); i++) {
        script_offence(&script, &offences[i]);
        static const size_t pieces[] = { SIZE_MAX, 1 };
        for (int j = 0; j < 2; j++) {
            struct world *world = offend(&script, pieces[j]);
            if (!strstr(world->session.error.text, offences[i].error) ||
                !*world->session.error.text)
                fail_msg("offence %zu: '%s' does not say '%s'", i, world->session.error.text,
                         offences[i].error);
            if (world->session.fatal != offences[i].fatal)
                fail_msg("offence %zu (%s): fatal is wrong", i, world->session.error.text);
            assert_null(strchr(world->session.error.text, '\n'));
            if (!offences[i].bare)
                assert_string_equal(world->told.text, "stream from 10 of model\n"
                                                      "frame 10 640x480 20 bytes\n");
            world_free(world);
        }
    }
    script_free(&script);
}

/* PROTOCOL.md, 1 to 3: ERROR is the last message of a side that found the other at fault. */
static void offenders_are_told(void **state)
{
    (void)state;
    static struct lines lines;
    struct script script = { 0 };
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof(offences) / sizeof(offences[0]); i++) {
        char last[64] = "";
        script_offence(&script, &offences[i]);
        struct world *world = offend(&script, SIZE_MAX);
        said(world, &lines);
        if (offences[i].answer)
            snprintf(last, sizeof(last), "\nERROR %s\n", wire_error_name(offences[i].answer));
        const char *error = strstr(lines.text, "\nERROR ");
        if (offences[i].answer ? !error || strcmp(error, last) != 0 : error != NULL) {
            print_message("offence %zu (%s): expected%s", i, world->session.error.text,
                          *last ? last : " no ERROR\n");
            wrong++;
        }
        world_free(world);
    }
    script_free(&script);
    assert_int_equal(wrong, 0);
}

/* Which errors will not go away by connecting again. */
static void hopeless_errors(void **state)
{
    (void)state;
    for (unsigned code = 0; code <= 12; code++) {
        struct script script = { 0 };
        struct world *world = world_make(WIRE_LIVE);
        script_greet(&script, SCRIPT_EPOCH);
        script_error(&script, code, "");
        feed_all(world, &script);
        bool fatal = code == WIRE_ERROR_VERSION || code == WIRE_ERROR_TLS_REQUIRED ||
                     code == WIRE_ERROR_NO_SUCH_STREAM || code == WIRE_ERROR_NOT_ALLOWED;
        assert_int_equal(world->session.state, SESSION_FAILED);
        assert_int_equal(world->session.fatal, fatal);
        world_free(world);
        script_free(&script);
    }
}

static void frames_before_stream(void **state)
{
    (void)state;
    for (int drops = 0; drops < 2; drops++) {
        struct script script = { 0 };
        struct world *world = world_make(WIRE_LIVE);
        script_greet(&script, SCRIPT_EPOCH);
        if (drops)
            script_drops(&script, 0, 1, WIRE_DROP_SENSOR_GAP);
        else
            script_frame(&script, 0, 20, 1); /* 0 is what next_id is before STREAM */
        feed_all(world, &script);
        assert_int_equal(world->session.state, SESSION_FAILED);
        assert_non_null(strstr(world->session.error.text, "a frame before STREAM"));
        assert_int_equal(world->told.used, 0);
        world_free(world);
        script_free(&script);
    }
}

static struct world *world_running(void)
{
    struct world *world = world_make(WIRE_LOSSLESS);
    struct script script = { 0 };
    script_greet(&script, SCRIPT_EPOCH);
    script_stream(&script, FIRST_ID);
    feed_all(world, &script);
    assert_int_equal(world->session.state, SESSION_RUNNING);
    script_free(&script);
    return world;
}

/* Within an epoch ids never go back, whatever happens to the connection or to the daemon. */
static void ids_go_on_over_connections(void **state)
{
    (void)state;
    static const struct {
        uint64_t epoch, next_id, first_id;
        bool good;
    } turns[] = {
        { SCRIPT_EPOCH, 10, 10, true },
        { SCRIPT_EPOCH, 10, 11, true },
        { SCRIPT_EPOCH, 10, 9, false },
        { SCRIPT_EPOCH, 10, 0, false },
        { SCRIPT_EPOCH + 1, 10, 0, true },
        { 0, 0, 0, true },
        { SCRIPT_EPOCH, UINT64_MAX, UINT64_MAX, true },
        { SCRIPT_EPOCH, UINT64_MAX, UINT64_MAX - 1, false },
    };
    for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
        static struct lines lines;
        struct script script = { 0 };
        struct world *world = world_after(WIRE_LOSSLESS, turns[i].epoch, turns[i].next_id);
        script_greet(&script, SCRIPT_EPOCH);
        script_stream(&script, turns[i].first_id);
        feed_all(world, &script);
        said(world, &lines);
        assert_int_equal(world->session.state, turns[i].good ? SESSION_RUNNING : SESSION_FAILED);
        assert_int_equal(world->session.started, turns[i].good);
        assert_int_equal(count_text(lines.text, "ERROR PROTOCOL\n"), !turns[i].good);
        assert_int_equal(count_text(world->session.error.text, "though this epoch was at"),
                         !turns[i].good);
        assert_int_equal(world->told.used > 0, turns[i].good);
        assert_false(world->session.fatal); /* the next one may be right */
        world_free(world);
        script_free(&script);
    }
}

/* An answer to no PING, or the second one to the same, says nothing about the clock. */
static void pongs_that_nobody_asked_for(void **state)
{
    (void)state;
    static struct lines lines;
    struct world *world = world_running();
    struct script script = { 0 };
    script_pong(&script, START_NS - 1, 5000, 5000);
    script_pong(&script, 0, 5000, 5000);
    feed_all(world, &script);
    assert_false(world->clock.known);
    script.size = 0;
    for (unsigned i = 0; i < 8; i++) /* the burst's PINGs, all of this instant */
        script_pong(&script, START_NS, 5000, 5000);
    feed_all(world, &script);
    assert_true(world->clock.known);
    struct clock_sync before = world->clock;
    script.size = 0;
    script_pong(&script, START_NS, 900000, 900000);
    feed_all(world, &script);
    assert_memory_equal(&world->clock, &before, sizeof(before));
    said(world, &lines);
    assert_int_equal(count_text(lines.text, "PING "), 8);
    assert_int_equal(world->session.state, SESSION_RUNNING);
    world_free(world);
    script_free(&script);
}

/* Ids near their end: no range may run over it. */
static void ranges_do_not_overflow(void **state)
{
    (void)state;
    static const struct {
        uint64_t first;
        uint32_t count;
        bool good;
    } ranges[] = {
        { UINT64_MAX - 10, 10, true }, { UINT64_MAX - 10, 11, false },
        { UINT64_MAX, 1, false },      { UINT64_MAX - 10, UINT32_MAX, false },
        { 0, UINT32_MAX, true },       { UINT64_MAX - UINT32_MAX, UINT32_MAX, true },
    };
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        struct script script = { 0 };
        struct world *world = world_make(WIRE_LIVE);
        script_greet(&script, SCRIPT_EPOCH);
        script_stream(&script, ranges[i].first);
        script_drops(&script, ranges[i].first, ranges[i].count, WIRE_DROP_SENSOR_GAP);
        feed_all(world, &script);
        assert_int_equal(world->session.state, ranges[i].good ? SESSION_RUNNING : SESSION_FAILED);
        assert_int_equal(world->session.totals.dropped, ranges[i].good ? ranges[i].count : 0);
        assert_true(world->session.next_id >= ranges[i].first);
        world_free(world);
        script_free(&script);
    }
}

/* Timeouts. */

static void the_opening_is_due_in_time(void **state)
{
    (void)state;
    for (int opening = 0; opening < 2; opening++) {
        struct world *world = world_make(WIRE_LIVE);
        world->now = START_NS + 4 * CLOCK_SECOND;
        if (opening) /* bytes alone are not a HELLO */
            feed(world, wire_opening, WIRE_OPENING_SIZE, SIZE_MAX);
        session_tick(&world->session, true, START_NS + 5 * CLOCK_SECOND - 1);
        assert_int_equal(world->session.state, SESSION_OPENING);
        session_tick(&world->session, true, START_NS + 5 * CLOCK_SECOND);
        assert_int_equal(world->session.state, SESSION_FAILED);
        assert_non_null(strstr(world->session.error.text, "5 s"));
        assert_false(world->session.fatal);
        world_free(world);
    }
}

static void silence_is_death(void **state)
{
    (void)state;
    struct world *world = world_running();
    struct script script = { 0 };
    session_tick(&world->session, true, START_NS + 15 * CLOCK_SECOND - 1);
    assert_int_equal(world->session.state, SESSION_RUNNING);
    write_out(world);
    world->now = START_NS + 15 * CLOCK_SECOND - 1;
    script_ping(&script, 1);
    feed(world, script.bytes, 1, 1); /* a single byte is a sign of life */
    session_tick(&world->session, true, world->now + 15 * CLOCK_SECOND - 1);
    assert_int_equal(world->session.state, SESSION_RUNNING);
    session_tick(&world->session, true, world->now + 15 * CLOCK_SECOND);
    assert_int_equal(world->session.state, SESSION_FAILED);
    assert_non_null(strstr(world->session.error.text, "15 s"));
    assert_false(world->session.fatal);
    world_free(world);
    script_free(&script);
}

/* A slow sink may hold up the reading for as long as it likes; afterwards the time begins anew. */
static void silence_that_was_asked_for(void **state)
{
    (void)state;
    struct world *world = world_running();
    uint64_t now = START_NS;
    for (unsigned i = 0; i < 600; i++) {
        now += CLOCK_SECOND / 10;
        session_tick(&world->session, false, now);
        assert_int_equal(world->session.state, SESSION_RUNNING);
        write_out(world);
    }
    session_tick(&world->session, true, now + 15 * CLOCK_SECOND - 1);
    assert_int_equal(world->session.state, SESSION_RUNNING);
    session_tick(&world->session, true, now + 15 * CLOCK_SECOND);
    assert_int_equal(world->session.state, SESSION_FAILED);
    world_free(world);
}

/* A daemon that talks but takes nothing of what we say is dead as well. */
static void silence_of_a_daemon_that_does_not_read(void **state)
{
    (void)state;
    struct world *world = world_running();
    struct script script = { 0 };
    script_ping(&script, 1);
    while (fill(world, script.bytes, script.size) > 0)
        session_advance(&world->session, world->now);
    session_tick(&world->session, false, world->now + 15 * CLOCK_SECOND - 1);
    assert_int_equal(world->session.state, SESSION_RUNNING);
    session_tick(&world->session, false, world->now + 15 * CLOCK_SECOND);
    assert_int_equal(world->session.state, SESSION_FAILED);
    world_free(world);
    script_free(&script);
}

/* Silence is noticed long before it is the end, while bytes are wanted; any byte ends it. */
static void silence_is_noticed(void **state)
{
    (void)state;
    struct world *world = world_running();
    struct script script = { 0 };
    uint64_t silent = 5 * CLOCK_SECOND / 2;
    assert_int_equal(session_silent_at(&world->session), START_NS + silent);
    write_out(world);
    world->now = START_NS + silent;
    script_ping(&script, 1);
    feed(world, script.bytes, 1, 1);
    assert_int_equal(session_silent_at(&world->session), world->now + silent);
    session_tick(&world->session, false, world->now + silent);
    assert_int_equal(session_silent_at(&world->session), world->now + 2 * silent);
    session_alive(&world->session, world->now + 2 * silent);
    assert_int_equal(session_silent_at(&world->session), world->now + 3 * silent);
    session_end(&world->session); /* then it is too late for anything else */
    assert_true(session_silent_at(&world->session) == UINT64_MAX);
    world_free(world);
    script_free(&script);
}

/* Nothing is done before it is due, something is then, and there is an end of it. */
static void what_is_due_is_known(void **state)
{
    (void)state;
    for (int opened = 0; opened < 2; opened++) {
        struct world *world = opened ? world_running() : world_make(WIRE_LIVE);
        struct session *session = &world->session;
        unsigned turns = 0;
        write_out(world);
        for (; session->state < SESSION_ENDED; turns++) {
            uint64_t due = session_due(session, true);
            session_tick(session, true, due - 1);
            assert_int_equal(session->out_used, 0);
            assert_true(session->state <= SESSION_RUNNING);
            session_tick(session, true, due);
            assert_true(session->out_used > 0 || session->state == SESSION_FAILED);
            write_out(world);
        }
        assert_in_range(turns, opened ? 10 : 4, opened ? 11 : 5); /* PINGs, and the end */
        world_free(world);
    }
}

/* Who does not read has a PING to send now and then, and no more. */
static void what_is_due_while_nothing_is_read(void **state)
{
    (void)state;
    struct world *world = world_running();
    write_out(world);
    for (int turn = 0; turn < 20; turn++) {
        uint64_t due = session_due(&world->session, false);
        session_tick(&world->session, false, due - 1);
        assert_int_equal(world->session.out_used, 0);
        session_tick(&world->session, false, due);
        assert_true(world->session.out_used > 0);
        write_out(world);
    }
    assert_true(session_due(&world->session, false) >= START_NS + 100 * CLOCK_SECOND);
    world_free(world);
}

/* A frame that was cut in two is damaged, wherever the cut is; one that was aborted has no part. */
static void frames_that_are_cut(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        struct world *world = world_running();
        struct script script = { 0 };
        script_frame(&script, FIRST_ID, 100, 1);
        if (i > 0)
            script_head(&script, FIRST_ID + 1);
        if (i > 1)
            script_part(&script, FIRST_ID + 1, 0, 50, 100);
        if (i == 3)
            script_abort(&script, FIRST_ID + 1);
        if (i == 4) /* no frame is free for it */
            world->refuse = 2;
        feed_all(world, &script);
        unsigned damaged = i == 0 || i == 3 ? 0 : 1;
        assert_int_equal(session_cut(&world->session), damaged);
        assert_false(session_cut(&world->session));
        assert_int_equal(count_text(world->told.text, "damaged 11: the connection was cut"),
                         damaged);
        assert_int_equal(count_text(world->told.text, "damaged"), damaged);
        assert_int_equal(world->session.next_id, FIRST_ID + 1 + damaged);
        assert_int_equal(world->session.totals.captured, 1 + damaged);
        world_free(world);
        script_free(&script);
    }
}

/* Eight PINGs, one on each PONG, then one each 1.5 s; while not reading, one in 5 s. */
static void pings_in_a_burst_then_at_a_pace(void **state)
{
    (void)state;
    static struct lines lines;
    struct world *world = world_running();
    struct script script = { 0 };
    script_pong(&script, START_NS, START_NS + 1, START_NS + 1);
    for (unsigned i = 0; i < 20; i++)
        feed_all(world, &script);
    said(world, &lines);
    assert_int_equal(count_text(lines.text, "PING "), 8);
    for (unsigned i = 1; i <= 45; i++) { /* 4.5 s; life every tick */
        world->now = START_NS + i * CLOCK_SECOND / 10;
        feed_all(world, &script);
        session_tick(&world->session, true, world->now);
        write_out(world);
    }
    said(world, &lines);
    assert_int_equal(count_text(lines.text, "PING "), 8 + 3);
    assert_int_equal(count_text(lines.text, "PING 101500000000\n"), 1);
    assert_int_equal(count_text(lines.text, "PING 104500000000\n"), 1);
    for (unsigned i = 46; i <= 145; i++) {
        session_tick(&world->session, false, START_NS + i * CLOCK_SECOND / 10);
        write_out(world);
    }
    said(world, &lines);
    assert_int_equal(count_text(lines.text, "PING "), 8 + 3 + 2);
    world_free(world);
    script_free(&script);
}

/* Once a second a PING follows an ACK in the same write: the daemon answers it before it begins the
 * next frame, and the PONG does not wait behind that. */
static void a_ping_goes_along_with_an_ack(void **state)
{
    (void)state;
    static struct lines lines;
    struct world *world = world_running();
    write_out(world);
    for (unsigned i = 0; i < 25; i++) { /* frames of 0.1 s, with ticks in the middle of each */
        struct script script = { 0 };
        script_head(&script, FIRST_ID + i);
        script_part(&script, FIRST_ID + i, 0, 100, 100);
        world->now = START_NS + (2 * i + 1) * CLOCK_SECOND / 20;
        feed_all(world, &script);
        session_tick(&world->session, true, world->now);
        write_out(world);
        script.size = 0;
        script_tail(&script, FIRST_ID + i, 100);
        world->now = START_NS + (2 * i + 2) * CLOCK_SECOND / 20;
        feed_all(world, &script);
        script_free(&script);
        write_out(world);
    }
    said(world, &lines);
    assert_int_equal(count_text(lines.text, "PING "), 1 + 2);
    assert_int_equal(count_text(lines.text, "ACK 19 101000000000\nPING 101000000000\n"), 1);
    assert_int_equal(count_text(lines.text, "ACK 29 102000000000\nPING 102000000000\n"), 1);
    world_free(world);
}

/* A session that resumes a grid subscribes once it knows whose ids and clock the daemon's are. */
static void a_grid_is_resumed(void **state)
{
    (void)state;
    static struct lines lines;
    struct session_config config = { .every = 10, .resumes = true, .max_message = MAX_MESSAGE };
    for (int answers = 0; answers < 2; answers++) {
        struct world *world = world_with(&config);
        struct script script = { 0 };
        script_greet(&script, SCRIPT_EPOCH);
        feed_all(world, &script);
        write_out(world);
        said(world, &lines);
        assert_int_equal(count_text(lines.text, "SUBSCRIBE"), 0);
        script.size = 0;
        if (answers)
            script_pong(&script, START_NS, 1, 1);
        feed_all(world, &script);
        if (!answers) { /* a daemon that answers no PING */
            session_tick(&world->session, true, START_NS + CLOCK_SECOND - 1);
            assert_int_equal(world->asked, 0);
            session_tick(&world->session, true, START_NS + CLOCK_SECOND);
        }
        write_out(world);
        said(world, &lines);
        assert_non_null(strstr(lines.text, answers ? "SUBSCRIBE  0 0 10 1234 0\n"
                                                   : "SUBSCRIBE  0 0 10 5678 0\n"));
        feed_all(world, &script);
        session_tick(&world->session, true, START_NS + 3 * CLOCK_SECOND);
        assert_int_equal(world->asked, 1);
        world_free(world);
        script_free(&script);
    }
}

static const struct wire_streams three_streams = {
    .count = 3,
    .entries = { { .number = 7, .name = "front", .model = "imx708" },
                 { .number = 0, .name = "rear" },
                 { .number = 255, .name = "top/preview" } },
};

/* A session for the stream of this name with a daemon that has three. */
static struct world *world_of_three(const char *name, bool list_only)
{
    struct session_config config = { .max_message = MAX_MESSAGE, .list_only = list_only };
    struct script script = { 0 };
    snprintf(config.stream, sizeof(config.stream), "%s", name);
    struct world *world = world_with(&config);
    write_out(world);
    hello_with(&script, SCRIPT_EPOCH, WIRE_CONTROL_MAX);
    script_streams(&script, &three_streams);
    feed_all(world, &script);
    script_free(&script);
    return world;
}

/* Each name stands for its number, and no other one is taken. */
static void a_stream_is_subscribed_to_by_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        for (unsigned other = 0; other < 3; other++) {
            static struct lines lines;
            const struct wire_stream_entry *entry = &three_streams.entries[i];
            struct world *world = world_of_three(entry->name, false);
            struct script script = { 0 };
            char subscribe[64];
            snprintf(subscribe, sizeof(subscribe), "SUBSCRIBE %s 0 0 0 0 0\n", entry->name);
            said(world, &lines);
            assert_non_null(strstr(lines.text, subscribe));
            assert_int_equal(world->session.stream.number, entry->number);
            assert_string_equal(world->session.stream.name, entry->name);
            script_say(&script, &(struct wire_message){
                                    .type = WIRE_STATUS,
                                    .status = { .stream = three_streams.entries[other].number } });
            feed_all(world, &script);
            assert_int_equal(world->session.state, i == other ? SESSION_RUNNING : SESSION_FAILED);
            script_free(&script);
            world_free(world);
        }
}

/* A stream that is not there, or that is not named, can't be waited for. */
static void a_missing_stream_ends_it(void **state)
{
    (void)state;
    static const struct {
        const char *name, *error;
    } cases[] = {
        { "left", "the daemon has no stream \"left\"; it has front, rear, top/preview" },
        { "top", "the daemon has no stream \"top\"; it has front, rear, top/preview" },
        { "", "the daemon has several streams, name one (HOST/NAME): front, rear, top/preview" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world *world = world_of_three(cases[i].name, false);
        assert_int_equal(world->session.state, SESSION_FAILED);
        assert_true(world->session.fatal);
        assert_string_equal(world->session.error.text, cases[i].error);
        world_free(world);
    }
}

/* The list is all that is wanted: nothing is subscribed to, and the daemon's END follows. */
static void streams_are_listed(void **state)
{
    (void)state;
    static struct lines lines;
    struct world *world = world_of_three("", true);
    struct script script = { 0 };
    assert_int_equal(world->session.state, SESSION_ENDING);
    assert_int_equal(world->streams.count, 3);
    assert_memory_equal(&world->streams, &three_streams, sizeof(three_streams));
    script_pong(&script, START_NS, 1, 2); /* nor once the clock is known */
    script_end(&script, WIRE_END_DONE, 0, 0);
    feed_all(world, &script);
    said(world, &lines);
    assert_int_equal(count_text(lines.text, "SUBSCRIBE"), 0);
    assert_int_equal(count_text(lines.text, "END 0 0 0 0\n"), 1);
    assert_int_equal(world->session.state, SESSION_ENDED);
    script_free(&script);
    world_free(world);
}

/* Until then there is nothing to tell of a stream. */
static void no_stream_before_subscribe(void **state)
{
    (void)state;
    struct session_config config = { .every = 10, .resumes = true, .max_message = MAX_MESSAGE };
    for (int i = 0; i < 3; i++) {
        static struct lines lines;
        struct world *world = world_with(&config);
        struct script script = { 0 };
        script_greet(&script, SCRIPT_EPOCH);
        if (i == 0)
            script_stream(&script, FIRST_ID);
        else if (i == 1)
            script_status(&script, WIRE_STREAM_RUNNING, "");
        else
            script_end(&script, WIRE_END_SHUTDOWN, 0, 0); /* it may leave, though */
        feed_all(world, &script);
        said(world, &lines);
        assert_int_equal(world->session.state, i < 2 ? SESSION_FAILED : SESSION_ENDED);
        assert_int_equal(count_text(world->session.error.text, "before SUBSCRIBE"), i < 2);
        assert_int_equal(count_text(lines.text, "ERROR PROTOCOL\n"), i < 2);
        assert_int_equal(world->told.used, 0);
        world_free(world);
        script_free(&script);
    }
}

/* The offset that the PONGs give is the frames', with the error that it has at their time: here
 * 10 s after the only PONG, in which the clocks may have drifted by 1 ms. */
static void frames_know_the_clock(void **state)
{
    (void)state;
    struct world *world = world_running();
    struct script script = { 0 };
    script_frame(&script, FIRST_ID, 100, 1);
    script_pong(&script, START_NS, 5000, 5200); /* 800 ns on the way */
    world->now += 1000;
    feed_all(world, &script);
    assert_false(world->times.offset_known);
    script.size = 0;
    script_frame(&script, FIRST_ID + 1, 100, 1);
    feed_all(world, &script);
    assert_true(world->times.offset_known);
    int64_t middle = ((5000 - (int64_t)START_NS) + (5200 - (int64_t)START_NS - 1000)) / 2;
    assert_in_range(world->times.offset - middle + 2, 0, 4);
    assert_in_range(world->times.error, 400, 403);
    script.size = 0;
    script_frame(&script, FIRST_ID + 2, 100, 1);
    world->now += 10 * CLOCK_SECOND;
    feed_all(world, &script);
    /* And it was captured as long ago, when the device's clock was at some 12000 ns. */
    assert_in_range(world->times.error, 1000400, 1002000);
    world_free(world);
    script_free(&script);
}

/* What goes to the peer. */

/* Reads without ever writing, until nothing more is wanted. */
static void feed_unwritten(struct world *world, const struct script *script)
{
    struct iovec room[2];
    for (unsigned rounds = 0; session_space(&world->session, room) > 0; rounds++) {
        assert_in_range(rounds, 0, 10000);
        assert_true(fill(world, script->bytes, script->size) > 0);
        session_advance(&world->session, world->now);
        assert_in_range(world->session.out_used, 0, SESSION_OUT_MAX);
        assert_int_equal(world->session.state, SESSION_RUNNING);
    }
}

static void a_flood_of_pings_stops_the_reading(void **state)
{
    (void)state;
    static struct lines lines;
    struct world *world = world_running();
    struct script script = { 0 };
    for (unsigned i = 0; i < 400; i++)
        script_ping(&script, i);
    feed_unwritten(world, &script);
    session_tick(&world->session, true, START_NS + 2 * CLOCK_SECOND);
    assert_in_range(world->session.out_used, 0, SESSION_OUT_MAX);
    struct iovec room[2];
    write_out(world);
    assert_true(session_space(&world->session, room) > 0);
    said(world, &lines); /* whole messages all of them */
    world_free(world);
    script_free(&script);
}

/* However many PINGs: each frame is acknowledged, and END gets through. */
static void a_flood_of_pings_costs_no_ack(void **state)
{
    (void)state;
    static struct lines lines;
    struct world *world = world_running();
    struct script script = { 0 };
    for (unsigned i = 0; i < 390; i++)
        script_ping(&script, i);
    script_frame(&script, FIRST_ID, 20, 1);
    assert_in_range(script.size, 0, sizeof(world->session.reader.stage));
    assert_int_equal(fill(world, script.bytes, script.size), script.size);
    session_advance(&world->session, world->now);
    session_end(&world->session);
    write_out(world);
    said(world, &lines);
    assert_int_equal(count_text(lines.text, "ACK 10 "), 1);
    assert_int_equal(count_text(lines.text, "END 0 1 1 0\n"), 1);
    world_free(world);
    script_free(&script);
}

/* The tiniest frames, never acknowledged on the wire: reading stops, none of the ACKs is lost. */
static void unwritten_acks_stop_the_reading(void **state)
{
    (void)state;
    static struct lines lines;
    struct world *world = world_running();
    struct script script = { 0 };
    struct iovec room[2];
    for (uint64_t id = FIRST_ID; id < FIRST_ID + 1000; id++)
        script_frame(&script, id, 20, 1);
    size_t done = 0;
    while (session_space(&world->session, room) > 0) {
        assert_true(done < script.size);
        done += fill(world, script.bytes + done, script.size - done);
        session_advance(&world->session, world->now);
        assert_in_range(world->session.out_used, 0, SESSION_OUT_MAX);
    }
    assert_true(done < script.size);
    write_out(world);
    done += feed(world, script.bytes + done, script.size - done, SIZE_MAX);
    assert_int_equal(done, script.size);
    said(world, &lines);
    const char *at = lines.text;
    for (unsigned id = FIRST_ID; id < FIRST_ID + 1000; id++) {
        char ack[40];
        snprintf(ack, sizeof(ack), "\nACK %u 100000000000\n", id);
        at = strstr(at, ack); /* in order */
        assert_non_null(at);
    }
    assert_int_equal(count_text(lines.text, "ACK "), 1000);
    world_free(world);
    script_free(&script);
}

/* The socket takes a byte at a time. */
static void partial_writes(void **state)
{
    (void)state;
    static struct lines lines;
    struct world *world = world_make(WIRE_LOSSLESS);
    struct script script = { 0 };
    script_everything(&script);
    size_t done = 0;
    while (done < script.size || world->session.out_used > 0) {
        if (done < script.size)
            done += fill(world, script.bytes + done, 1);
        session_advance(&world->session, world->now);
        if (world->session.out_used > 0) {
            script_add(&world->said, world->session.out, 1);
            session_written(&world->session, 1);
        }
    }
    said(world, &lines);
    assert_string_equal(lines.text, everything_said);
    world_free(world);
    script_free(&script);
}

/* The end. */

/* END in the middle of a frame: that is finished and counted, and the totals agree in the end. */
static void ending_finishes_the_frame(void **state)
{
    (void)state;
    static struct lines lines;
    struct world *world = world_running();
    struct script script = { 0 };
    script_drops(&script, 10, 3, WIRE_DROP_SUPERSEDED);
    script_frame(&script, 13, 20, 1);
    script_head(&script, 14);
    script_part(&script, 14, 0, 5, 20);
    feed_all(world, &script);
    session_end(&world->session);
    session_end(&world->session); /* says it once */
    assert_int_equal(world->session.state, SESSION_ENDING);
    write_out(world);
    script.size = 0;
    script_part(&script, 14, 5, 15, 20);
    script_tail(&script, 14, 20);
    script_end(&script, WIRE_END_DONE, 2, 3);
    script_pong(&script, START_NS, 1, 1); /* the only thing that may follow */
    feed_all(world, &script);
    assert_int_equal(world->session.state, SESSION_ENDED);
    assert_non_null(strstr(world->told.text, "frame 14 "));
    said(world, &lines);
    assert_int_equal(count_text(lines.text, "END "), 1);
    /* Its END is the last thing that it says. */
    assert_string_equal(lines.text + lines.used - 12, "END 0 4 1 3\n");
    world_free(world);
    script_free(&script);
}

/* To leave before the daemon has said a word is no error either. */
static void ending_before_hello(void **state)
{
    (void)state;
    struct world *world = world_make(WIRE_LIVE);
    struct script script = { 0 };
    session_end(&world->session);
    write_out(world);
    script_greet(&script, SCRIPT_EPOCH);
    feed_all(world, &script);
    assert_int_equal(world->session.state, SESSION_ENDING);
    script.size = 0;
    script_end(&script, WIRE_END_DONE, 0, 0);
    feed_all(world, &script);
    assert_int_equal(world->session.state, SESSION_ENDED);
    session_end(&world->session);
    assert_int_equal(world->session.out_used, 0);
    world_free(world);
    script_free(&script);
}

/* It may be ended while it waits for a frame, and cleared in the midst of one. */
static void ending_while_waiting(void **state)
{
    (void)state;
    struct world *world = world_running();
    struct script script = { 0 };
    world->refuse = 1;
    script_frame(&script, FIRST_ID, 20, 1);
    feed_all(world, &script);
    assert_true(world->session.head_waits);
    session_end(&world->session);
    assert_false(session_advance(&world->session, world->now));
    assert_non_null(strstr(world->told.text, "frame 10 "));
    script.size = 0;
    script_head(&script, FIRST_ID + 1);
    script_part(&script, FIRST_ID + 1, 0, 5, 20);
    write_out(world);
    feed_all(world, &script);
    assert_non_null(world->session.frame);
    world_free(world); /* counts the frames */
    script_free(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_by_itself),
        cmocka_unit_test(any_split_is_the_same),
        cmocka_unit_test(any_piece_is_the_same),
        cmocka_unit_test(waits_for_a_free_frame),
        cmocka_unit_test(parts_are_not_copied),
        cmocka_unit_test(times_are_those_of_reading),
        cmocka_unit_test(damaged_frames_are_thrown_away),
        cmocka_unit_test(frames_without_bytes_are_damaged),
        cmocka_unit_test(frames_that_are_no_jpegs_are_damaged),
        cmocka_unit_test(offences_end_it),
        cmocka_unit_test(offenders_are_told),
        cmocka_unit_test(hopeless_errors),
        cmocka_unit_test(frames_before_stream),
        cmocka_unit_test(ids_go_on_over_connections),
        cmocka_unit_test(pongs_that_nobody_asked_for),
        cmocka_unit_test(ranges_do_not_overflow),
        cmocka_unit_test(the_opening_is_due_in_time),
        cmocka_unit_test(silence_is_death),
        cmocka_unit_test(silence_that_was_asked_for),
        cmocka_unit_test(silence_of_a_daemon_that_does_not_read),
        cmocka_unit_test(silence_is_noticed),
        cmocka_unit_test(what_is_due_is_known),
        cmocka_unit_test(what_is_due_while_nothing_is_read),
        cmocka_unit_test(frames_that_are_cut),
        cmocka_unit_test(pings_in_a_burst_then_at_a_pace),
        cmocka_unit_test(a_ping_goes_along_with_an_ack),
        cmocka_unit_test(a_grid_is_resumed),
        cmocka_unit_test(no_stream_before_subscribe),
        cmocka_unit_test(a_stream_is_subscribed_to_by_name),
        cmocka_unit_test(a_missing_stream_ends_it),
        cmocka_unit_test(streams_are_listed),
        cmocka_unit_test(frames_know_the_clock),
        cmocka_unit_test(a_flood_of_pings_stops_the_reading),
        cmocka_unit_test(a_flood_of_pings_costs_no_ack),
        cmocka_unit_test(unwritten_acks_stop_the_reading),
        cmocka_unit_test(partial_writes),
        cmocka_unit_test(ending_finishes_the_frame),
        cmocka_unit_test(ending_before_hello),
        cmocka_unit_test(ending_while_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
