/*
 * The daemon's side of a conversation, whatever the receiver says, however its socket behaves, and
 * whatever the camera does meanwhile. The unit tests' peer holds what is sent against PROTOCOL.md.
 *
 * The input: what comes of the handshake, and steps: a byte that names each, and what it needs.
 */
#include "device/serve/client.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "device/serve/client_end.h"
#include "device/serve/client_loop.h"
#include "device/serve/client_write.h"
#include "fake_socket.h"
#include "fuzz.h"
#include "shared/base/clock.h"
#include "tests/unit/device/fake_stream.h"
#include "tests/unit/device/frames.h"
#include "tests/unit/device/peer.h"

enum {
    QUEUE_BYTES = 16 * 1024,
    SLICE_MAX = 1024,
    GIVEN_BYTES_MAX = 96 * 1024, /* of JPEG; frames that come after that are of one byte */
    FLOODS_MAX = 1,              /* of losses, which take long */
    GROWING_MAX = 2,             /* frames that the encoder works on at the same time */
    SETTLE_ROUNDS = 70,          /* of half a second: the daemon gives up after 30 s */
};

/* Time passes when the input says so: the linker has the project's clocks read this one. */
static uint64_t now_ns;

int __wrap_clock_gettime(clockid_t clock, struct timespec *time);

int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
    (void)clock;
    *time = clock_timespec(now_ns);
    return 0;
}

struct fixture {
    struct loop loop, low_priority;
    struct log_limit limit;
    struct client_shared shared;
    struct stream stream, *streams[1];
    struct client *client;
    struct fake_socket *socket;
    struct peer *peer;
    struct frames frames;
    struct frame *growing[GROWING_MAX];
    bool has_room; /* for one more client */
    bool changed;
    uint64_t given; /* frame ids so far */
    size_t given_bytes;
    unsigned floods;
};

static bool admit(void *user, struct client *client)
{
    (void)client;
    return *(bool *)user;
}

static void fixture_open(struct fixture *fixture, struct input *input)
{
    static const int errors[] = { 0, 0, 0, 0, 0, -ENOKEY, -EACCES, -EPROTO };
    uint64_t choice = input_number(input, 1);
    static struct peer peer; /* it is large, and only what was received needs to be forgotten */
    static int fd = -1;
    if (fd < 0)
        fd = eventfd(0, EFD_CLOEXEC);
    now_ns = 1000 * CLOCK_SECOND;
    memset(&peer, 0, offsetof(struct peer, jpeg));
    message_reader_init(&peer.reader, WIRE_MAX_MESSAGE_DEFAULT);
    *fixture = (struct fixture){ .peer = &peer, .has_room = !(choice & 0x80) };
    fixture->shared = (struct client_shared){ .admit = admit,
                                              .user = &fixture->has_room,
                                              .loop = &fixture->loop,
                                              .low_priority = &fixture->low_priority,
                                              .changed = &fixture->changed,
                                              .fail_limit = &fixture->limit,
                                              .visit_limit = &fixture->limit,
                                              .set_limit = &fixture->limit,
                                              .epoch = 77,
                                              .queue_bytes = QUEUE_BYTES,
                                              .streams = fixture->streams,
                                              .stream_count = 1 };
    fixture->streams[0] = &fixture->stream;
    fake_stream_init(&fixture->stream, 0, "camera");
    frames_init(&fixture->frames);
    CHECK(loop_init(&fixture->loop) == 0 && loop_init(&fixture->low_priority) == 0);
    fixture->socket = fake_socket_create(fd, &peer);
    fixture->socket->transport.waits_for = choice & 8 ? POLLOUT : POLLIN;
    fixture->socket->handshake_rounds = 1 + (unsigned)(choice >> 4) % 8;
    fixture->socket->handshake_error = errors[choice % 8];
    /* Who has no key is not greeted. */
    if (fixture->socket->handshake_error == -ENOKEY)
        peer.hellos = peer.streams_seen = true;
    struct socket_address address = { .storage.ss_family = AF_UNIX };
    fixture->client = client_create(&fixture->shared, &fixture->socket->transport, &address);
    CHECK(fixture->client);
}

static void fixture_close(struct fixture *fixture)
{
    peer_clear(fixture->peer);
    client_destroy(&fixture->client);
    CHECK(!fixture->client);
    fake_stream_destroy(&fixture->stream);
    loop_destroy(&fixture->loop);
    loop_destroy(&fixture->low_priority);
    frames_destroy(&fixture->frames);
}

/* The loop's part: those who wait for the socket are called. */
static void wake(struct fixture *fixture, uint32_t events)
{
    struct watch *watch = &fixture->client->watch;
    events &= watch->events;
    if (watch->ready && events)
        watch->ready(watch->user, events);
}

/* The server's part, after news. */
static void write_events(struct fixture *fixture)
{
    if (fixture->client->state != CLIENT_DEAD && !(fixture->client->watch.events & EPOLLOUT))
        client_write(fixture->client);
}

/* What the receiver sends; what does not fit was never sent. */
static void hear(struct fixture *fixture, const void *bytes, size_t size)
{
    if (fixture->client->state != CLIENT_DEAD && fake_socket_put(fixture->socket, bytes, size))
        wake(fixture, EPOLLIN);
}

static void hear_message(struct fixture *fixture, const struct wire_message *message)
{
    uint8_t bytes[WIRE_ENCODED_MAX];
    hear(fixture, bytes, wire_encode(message, bytes));
}

static void say_raw(struct fixture *fixture, struct input *input)
{
    size_t size;
    const uint8_t *bytes = input_bytes(input, (size_t)input_number(input, 1), &size);
    hear(fixture, bytes, size);
}

static void say_hello(struct fixture *fixture, struct input *input)
{
    hear(fixture, wire_opening, WIRE_OPENING_SIZE);
    struct wire_message message = { .type = WIRE_HELLO };
    message.hello.max_message = (uint32_t)WIRE_CONTROL_MAX << input_number(input, 1) % 20;
    hear_message(fixture, &message);
}

static void say_subscribe(struct fixture *fixture, struct input *input)
{
    struct wire_message message = { .type = WIRE_SUBSCRIBE };
    uint64_t choice = input_number(input, 1);
    message.subscribe.mode = (uint8_t)(choice % 3);
    if (choice & 0xC0)
        strcpy(message.subscribe.name, choice == 0xFF ? "rear" : "camera");
    message.subscribe.max_fps_mhz = (uint32_t)input_number(input, 2);
    message.subscribe.queue_bytes = (uint32_t)input_number(input, 3);
    message.subscribe.every = (uint32_t)input_number(input, 1);
    message.subscribe.first_due = input_number(input, 8);
    hear_message(fixture, &message);
}

static void say_ack(struct fixture *fixture, struct input *input)
{
    uint64_t id = fixture->peer->next - (uint64_t)(int8_t)input_number(input, 1);
    hear_message(fixture, &(struct wire_message){ .type = WIRE_ACK, .ack.frame_id = id });
}

static void say_other(struct fixture *fixture, struct input *input)
{
    static const uint8_t types[] = { WIRE_PING,    WIRE_PONG,   WIRE_END,  WIRE_ERROR,
                                     WIRE_STREAMS, WIRE_STREAM, WIRE_DROPS };
    uint64_t choice = input_number(input, 1);
    struct wire_message message = { .type = types[choice % sizeof(types)] };
    if (message.type == WIRE_END) /* mostly true */
        message.end = (struct wire_end){ .captured = fixture->peer->next - fixture->peer->first,
                                         .delivered = fixture->peer->delivered + (choice > 0xF0),
                                         .dropped = fixture->peer->dropped };
    hear_message(fixture, &message);
}

static void finish(struct fixture *fixture, struct frame **frame)
{
    frame_finish(*frame);
    frame_charge(*frame);
    *frame = NULL;
    write_events(fixture);
}

static void give_frame(struct fixture *fixture, struct input *input)
{
    /* Mostly small ones: filling large ones takes the time that more inputs could have. */
    unsigned many = (unsigned)input_number(input, 1), size = (unsigned)input_number(input, 1);
    unsigned slices = 1 + many % (many < 0xF0 ? 5 : FRAME_SLICES_MAX);
    size_t slice_size = size < 0xF0 ? 1 + size % 16 : (size - 0xEF) * SLICE_MAX / 16;
    uint64_t interval = input_number(input, 1);
    if (!fixture->stream.running)
        return;
    if (fixture->given_bytes > GIVEN_BYTES_MAX)
        slices = 1, slice_size = 1;
    fixture->given_bytes += slices * slice_size;
    struct frame **place = &fixture->growing[fixture->given % GROWING_MAX];
    if (*place)
        finish(fixture, place);
    *place = frames_new(&fixture->frames, fixture->given, slices, slice_size);
    now_ns += interval * CLOCK_MS;
    frame_set_stream(*place, &fixture->stream.format);
    (*place)->head.sensor_time = now_ns;
    subscription_frame(&fixture->client->subscription, *place);
    fixture->stream.next_id = ++fixture->given;
    write_events(fixture);
}

static void grow(struct fixture *fixture, struct input *input)
{
    uint64_t choice = input_number(input, 1);
    struct frame **frame = &fixture->growing[choice % GROWING_MAX];
    unsigned slices = (unsigned)choice / GROWING_MAX;
    if (!*frame)
        return;
    if (slices == 0) {
        frame_abort(*frame);
        *frame = NULL;
        write_events(fixture);
    } else if (slices < (*frame)->slice_count - frame_published(*frame)) {
        frame_grow(*frame, slices);
        write_events(fixture);
    } else {
        finish(fixture, frame);
    }
}

static void lose_run(struct fixture *fixture, uint64_t reason, uint64_t count)
{
    uint64_t time = CLOCK_SECOND + fixture->given * CLOCK_MS;
    subscription_lost(
        &fixture->client->subscription,
        &(struct lost_run){ { fixture->given, count, 1 + reason % (WIRE_DROP_REASONS - 1) },
                            time,
                            time + count * CLOCK_MS });
    fixture->given += count;
    fixture->stream.next_id = fixture->given;
    write_events(fixture);
}

/* A few frames, or as many as a run can have, or more runs than there is room for. */
static void lose(struct fixture *fixture, struct input *input)
{
    uint64_t reason = input_number(input, 1), count = 1 + input_number(input, 1);
    if (!fixture->stream.running)
        return;
    if (reason & 0x80)
        lose_run(fixture, reason, UINT32_MAX - 256 + count);
    else if (reason & 0x40 && fixture->floods++ < FLOODS_MAX)
        for (uint64_t i = 0; i < SEND_QUEUE_ITEMS + 8; i++)
            lose_run(fixture, reason + i % 2, count);
    else
        lose_run(fixture, reason, count);
}

static void change_camera(struct fixture *fixture, struct input *input)
{
    uint64_t choice = input_number(input, 1);
    fixture->stream.running = choice & 1;
    fixture->stream.status.state = choice & 1 ? WIRE_STREAM_RUNNING : WIRE_STREAM_LOST;
    fixture->shared.crowded = choice & 2;
    if (choice & 1)
        fake_stream_on(&fixture->stream, 640 + (unsigned)(choice >> 6));
    subscription_status_changed(&fixture->client->subscription);
    if (choice & 1)
        subscription_camera_on(&fixture->client->subscription);
    write_events(fixture);
}

static void change_socket(struct fixture *fixture, struct input *input)
{
    struct fake_socket *socket = fixture->socket;
    uint64_t choice = input_number(input, 1);
    if (fixture->client->state == CLIENT_DEAD)
        return;
    socket->room = choice & 1 ? SIZE_MAX : (size_t)input_number(input, 2);
    socket->closed = (choice & 0x0E) == 0x02;
    socket->read_error = (choice & 0x0E) == 0x04 ? -ECONNRESET : 0;
    socket->write_error = (choice & 0x0E) == 0x06 ? -EPIPE : 0;
    socket->path.min_rtt_ns = (choice >> 4) * 50 * CLOCK_MS;
    socket->path.bytes_per_second = input_number(input, 3) * 64;
    wake(fixture, EPOLLIN | EPOLLOUT);
}

static void pass_time(struct fixture *fixture, struct input *input)
{
    now_ns += input_number(input, 1) * 100 * CLOCK_MS;
    client_tick(fixture->client, now_ns);
    write_events(fixture);
}

static void end(struct fixture *fixture, struct input *input)
{
    uint64_t choice = input_number(input, 1);
    if (choice & 1)
        client_cut(fixture->client, "was cut");
    else
        client_end(fixture->client, choice & 2 ? WIRE_END_SHUTDOWN : WIRE_END_FINISHED);
    write_events(fixture);
}

static void check_send_queue(const struct send_queue *send_queue)
{
    unsigned frames = 0;
    size_t bytes = 0;
    CHECK(send_queue->count <= SEND_QUEUE_ITEMS);
    for (unsigned i = 0; i < send_queue->count; i++) {
        struct frame *frame = send_queue->items[(send_queue->first + i) % SEND_QUEUE_ITEMS].frame;
        frames += frame != NULL;
        bytes += frame ? atomic_load(&frame->size) : 0;
    }
    /* What grows was smaller when it was taken. */
    CHECK(frames <= 1 || send_queue->mode == WIRE_LOSSLESS);
    CHECK(bytes <= QUEUE_BYTES + (GROWING_MAX + 1) * FRAME_SLICES_MAX * SLICE_MAX);
}

static void check_in_flight(const struct in_flight *in_flight)
{
    uint64_t bytes = 0;
    CHECK(in_flight->count <= IN_FLIGHT_FRAMES);
    for (unsigned i = 0; i < in_flight->count; i++)
        bytes += in_flight->sent[(in_flight->first + i) % IN_FLIGHT_FRAMES].bytes;
    CHECK(bytes == in_flight->unacked);
}

static void check_books(const struct client *client, enum client_state before)
{
    const struct subscription *subscription = &client->subscription;
    uint64_t fates = subscription->totals.delivered + subscription_dropped(subscription);
    CHECK(fates == subscription->next_id - subscription->first_id);
    CHECK(subscription->started || fates == 0);
    CHECK(client->state >= before);
    check_send_queue(&subscription->send_queue);
    check_in_flight(&subscription->in_flight);
}

/* Told to end, and with a peer that takes all and acknowledges all, it ends: with the totals that
 * the peer has counted itself (which the peer checks), or with the peer told why, or without a word
 * where the socket was at its end. */
static void check_end(struct fixture *fixture)
{
    for (unsigned i = 0; i < GROWING_MAX; i++)
        if (fixture->growing[i])
            finish(fixture, &fixture->growing[i]);
    bool cut = fixture->client->state == CLIENT_DEAD;
    client_end(fixture->client, WIRE_END_SHUTDOWN);
    if (!cut)
        fixture->socket->room = SIZE_MAX;
    for (unsigned i = 0; i < SETTLE_ROUNDS && fixture->client->state != CLIENT_DEAD; i++) {
        write_events(fixture);
        wake(fixture, EPOLLOUT);
        if (fixture->peer->next > fixture->peer->first)
            hear_message(fixture, &(struct wire_message){
                                      .type = WIRE_ACK, .ack.frame_id = fixture->peer->next - 1 });
        now_ns += CLOCK_SECOND / 2;
        if (fixture->client->state != CLIENT_DEAD)
            client_tick(fixture->client, now_ns);
    }
    CHECK(fixture->client->state == CLIENT_DEAD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const steps[])(struct fixture * fixture, struct input * input) = {
        say_raw, say_hello, say_subscribe, say_ack,       say_other, give_frame, give_frame,
        grow,    lose,      change_camera, change_socket, pass_time, end,
    };
    struct input input = { data, size };
    struct fixture fixture;
    log_setup("fuzz", LOG_LEVEL_ERROR);
    fixture_open(&fixture, &input);
    write_events(&fixture);
    while (input.left > 0 && fixture.client->state != CLIENT_DEAD) {
        enum client_state before = fixture.client->state;
        steps[input_number(&input, 1) % (sizeof(steps) / sizeof(steps[0]))](&fixture, &input);
        check_books(fixture.client, before);
    }
    check_end(&fixture);
    fixture_close(&fixture);
    return 0;
}
