/*
 * The receiver on a thread of its own; the test plays the daemon on a Unix socket, and the sink.
 */
#include "host/lib/receiver.h"

#include "host_support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/protocol/message_reader.h"

enum { BOUND_MS = 20000, IDS_MAX = 1024 };

/* A sink that keeps the ids, and can be held up. */
struct fake {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under lock. */
    uint64_t ids[IDS_MAX];
    bool clock_known[IDS_MAX];
    unsigned count, damaged;
    bool gate, broken; /* write() waits; write() fails with EPIPE */
    bool gone;         /* it was told to the receiver */
    bool entered;      /* write() was called */
};

struct world {
    char root[32];
    struct receiver_config config;
    struct receiver_outputs outputs;
    struct receiver *receiver;
    struct fake fakes[2];

    pthread_t thread;
    bool running;
    int over_fd; /* readable once it ends */
    /* The thread's, until it was joined. */
    enum receiver_end end;
    uint64_t kept;

    /* The daemon: what was heard on this connection. */
    int listener, fd;
    struct script script; /* to be sent next */
    struct message_reader reader;
    bool opened, subscribed, ended, failed, closed;
    uint64_t asked_ns; /* t1 of its last PING; 0: none yet */
    unsigned pongs, acks;
    uint64_t ack_ids[IDS_MAX];
    struct wire_subscribe subscribe;
    struct wire_end receiver_end;
    struct wire_error receiver_error;
};

/* So long this machine was suspended. */
static atomic_ullong asleep_ns;

int __real_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);

int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
    int result = __real_clock_gettime(clock, time);
    if (clock == CLOCK_BOOTTIME)
        time->tv_sec += (time_t)(atomic_load(&asleep_ns) / CLOCK_SECOND);
    return result;
}

static int fake_write(void *state, const struct pitether_frame *frame)
{
    struct fake *fake = state;
    pthread_mutex_lock(&fake->lock);
    fake->entered = true;
    pthread_cond_broadcast(&fake->changed);
    while (fake->gate)
        pthread_cond_wait(&fake->changed, &fake->lock);
    int result = fake->broken ? -EPIPE : 0;
    if (fake->count < IDS_MAX) {
        fake->clock_known[fake->count] = frame->times.offset_known;
        fake->ids[fake->count++] = frame->id;
    }
    fake->damaged += !script_frame_is_right(frame->data, frame->id, frame->size);
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
    return result;
}

static int fake_close(void *state)
{
    (void)state;
    return 0;
}

static const struct sink_ops fake_ops = { "fake", NULL, fake_write, fake_close };

static void fake_gate(struct fake *fake, bool shut)
{
    pthread_mutex_lock(&fake->lock);
    fake->gate = shut;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
}

static void on_gone(void *user, const struct sink *sink)
{
    struct world *world = user;
    struct fake *fake = &world->fakes[sink != world->outputs.sinks[0]];
    receiver_detach(world->receiver, sink, RECEIVER_NO_SINK);
    pthread_mutex_lock(&fake->lock);
    fake->gone = true;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
}

#define FAKE_UNTIL(fake, condition)                                                                \
    do {                                                                                           \
        struct timespec until_ = clock_timespec(clock_monotonic() + BOUND_MS * CLOCK_MS);          \
        int error_ = 0;                                                                            \
        pthread_mutex_lock(&(fake)->lock);                                                         \
        while (!(condition) && !error_)                                                            \
            error_ =                                                                               \
                pthread_cond_clockwait(&(fake)->changed, &(fake)->lock, CLOCK_MONOTONIC, &until_); \
        pthread_mutex_unlock(&(fake)->lock);                                                       \
        assert_int_equal(error_, 0);                                                               \
    } while (0)

static void *run(void *user)
{
    struct world *world = user;
    world->end = receiver_run(world->receiver, &world->kept);
    eventfd_write(world->over_fd, 1);
    return NULL;
}

static void listen_here(struct world *world)
{
    struct socket_address found[ADDRESSES_MAX];
    const char *why;
    world->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(address_resolve(&world->config.address, true, found, &why), 1);
    assert_int_equal(
        bind(world->listener, (const struct sockaddr *)&found[0].storage, found[0].size), 0);
    assert_int_equal(listen(world->listener, 4), 0);
}

static void add_sink_of(struct world *world, enum sink_policy policy)
{
    struct fake *fake = &world->fakes[world->outputs.sink_count];
    pthread_mutex_init(&fake->lock, NULL);
    pthread_cond_init(&fake->changed, NULL);
    assert_int_equal(sink_start(&world->outputs.sinks[world->outputs.sink_count], &fake_ops, fake,
                                policy, on_gone, world),
                     0);
    world->outputs.sink_count++;
}

static void add_sink(struct world *world)
{
    add_sink_of(world, SINK_LOSSLESS);
}

static int world_setup(void **state)
{
    struct world *world = *state = calloc(1, sizeof(*world));
    char address[64];
    strcpy(world->root, "/tmp/pitether-test-XXXXXX");
    assert_non_null(mkdtemp(world->root));
    snprintf(address, sizeof(address), "unix:%s/daemon", world->root);
    assert_int_equal(address_parse(address, WIRE_DEFAULT_PORT, &world->config.address), 0);
    world->config.session =
        (struct session_config){ .mode = WIRE_LOSSLESS, .max_message = 1 << 20 };
    world->config.reconnect = true;
    world->fd = world->listener = world->over_fd = -1;
    world->outputs.report = report_create();
    assert_non_null(world->outputs.report);
    add_sink(world);
    listen_here(world);
    stderr_capture();
    return 0;
}

static void hang_up(struct world *world)
{
    if (world->fd >= 0)
        close(world->fd);
    world->fd = -1;
}

static void join(struct world *world)
{
    struct pollfd over = { .fd = world->over_fd, .events = POLLIN };
    assert_int_equal(poll(&over, 1, BOUND_MS), 1);
    pthread_join(world->thread, NULL);
    world->running = false;
    for (unsigned i = 0; i < world->outputs.sink_count; i++)
        sink_finish(&world->outputs.sinks[i], NULL, false);
}

static int world_teardown(void **state)
{
    struct world *world = *state;
    stderr_release();
    hang_up(world);
    for (unsigned i = 0; i < world->outputs.sink_count; i++)
        fake_gate(&world->fakes[i], false);
    if (world->running) { /* an assertion failed */
        receiver_stop(world->receiver, RECEIVER_INTERRUPTED);
        join(world);
    }
    for (unsigned i = 0; i < world->outputs.sink_count; i++)
        sink_finish(&world->outputs.sinks[i], NULL, false);
    receiver_destroy(&world->receiver);
    report_destroy(world->outputs.report);
    if (world->over_fd >= 0)
        close(world->over_fd);
    if (world->listener >= 0)
        close(world->listener);
    unlink(world->config.address.host);
    rmdir(world->root);
    script_free(&world->script);
    free(world);
    return 0;
}

static void start(struct world *world)
{
    assert_int_equal(receiver_create(&world->receiver, &world->config, &world->outputs), 0);
    world->over_fd = eventfd(0, EFD_CLOEXEC);
    assert_int_not_equal(world->over_fd, -1);
    assert_int_equal(pthread_create(&world->thread, NULL, run, world), 0);
    world->running = true;
}

/* The daemon. */

static void hear_message(struct world *world, const struct wire_message *message)
{
    assert_false(world->ended || world->failed); /* nothing follows those */
    if (message->type == WIRE_SUBSCRIBE) {
        world->subscribed = true;
        world->subscribe = message->subscribe;
    } else if (message->type == WIRE_PING) {
        world->asked_ns = message->ping.t1;
    } else if (message->type == WIRE_PONG) {
        world->pongs++;
    } else if (message->type == WIRE_ACK) {
        world->ack_ids[world->acks++ % IDS_MAX] = message->ack.frame_id;
    } else if (message->type == WIRE_END) {
        world->ended = true;
        world->receiver_end = message->end;
    } else if (message->type == WIRE_ERROR) {
        world->failed = true;
        world->receiver_error = message->error;
    }
}

/* Reads what is there. */
static void hear(struct world *world)
{
    struct iovec room[2];
    struct wire_raw raw;
    struct wire_message message;
    int event;
    assert_int_equal(message_reader_space(&world->reader, room), 1);
    ssize_t got = recv(world->fd, room[0].iov_base, room[0].iov_len, MSG_DONTWAIT);
    if (got <= 0) {
        world->closed = got == 0 || errno != EAGAIN;
        return;
    }
    message_reader_filled(&world->reader, (size_t)got);
    while ((event = message_reader_next(&world->reader, &raw)) != MESSAGE_NONE) {
        assert_true(event == MESSAGE_OPENED || event == MESSAGE_CONTROL);
        if (event == MESSAGE_CONTROL) {
            assert_int_equal(wire_decode(&raw, &message), 0);
            hear_message(world, &message);
        }
    }
}

#define HEAR_UNTIL(world, condition)                                                               \
    while (!(condition)) {                                                                         \
        struct pollfd ready_ = { .fd = (world)->fd, .events = POLLIN };                            \
        assert_int_equal(poll(&ready_, 1, BOUND_MS), 1);                                           \
        hear(world);                                                                               \
        assert_false((world)->closed && !(condition));                                             \
    }

/* Sends as much of the script as the receiver takes, hearing what it says meanwhile, until it has
 * taken no byte for so long; returns how much that is. */
static size_t send_some(struct world *world, int patience_ms)
{
    size_t done = 0;
    while (done < world->script.size) {
        struct pollfd ready = { .fd = world->fd, .events = POLLIN | POLLOUT };
        if (poll(&ready, 1, patience_ms) == 0)
            break;
        if (ready.revents & POLLIN)
            hear(world);
        ssize_t sent = send(world->fd, world->script.bytes + done, world->script.size - done,
                            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            break;
        done += sent > 0 ? (size_t)sent : 0;
    }
    memmove(world->script.bytes, world->script.bytes + done, world->script.size - done);
    world->script.size -= done;
    return done;
}

static void send_all(struct world *world)
{
    send_some(world, BOUND_MS);
    assert_int_equal(world->script.size, 0);
}

/* All of it is here: a PING that comes back follows what was sent. */
static void settle(struct world *world)
{
    unsigned pongs = world->pongs;
    script_ping(&world->script, 1);
    send_all(world);
    HEAR_UNTIL(world, world->pongs > pongs);
}

static int take_call(struct world *world)
{
    struct pollfd ready = { .fd = world->listener, .events = POLLIN };
    assert_int_equal(poll(&ready, 1, BOUND_MS), 1);
    int fd = accept4(world->listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

/* The receiver talks over this connection. */
static void take_over(struct world *world, int fd)
{
    world->fd = fd;
    message_reader_init(&world->reader, WIRE_CONTROL_MAX);
    world->reader.hello_seen = true;
    world->subscribed = world->ended = world->failed = world->closed = false;
    world->acks = world->pongs = 0;
    world->asked_ns = 0;
}

static void hear_call(struct world *world, int fd)
{
    take_over(world, fd);
    HEAR_UNTIL(world, world->subscribed && world->asked_ns);
}

/* The receiver connects and says what it wants. */
static void answer_call(struct world *world)
{
    hear_call(world, take_call(world));
}

/* A connection that streams from this id on. */
static void connect_from(struct world *world, uint64_t epoch, uint64_t first_id)
{
    answer_call(world);
    script_greet(&world->script, epoch);
    script_stream(&world->script, first_id);
    script_status(&world->script, WIRE_STREAM_RUNNING, "");
}

static void add_frames(struct world *world, uint64_t from, uint64_t to)
{
    for (uint64_t id = from; id < to; id++)
        script_frame(&world->script, id, 100 + 10 * id, 3);
}

/* Sends END, and waits until the receiver has closed. */
static void say_end(struct world *world, unsigned reason, uint64_t delivered, uint64_t dropped)
{
    script_end(&world->script, reason, delivered, dropped);
    send_all(world);
    HEAR_UNTIL(world, world->closed);
    hang_up(world);
}

static void assert_ids(const struct fake *fake, const uint64_t *ids, unsigned count)
{
    assert_int_equal(fake->damaged, 0);
    assert_int_equal(fake->count, count);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(fake->ids[i], ids[i]);
}

static struct report_totals totals(const struct world *world)
{
    return report_totals(world->outputs.report);
}

static void frames_reach_every_sink(void **state)
{
    static const uint64_t ids[] = { 5, 6, 7, 10, 11 };
    struct world *world = *state;
    add_sink(world);
    start(world);
    connect_from(world, SCRIPT_EPOCH, 5);
    add_frames(world, 5, 8);
    script_drops(&world->script, 8, 2, WIRE_DROP_QUEUE_FULL);
    add_frames(world, 10, 12);
    say_end(world, WIRE_END_FINISHED, 5, 2);
    join(world);
    assert_int_equal(world->end, RECEIVER_FINISHED);
    assert_int_equal(world->kept, 5);
    assert_ids(&world->fakes[0], ids, 5);
    assert_ids(&world->fakes[1], ids, 5);
    assert_int_equal(world->acks, 5);
    assert_memory_equal(world->ack_ids, ids, sizeof(ids));
    assert_int_equal(totals(world).captured, 7);
    assert_int_equal(totals(world).received, 5);
    assert_int_equal(totals(world).dropped[WIRE_DROP_QUEUE_FULL], 2);
    assert_int_equal(totals(world).connections, 1);
}

/* Frame 3 is cut in two: it is damaged, and those that nobody told of were missed. */
static void cut_and_connected_again(void **state)
{
    static const uint64_t ids[] = { 0, 1, 2, 7, 8 };
    struct world *world = *state;
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    add_frames(world, 0, 3);
    script_head(&world->script, 3);
    script_part(&world->script, 3, 0, 50, 100);
    settle(world);
    hang_up(world);
    connect_from(world, SCRIPT_EPOCH, 7);
    add_frames(world, 7, 9);
    say_end(world, WIRE_END_FINISHED, 2, 0);
    join(world);
    assert_int_equal(world->end, RECEIVER_FINISHED);
    assert_ids(&world->fakes[0], ids, 5);
    assert_int_equal(totals(world).missed, 3);
    assert_int_equal(totals(world).damaged, 1);
    assert_int_equal(totals(world).cut, 1);
    assert_int_equal(totals(world).connections, 2);
    assert_int_equal(totals(world).captured, 6);
    assert_non_null(strstr(stderr_text(), "3 frames were missed"));
    assert_non_null(strstr(stderr_text(), "frame 3 arrived damaged: the connection was cut"));
    assert_non_null(strstr(stderr_text(), "cut"));
}

static void answer_ping(struct world *world)
{
    script_say(&world->script,
               &(struct wire_message){ .type = WIRE_PONG, .pong.t1 = world->asked_ns });
}

/* What is known of the device's clock is kept over a cut; not when the daemon is another one, nor
 * when this machine was suspended meanwhile. */
static void the_clock_is_kept(void **state)
{
    static const uint64_t ids[] = { 0, 1, 2, 3, 0 };
    static const bool known[] = { true, true, false, true, false };
    struct world *world = *state;
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    answer_ping(world);
    add_frames(world, 0, 1);
    settle(world);
    hang_up(world);
    connect_from(world, SCRIPT_EPOCH, 1);
    add_frames(world, 1, 2);
    settle(world);
    atomic_store(&asleep_ns, 3600 * CLOCK_SECOND);
    add_frames(world, 2, 3);
    answer_ping(world);
    add_frames(world, 3, 4);
    settle(world);
    hang_up(world);
    connect_from(world, SCRIPT_EPOCH + 1, 0);
    add_frames(world, 0, 1);
    say_end(world, WIRE_END_FINISHED, 1, 0);
    join(world);
    assert_ids(&world->fakes[0], ids, 5);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(world->fakes[0].clock_known[i], known[i]);
}

/* A connection that never got to STREAM takes nothing from the account, nor does another camera
 * mode; a daemon that was restarted counts anew. */
static void what_was_missed_is_told_once(void **state)
{
    struct world *world = *state;
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    add_frames(world, 0, 2);
    settle(world);
    hang_up(world);
    answer_call(world);
    script_greet(&world->script, SCRIPT_EPOCH);
    settle(world);
    hang_up(world);
    connect_from(world, SCRIPT_EPOCH, 5);
    script_stream(&world->script, 5);
    script_drops(&world->script, 5, 5, WIRE_DROP_NO_BUFFER);
    script_stream(&world->script, 10);
    settle(world);
    hang_up(world);
    connect_from(world, SCRIPT_EPOCH + 1, 1000);
    settle(world);
    hang_up(world);
    connect_from(world, SCRIPT_EPOCH + 1, 1000);
    say_end(world, WIRE_END_FINISHED, 0, 0);
    join(world);
    assert_int_equal(totals(world).missed, 3);
    assert_int_equal(totals(world).connections, 5);
}

/* Nothing is heard although the connection stands: a second one is made, over which nothing is said
 * until the daemon has spoken there. Then it takes the place of the first. */
static void a_silent_connection_is_replaced(void **state)
{
    static const uint64_t ids[] = { 0, 1, 2, 7, 8 };
    struct world *world = *state;
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    add_frames(world, 0, 3);
    script_head(&world->script, 3);
    settle(world);
    int second = take_call(world);
    script_greet(&world->script, SCRIPT_EPOCH);
    assert_int_equal(send(second, world->script.bytes, world->script.size, 0), world->script.size);
    HEAR_UNTIL(world, world->closed);
    hang_up(world);
    world->script.size = 0;
    hear_call(world, second);
    script_stream(&world->script, 7);
    add_frames(world, 7, 9);
    say_end(world, WIRE_END_FINISHED, 2, 0);
    join(world);
    assert_int_equal(world->end, RECEIVER_FINISHED);
    assert_ids(&world->fakes[0], ids, 5);
    assert_int_equal(totals(world).missed, 3);
    assert_int_equal(totals(world).damaged, 1);
    assert_int_equal(totals(world).connections, 2);
    assert_non_null(strstr(stderr_text(), "going on over a new one"));
}

/* As long as the daemon has not spoken over the second connection alone, the first one stays. */
static void a_connection_that_is_heard_again_stays(void **state)
{
    static const uint64_t ids[] = { 0, 1, 2, 3 };
    struct world *world = *state;
    char byte;
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    add_frames(world, 0, 1);
    settle(world);
    close(take_call(world)); /* that is no answer */
    int second = take_call(world);
    settle(world); /* heard on the first one alone ... */
    assert_int_equal(recv(second, &byte, 1, 0), 0);
    close(second);
    second = take_call(world);
    add_frames(world, 1, 4); /* ... and on both, if the second one is still there */
    send_all(world);
    ssize_t sent = send(second, wire_opening, WIRE_OPENING_SIZE, MSG_NOSIGNAL);
    assert_true(sent == WIRE_OPENING_SIZE || (sent < 0 && errno == EPIPE));
    assert_true(recv(second, &byte, 1, 0) <= 0);
    close(second);
    say_end(world, WIRE_END_FINISHED, 4, 0);
    join(world);
    assert_int_equal(world->end, RECEIVER_FINISHED);
    assert_ids(&world->fakes[0], ids, 4);
    assert_int_equal(totals(world).missed, 0);
    assert_int_equal(totals(world).connections, 1);
}

/* --no-reconnect means one connection. */
static void a_silent_connection_is_kept(void **state)
{
    struct world *world = *state;
    world->config.reconnect = false;
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    settle(world);
    struct pollfd second = { .fd = world->listener, .events = POLLIN };
    assert_int_equal(poll(&second, 1, 4000), 0);
    say_end(world, WIRE_END_FINISHED, 0, 0);
    join(world);
    assert_int_equal(world->end, RECEIVER_FINISHED);
}

static void the_daemon_is_restarted(void **state)
{
    static const uint64_t ids[] = { 0, 1, 0 };
    struct world *world = *state;
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    add_frames(world, 0, 2);
    say_end(world, WIRE_END_SHUTDOWN, 2, 0);
    connect_from(world, SCRIPT_EPOCH + 1, 0);
    add_frames(world, 0, 1);
    say_end(world, WIRE_END_FINISHED, 1, 0);
    join(world);
    assert_int_equal(world->end, RECEIVER_FINISHED);
    assert_ids(&world->fakes[0], ids, 3);
    assert_int_equal(totals(world).missed, 0);
    assert_non_null(strstr(stderr_text(), "the daemon was stopped; waiting for its return"));
}

/* A daemon that begins anew under the same epoch, with ids that were there before, is not
 * believed: no frame is taken twice. Once it goes on where it was, so does the receiver. */
static void a_daemon_that_goes_back(void **state)
{
    static const uint64_t ids[] = { 0, 1, 2, 3, 5 };
    struct world *world = *state;
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    add_frames(world, 0, 4);
    settle(world);
    hang_up(world);
    for (uint64_t first = 0; first < 4; first += 3) {
        connect_from(world, SCRIPT_EPOCH, first);
        add_frames(world, first, 4);
        send_all(world);
        HEAR_UNTIL(world, world->closed);
        assert_true(world->failed);
        assert_int_equal(world->receiver_error.code, WIRE_ERROR_PROTOCOL);
        hang_up(world);
        world->script.size = 0;
    }
    connect_from(world, SCRIPT_EPOCH, 5);
    add_frames(world, 5, 6);
    say_end(world, WIRE_END_FINISHED, 1, 0);
    join(world);
    assert_int_equal(world->end, RECEIVER_FINISHED);
    assert_ids(&world->fakes[0], ids, 5);
    assert_int_equal(totals(world).missed, 1);
    assert_non_null(strstr(stderr_text(), "frames from 0 on, though this epoch was at 4"));
    assert_non_null(strstr(stderr_text(), "frames from 3 on, though this epoch was at 4"));
}

/* It may do so for ever: that does not fill the journal. */
static void a_daemon_that_hangs_up_again_and_again(void **state)
{
    enum { TIMES = 25, AT_MOST = 20 }; /* as log.h has it */
    struct world *world = *state;
    uint64_t begun = clock_monotonic();
    start(world);
    for (uint64_t i = 0; i < TIMES; i++) {
        connect_from(world, SCRIPT_EPOCH, 10 * i);
        script_drops(&world->script, 10 * i, 5, WIRE_DROP_NO_BUFFER);
        settle(world);
        hang_up(world);
    }
    connect_from(world, SCRIPT_EPOCH, 10 * TIMES);
    settle(world);
    bool at_once = clock_monotonic() - begun < 10 * CLOCK_SECOND;
    say_end(world, WIRE_END_FINISHED, 0, 0);
    join(world);
    assert_int_equal(totals(world).missed, 5 * TIMES);
    if (at_once) {
        assert_int_equal(count_text(stderr_text(), "the connection was cut"), AT_MOST);
        assert_in_range(count_text(stderr_text(), "were missed"), 1, AT_MOST);
    }
}

static void without_reconnecting(void **state)
{
    struct world *world = *state;
    world->config.reconnect = false;
    for (int i = 0; i < 3; i++) {
        start(world);
        connect_from(world, SCRIPT_EPOCH, 0);
        settle(world);
        if (i == 0)
            hang_up(world);
        else if (i == 1)
            say_end(world, WIRE_END_SHUTDOWN, 0, 0);
        else
            script_error(&world->script, WIRE_ERROR_TOO_MANY_CLIENTS, "slow"), send_all(world);
        join(world);
        assert_int_equal(world->end, RECEIVER_CUT);
        receiver_destroy(&world->receiver);
        hang_up(world);
    }
    close(world->listener);
    world->listener = -1;
    start(world); /* and nobody is there at all */
    join(world);
    assert_int_equal(world->end, RECEIVER_CUT);
    assert_non_null(strstr(stderr_text(), "is pitetherd running there?"));
}

static void hopeless_errors_end_it(void **state)
{
    struct world *world = *state;
    start(world);
    answer_call(world);
    script_greet(&world->script, SCRIPT_EPOCH);
    script_error(&world->script, WIRE_ERROR_NOT_ALLOWED, "not you");
    send_all(world);
    join(world);
    assert_int_equal(world->end, RECEIVER_CUT);
    assert_non_null(strstr(stderr_text(), "the daemon says: not you (NOT_ALLOWED)"));
    assert_null(strstr(stderr_text(), "again"));
}

/* What answers is no daemon: it is told so, and left alone. */
static void a_web_server(void **state)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    struct world *world = *state;
    start(world);
    answer_call(world);
    script_add(&world->script, answer, sizeof(answer) - 1);
    send_all(world);
    HEAR_UNTIL(world, world->closed);
    join(world);
    assert_int_equal(world->end, RECEIVER_CUT);
    assert_true(world->failed);
    assert_int_equal(world->receiver_error.code, WIRE_ERROR_PROTOCOL);
    assert_non_null(strstr(stderr_text(), "no pitetherd"));
}

/* Errors of the moment, and broken rules: another connection is worth a try. */
static void other_errors_do_not(void **state)
{
    struct world *world = *state;
    start(world);
    answer_call(world);
    script_greet(&world->script, SCRIPT_EPOCH);
    script_error(&world->script, WIRE_ERROR_TOO_MANY_CLIENTS, "8 clients");
    send_all(world);
    HEAR_UNTIL(world, world->closed);
    hang_up(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    add_frames(world, 1, 2);
    send_all(world);
    HEAR_UNTIL(world, world->closed);
    assert_true(world->failed);
    hang_up(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    say_end(world, WIRE_END_FINISHED, 0, 0);
    join(world);
    assert_int_equal(world->end, RECEIVER_FINISHED);
}

/* It waits for a daemon that is not there yet, and says so once. */
static void the_daemon_comes_later(void **state)
{
    struct world *world = *state;
    char note[128];
    close(world->listener);
    unlink(world->config.address.host);
    start(world);
    uint64_t deadline = clock_monotonic() + BOUND_MS * CLOCK_MS;
    while (count_text(stderr_text(), "trying again until it works") == 0) { /* the first attempt */
        assert_true(clock_monotonic() < deadline);
        sched_yield();
    }
    receiver_note(world->receiver, note, sizeof(note));
    assert_memory_equal(note, "connecting to unix:/", 20);
    listen_here(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    settle(world);
    receiver_note(world->receiver, note, sizeof(note));
    assert_string_equal(note, "");
    say_end(world, WIRE_END_FINISHED, 0, 0);
    join(world);
    assert_int_equal(world->end, RECEIVER_FINISHED);
    assert_int_equal(count_text(stderr_text(), "trying again until it works"), 1);
}

/* What comes for a window that nobody sees is left, and asked for again. */
static void a_window_that_is_not_seen(void **state)
{
    struct world *world = *state;
    world->config.session.mode = WIRE_LIVE;
    sink_finish(&world->outputs.sinks[0], NULL, false);
    world->outputs.sink_count = 0;
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    add_frames(world, 0, 2);
    settle(world);
    receiver_pause(world->receiver, true);
    receiver_pause(world->receiver, false); /* soon enough */
    settle(world);
    assert_false(world->ended);
    receiver_pause(world->receiver, true);
    HEAR_UNTIL(world, world->ended);
    assert_int_equal(world->receiver_end.captured, 2);
    say_end(world, WIRE_END_DONE, 2, 0);
    struct pollfd call = { .fd = world->listener, .events = POLLIN };
    assert_int_equal(poll(&call, 1, 1000), 0); /* it rests */
    receiver_pause(world->receiver, false);
    connect_from(world, SCRIPT_EPOCH, 5);
    settle(world);
    say_end(world, WIRE_END_FINISHED, 0, 0);
    join(world);
    assert_int_equal(world->end, RECEIVER_FINISHED);
    assert_int_equal(totals(world).missed, 3);
    assert_null(strstr(stderr_text(), "warning"));
}

/* Where anything else is done with the frames, they go on. */
static void a_sink_beside_a_window_that_is_not_seen(void **state)
{
    struct world *world = *state;
    world->config.session.mode = WIRE_LIVE;
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    receiver_pause(world->receiver, true);
    settle(world);
    struct pollfd word = { .fd = world->fd, .events = POLLIN };
    uint64_t until = clock_monotonic() + 2500 * CLOCK_MS;
    for (int left; (left = clock_left_ms(until)) > 0;)
        if (poll(&word, 1, left) > 0)
            hear(world);
    assert_false(world->ended);
    say_end(world, WIRE_END_FINISHED, 0, 0);
    join(world);
}

static void the_note(void **state)
{
    struct world *world = *state;
    char note[128];
    start(world);
    answer_call(world);
    script_greet(&world->script, SCRIPT_EPOCH);
    settle(world);
    receiver_note(world->receiver, note, sizeof(note));
    assert_string_equal(note, "waiting for the camera");
    script_status(&world->script, WIRE_STREAM_LOST, "no camera is plugged in");
    settle(world);
    receiver_note(world->receiver, note, sizeof(note));
    assert_string_equal(note, "no camera: no camera is plugged in");
    script_status(&world->script, WIRE_STREAM_RUNNING, "");
    settle(world);
    receiver_note(world->receiver, note, sizeof(note));
    assert_string_equal(note, "");
    receiver_note(world->receiver, note, 1); /* no room at all */
    receiver_stop(world->receiver, RECEIVER_INTERRUPTED);
    HEAR_UNTIL(world, world->ended);
    say_end(world, WIRE_END_DONE, 0, 0);
    join(world);
}

/* Which
 * frames. */

/* A second connection, to a daemon of this epoch, that asks where the grid goes on. */
static void resume_from(struct world *world, uint64_t epoch, uint64_t first_id)
{
    take_over(world, take_call(world));
    script_greet(&world->script, epoch);
    HEAR_UNTIL(world, world->asked_ns);
    answer_ping(world);
    send_all(world);
    HEAR_UNTIL(world, world->subscribed);
    script_stream(&world->script, first_id);
}

/* Whatever happens to the connection, frames are wanted on one grid; but ids are an epoch's own.
 */
static void a_grid_of_ids_goes_on(void **state)
{
    static const uint64_t ids[] = { 5, 15, 25, 3 };
    struct world *world = *state;
    world->config.session.every = 10;
    start(world);
    connect_from(world, SCRIPT_EPOCH, 5);
    assert_int_equal(world->subscribe.every, 10);
    assert_int_equal(world->subscribe.first_due, 0);
    add_frames(world, 5, 6);
    script_drops(&world->script, 6, 9, WIRE_DROP_RATE_LIMITED);
    add_frames(world, 15, 16);
    settle(world);
    hang_up(world);
    resume_from(world, SCRIPT_EPOCH, 22);
    assert_int_equal(world->subscribe.every, 10);
    assert_int_equal(world->subscribe.first_due, 25);
    script_drops(&world->script, 22, 3, WIRE_DROP_RATE_LIMITED);
    add_frames(world, 25, 26);
    settle(world);
    hang_up(world);
    resume_from(world, SCRIPT_EPOCH + 1, 3);
    assert_int_equal(world->subscribe.first_due, 0);
    add_frames(world, 3, 4);
    settle(world);
    hang_up(world);
    resume_from(world, SCRIPT_EPOCH + 1, 4);
    assert_int_equal(world->subscribe.first_due, 13);
    say_end(world, WIRE_END_FINISHED, 0, 0);
    join(world);
    assert_ids(&world->fakes[0], ids, 4);
}

/* Sensor times are the device's, whichever daemon runs on it. */
static void a_grid_of_times_goes_on(void **state)
{
    struct world *world = *state;
    world->config.session.max_fps_mhz = 1000;
    start(world);
    connect_from(world, SCRIPT_EPOCH, 5);
    assert_int_equal(world->subscribe.max_fps_mhz, 1000);
    add_frames(world, 5, 6); /* taken at 5001 ns */
    settle(world);
    hang_up(world);
    resume_from(world, SCRIPT_EPOCH + 1, 0);
    assert_int_equal(world->subscribe.first_due, CLOCK_SECOND + 5001);
    say_end(world, WIRE_END_FINISHED, 0, 0);
    join(world);
}

/* What was taken before --duration was over is kept, though it arrives later; and of what the
 * daemon could not send by then, what is not just about to come is missing. */
static void what_was_taken_in_time(void **state)
{
    struct world *world = *state;
    world->config.duration_s = 0.4;
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    /* The device's clock was 0 a moment ago: all frames were taken about then. */
    answer_ping(world);
    add_frames(world, 0, 1);
    send_all(world);
    HEAR_UNTIL(world, world->ended);
    add_frames(world, 1, 3);
    script_drops(&world->script, 3, 10, WIRE_DROP_UNSENT);
    say_end(world, WIRE_END_DONE, 3, 10);
    join(world);
    assert_int_equal(world->end, RECEIVER_DONE);
    assert_int_equal(world->kept, 3);
    assert_int_equal(totals(world).dropped[WIRE_DROP_UNSENT], 10);
    assert_int_equal(totals(world).unsent_due, 4); /* 150 ms at 30 frames/s */
}

/* All lie in the socket at once, more than are wanted: not one too many is kept. */
static void exactly_so_many(void **state)
{
    static const uint64_t ids[] = { 0, 1, 2 };
    struct world *world = *state;
    world->config.frames = 3;
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    add_frames(world, 0, 40);
    send_all(world);
    HEAR_UNTIL(world, world->ended);
    assert_in_range(world->receiver_end.delivered, 3, 40);
    assert_int_equal(world->receiver_end.captured, world->receiver_end.delivered);
    say_end(world, WIRE_END_DONE, 40, 0);
    join(world);
    assert_int_equal(world->end, RECEIVER_DONE);
    assert_int_equal(world->kept, 3);
    assert_ids(&world->fakes[0], ids, 3);
}

/* What a live sink passed over is not kept: it gets as many as were asked for. */
static void exactly_so_many_live(void **state)
{
    static const uint64_t ids[] = { 0, 9, 10 };
    struct world *world = *state;
    struct fake *fake = &world->fakes[0];
    sink_finish(&world->outputs.sinks[0], NULL, false);
    world->outputs.sink_count = 0;
    add_sink_of(world, SINK_LIVE);
    world->config.frames = 3;
    fake_gate(fake, true);
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    add_frames(world, 0, 1);
    settle(world);
    FAKE_UNTIL(fake, fake->entered);
    add_frames(world, 1, 10);
    settle(world);
    assert_false(world->ended);
    fake_gate(fake, false);
    FAKE_UNTIL(fake, fake->count == 2);
    add_frames(world, 10, 11);
    send_all(world);
    HEAR_UNTIL(world, world->ended);
    say_end(world, WIRE_END_DONE, 11, 0);
    join(world);
    assert_int_equal(world->end, RECEIVER_DONE);
    assert_int_equal(world->kept, 11);
    assert_ids(fake, ids, 3);
}

/* Damaged frames are counted, but neither kept nor reckoned among --frames. */
static void damaged_frames_do_not_count(void **state)
{
    static const uint64_t ids[] = { 0, 2 };
    struct world *world = *state;
    world->config.frames = 2;
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    add_frames(world, 0, 1);
    script_head(&world->script, 1);
    script_part(&world->script, 1, 0, 50, 60);
    script_tail(&world->script, 1, 60);
    add_frames(world, 2, 3);
    send_all(world);
    HEAR_UNTIL(world, world->ended);
    say_end(world, WIRE_END_DONE, 3, 0);
    join(world);
    assert_int_equal(world->end, RECEIVER_DONE);
    assert_ids(&world->fakes[0], ids, 2);
    assert_int_equal(totals(world).damaged, 1);
    assert_int_equal(totals(world).cut, 0);
    assert_int_equal(totals(world).captured, 3);
    assert_non_null(strstr(stderr_text(), "frame 1 arrived damaged"));
}

/* The time begins with the first frame, neither before nor with any later one. */
static void so_long(void **state)
{
    struct world *world = *state;
    uint64_t id = 0;
    world->config.duration_s = 0.05;
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    settle(world);
    uint64_t begun = clock_monotonic();
    assert_false(world->ended);
    while (!world->ended) {
        assert_true(clock_monotonic() - begun < BOUND_MS * CLOCK_MS);
        script_frame(&world->script, id++, 100, 1);
        script_ping(&world->script, 1);
        send_all(world);
        HEAR_UNTIL(world, world->ended || world->pongs > id); /* one was answered before */
    }
    assert_true(clock_monotonic() - begun >= 50 * CLOCK_MS);
    say_end(world, WIRE_END_DONE, id, 0);
    join(world);
    assert_int_equal(world->end, RECEIVER_DONE);
    assert_in_range(world->kept, 1, id);
    assert_int_equal(totals(world).received, id);
}

/* --timeout. */

static void no_frame_without_a_daemon(void **state)
{
    struct world *world = *state;
    close(world->listener);
    world->listener = -1;
    world->config.timeout_s = 0.05;
    uint64_t begun = clock_monotonic();
    start(world);
    join(world);
    assert_true(clock_monotonic() - begun >= 50 * CLOCK_MS);
    assert_int_equal(world->end, RECEIVER_TIMEOUT);
    assert_true(receiver_was_cut_off(world->receiver));
    assert_non_null(strstr(stderr_text(), "error: no frame came for 0.05 s (--timeout)"));
}

/* The daemon is there and has no camera: what it says is told again, and it gets its END. */
static void no_frame_from_the_camera(void **state)
{
    struct world *world = *state;
    world->config.timeout_s = 2;
    start(world);
    answer_call(world);
    script_greet(&world->script, SCRIPT_EPOCH);
    script_status(&world->script, WIRE_STREAM_LOST, "unplugged");
    send_all(world);
    HEAR_UNTIL(world, world->ended);
    say_end(world, WIRE_END_DONE, 0, 0);
    join(world);
    assert_int_equal(world->end, RECEIVER_TIMEOUT);
    assert_false(receiver_was_cut_off(world->receiver));
    assert_int_equal(
        count_text(stderr_text(), "no frame came for 2 s (--timeout): no camera: unplugged"), 1);
}

/* The next connection; -1: there is none, since the receiver has ended. */
static int take_call_until_the_end(struct world *world)
{
    struct pollfd call = { .fd = world->listener, .events = POLLIN };
    uint64_t begun = clock_monotonic();
    while (poll(&call, 1, 10) == 0) {
        assert_true(clock_monotonic() - begun < BOUND_MS * CLOCK_MS);
        if (pthread_tryjoin_np(world->thread, NULL) == 0) {
            world->running = false;
            return -1;
        }
    }
    return accept4(world->listener, NULL, NULL, SOCK_CLOEXEC);
}

/* A damaged frame is none, and neither is a connection: that they come again and again does not
 * help. */
static void no_frame_for_so_long(void **state)
{
    struct world *world = *state;
    unsigned calls = 0;
    world->config.timeout_s = 2;
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    uint64_t begun = clock_monotonic();
    add_frames(world, 0, 2);
    settle(world);
    hang_up(world);
    for (int fd; (fd = take_call_until_the_end(world)) >= 0; calls++) {
        script_greet(&world->script, SCRIPT_EPOCH);
        script_stream(&world->script, 2 + calls);
        script_head(&world->script, 2 + calls);
        script_part(&world->script, 2 + calls, 0, 50, 60);
        script_tail(&world->script, 2 + calls, 60);
        send(fd, world->script.bytes, world->script.size, MSG_NOSIGNAL);
        world->script.size = 0;
        close(fd);
    }
    sink_finish(&world->outputs.sinks[0], NULL, false);
    assert_true(clock_monotonic() - begun >= 2 * CLOCK_SECOND);
    assert_true(calls > 0);
    assert_int_equal(world->end, RECEIVER_TIMEOUT);
    assert_int_equal(world->kept, 2);
}

/* The end. */

static void stopped_from_another_thread(void **state)
{
    struct world *world = *state;
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    add_frames(world, 0, 2);
    settle(world);
    receiver_stop(world->receiver, RECEIVER_INTERRUPTED);
    receiver_stop(world->receiver, RECEIVER_DONE); /* too late: the first reason counts */
    HEAR_UNTIL(world, world->ended);
    assert_int_equal(world->receiver_end.delivered, 2);
    add_frames(world, 2, 3); /* the frame under way: received, but not kept */
    say_end(world, WIRE_END_DONE, 3, 0);
    join(world);
    assert_int_equal(world->end, RECEIVER_INTERRUPTED);
    assert_false(receiver_was_cut_off(world->receiver));
    assert_int_equal(world->fakes[0].count, 2);
    assert_int_equal(totals(world).received, 3);
}

static void stopped_while_there_is_no_daemon(void **state)
{
    struct world *world = *state;
    close(world->listener);
    world->listener = -1;
    start(world);
    receiver_stop(world->receiver, RECEIVER_INTERRUPTED);
    join(world);
    assert_int_equal(world->end, RECEIVER_INTERRUPTED);
    assert_true(receiver_was_cut_off(world->receiver));
    assert_int_equal(totals(world).connections, 0);
}

/* Somebody answers there, but has not said yet that it is a daemon. */
static void stopped_before_hello(void **state)
{
    struct world *world = *state;
    start(world);
    answer_call(world);
    receiver_stop(world->receiver, RECEIVER_INTERRUPTED);
    HEAR_UNTIL(world, world->ended);
    hang_up(world);
    join(world);
    assert_int_equal(world->end, RECEIVER_INTERRUPTED);
    assert_true(receiver_was_cut_off(world->receiver));
}

/* The daemon takes END and says nothing any more: it is waited for, but not for ever. */
static void a_daemon_that_does_not_answer(void **state)
{
    struct world *world = *state;
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    settle(world);
    uint64_t begun = clock_monotonic();
    receiver_stop(world->receiver, RECEIVER_DONE);
    HEAR_UNTIL(world, world->ended);
    join(world);
    assert_in_range(clock_monotonic() - begun, CLOCK_SECOND, 10 * CLOCK_SECOND);
    assert_int_equal(world->end, RECEIVER_DONE);
}

static void signals(void **state)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
    struct world *world = *state;
    for (int i = 0; i < 3; i++) {
        start(world);
        connect_from(world, SCRIPT_EPOCH, 0);
        settle(world);
        assert_int_equal(kill(getpid(), numbers[i]), 0); /* main() has blocked them everywhere */
        HEAR_UNTIL(world, world->ended);
        say_end(world, WIRE_END_DONE, 0, 0);
        join(world);
        assert_int_equal(world->end, RECEIVER_INTERRUPTED);
        receiver_destroy(&world->receiver);
    }
}

/* Who presses Ctrl-C again does not want to wait for a final_message. */
static void a_second_signal(void **state)
{
    struct world *world = *state;
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    settle(world);
    uint64_t begun = clock_monotonic();
    assert_int_equal(kill(getpid(), SIGINT), 0);
    HEAR_UNTIL(world, world->ended);
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    join(world);
    assert_in_range(clock_monotonic() - begun, 0, 1500 * CLOCK_MS);
    assert_int_equal(world->end, RECEIVER_INTERRUPTED);
}

static void a_sink_that_is_gone(void **state)
{
    struct world *world = *state;
    world->fakes[0].broken = true;
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    add_frames(world, 0, 5);
    send_all(world);
    HEAR_UNTIL(world, world->ended);
    say_end(world, WIRE_END_DONE, 5, 0);
    join(world);
    assert_int_equal(world->end, RECEIVER_NO_SINK);
}

static void fake_break(struct fake *fake)
{
    pthread_mutex_lock(&fake->lock);
    fake->broken = true;
    pthread_mutex_unlock(&fake->lock);
}

/* Nothing is given to it any more, the other one gets all; the run ends with the last one. */
static void each_sink_ends_alone(void **state)
{
    static const uint64_t ids[] = { 0, 1, 2, 3, 4, 5 };
    struct world *world = *state;
    add_sink(world);
    fake_break(&world->fakes[0]);
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    add_frames(world, 0, 1);
    settle(world);
    FAKE_UNTIL(&world->fakes[0], world->fakes[0].gone);
    add_frames(world, 1, 5);
    settle(world);
    assert_false(world->ended);
    FAKE_UNTIL(&world->fakes[1], world->fakes[1].count == 5);
    fake_break(&world->fakes[1]);
    add_frames(world, 5, 6);
    send_all(world);
    HEAR_UNTIL(world, world->ended);
    say_end(world, WIRE_END_DONE, 6, 0);
    join(world);
    assert_int_equal(world->end, RECEIVER_NO_SINK);
    assert_ids(&world->fakes[0], ids, 1);
    assert_ids(&world->fakes[1], ids, 6);
}

/* --null was asked for as well: there is still something to do. */
static void null_never_goes(void **state)
{
    struct world *world = *state;
    world->outputs.null = true;
    fake_break(&world->fakes[0]);
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    add_frames(world, 0, 1);
    settle(world);
    FAKE_UNTIL(&world->fakes[0], world->fakes[0].gone);
    add_frames(world, 1, 5);
    settle(world);
    assert_false(world->ended);
    say_end(world, WIRE_END_FINISHED, 5, 0);
    join(world);
    assert_int_equal(world->end, RECEIVER_FINISHED);
    assert_int_equal(world->kept, 5);
}

/* Who takes the last one away says why; strangers and those that went before are none. */
static void the_last_one_says_why(void **state)
{
    struct world *world = *state;
    add_sink(world);
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    settle(world);
    struct sink *const *sinks = world->outputs.sinks;
    assert_true(receiver_detach(world->receiver, world, RECEIVER_FAILED));
    assert_true(receiver_detach(world->receiver, sinks[1], RECEIVER_FAILED));
    assert_true(receiver_detach(world->receiver, sinks[1], RECEIVER_FAILED));
    add_frames(world, 0, 3);
    settle(world);
    assert_false(world->ended);
    assert_false(receiver_detach(world->receiver, sinks[0], RECEIVER_INTERRUPTED));
    assert_false(receiver_detach(world->receiver, sinks[0], RECEIVER_FAILED));
    HEAR_UNTIL(world, world->ended);
    say_end(world, WIRE_END_DONE, 3, 0);
    join(world);
    assert_int_equal(world->end, RECEIVER_INTERRUPTED);
    assert_int_equal(world->fakes[0].count, 3);
    assert_int_equal(world->fakes[1].count, 0);
}

/* Slow sinks. */

enum { MANY = 200, LONG = 8000 };

static void add_many(struct world *world)
{
    for (uint64_t id = 0; id < MANY; id++)
        script_frame(&world->script, id, LONG, 2);
}

static void assert_many(const struct world *world)
{
    uint64_t ids[MANY];
    for (uint64_t id = 0; id < MANY; id++)
        ids[id] = id;
    assert_int_equal(world->end, RECEIVER_FINISHED);
    assert_ids(&world->fakes[0], ids, MANY);
}

/* The reading stops once all frames wait for the sink, and nothing is lost. */
static void a_slow_sink_stops_the_reading(void **state)
{
    struct world *world = *state;
    fake_gate(&world->fakes[0], true);
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    add_many(world);
    size_t sent = send_some(world, 300);
    assert_in_range(sent, SINK_QUEUE * LONG, MANY * LONG - 1);
    assert_in_range(world->acks, SINK_QUEUE - 1, SINK_QUEUE);
    fake_gate(&world->fakes[0], false);
    send_all(world);
    say_end(world, WIRE_END_FINISHED, MANY, 0);
    join(world);
    assert_many(world);
    assert_int_equal(world->acks, MANY);
}

static uint64_t cpu_time(pthread_t thread)
{
    clockid_t clock;
    assert_int_equal(pthread_getcpuclockid(thread, &clock), 0);
    return clock_read(clock);
}

/* The daemon has said all and gone while the sink was stuck. What lies in the socket still counts,
 * and nobody turns in circles meanwhile. */
static void the_daemon_is_gone_before_all_was_read(void **state)
{
    enum { KEEP_OFF_MS = 300 };
    struct world *world = *state;
    fake_gate(&world->fakes[0], true);
    start(world);
    connect_from(world, SCRIPT_EPOCH, 0);
    for (uint64_t id = 0; id < MANY; id++)
        script_frame(&world->script, id, 500, 1);
    script_end(&world->script, WIRE_END_FINISHED, MANY, 0);
    send_all(world); /* fits in the socket */
    HEAR_UNTIL(world, world->acks >= SINK_QUEUE);
    hang_up(world);
    uint64_t before = cpu_time(world->thread);
    poll(NULL, 0, KEEP_OFF_MS); /* nothing happens, and that is what is to be seen */
    assert_in_range(cpu_time(world->thread) - before, 0, KEEP_OFF_MS / 3 * CLOCK_MS);
    fake_gate(&world->fakes[0], false);
    join(world);
    assert_many(world);
    assert_int_equal(totals(world).connections, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frames_reach_every_sink),
        TEST(cut_and_connected_again),
        TEST(the_clock_is_kept),
        TEST(a_silent_connection_is_replaced),
        TEST(a_connection_that_is_heard_again_stays),
        TEST(a_silent_connection_is_kept),
        TEST(what_was_missed_is_told_once),
        TEST(the_daemon_is_restarted),
        TEST(a_daemon_that_goes_back),
        TEST(a_daemon_that_hangs_up_again_and_again),
        TEST(without_reconnecting),
        TEST(hopeless_errors_end_it),
        TEST(a_web_server),
        TEST(other_errors_do_not),
        TEST(the_daemon_comes_later),
        TEST(a_window_that_is_not_seen),
        TEST(a_sink_beside_a_window_that_is_not_seen),
        TEST(the_note),
        TEST(a_grid_of_ids_goes_on),
        TEST(a_grid_of_times_goes_on),
        TEST(what_was_taken_in_time),
        TEST(exactly_so_many),
        TEST(exactly_so_many_live),
        TEST(damaged_frames_do_not_count),
        TEST(so_long),
        TEST(no_frame_without_a_daemon),
        TEST(no_frame_from_the_camera),
        TEST(no_frame_for_so_long),
        TEST(stopped_from_another_thread),
        TEST(stopped_while_there_is_no_daemon),
        TEST(stopped_before_hello),
        TEST(a_daemon_that_does_not_answer),
        TEST(signals),
        TEST(a_second_signal),
        TEST(a_sink_that_is_gone),
        TEST(each_sink_ends_alone),
        TEST(null_never_goes),
        TEST(the_last_one_says_why),
        TEST(a_slow_sink_stops_the_reading),
        TEST(the_daemon_is_gone_before_all_was_read),
    };
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
    signal(SIGPIPE, SIG_IGN);
    log_setup("pitether", LOG_LEVEL_INFO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
