#include "receiver_fixture.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void on_log(void *user, enum pitether_log_level level, const char *line)
{
    static const char *const names[] = { "error", "warning", "info", "debug" };
    struct fixture *fixture = user;
    pthread_mutex_lock(&fixture->lock);
    size_t used = strlen(fixture->log);
    snprintf(fixture->log + used, LOG_MAX - used, "%s: %s\n", names[level], line);
    pthread_mutex_unlock(&fixture->lock);
}

const char *log_text(struct fixture *fixture)
{
    static char text[LOG_MAX];
    pthread_mutex_lock(&fixture->lock);
    memcpy(text, fixture->log, LOG_MAX);
    pthread_mutex_unlock(&fixture->lock);
    return text;
}

void stop_listening(struct fixture *fixture)
{
    if (fixture->listener >= 0)
        close(fixture->listener);
    fixture->listener = -1;
    unlink(fixture->path);
}

void listen_here(struct fixture *fixture)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    strcpy(name.sun_path, fixture->path);
    fixture->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fixture->listener, (const struct sockaddr *)&name, sizeof(name)), 0);
    assert_int_equal(listen(fixture->listener, 4), 0);
}

int fixture_set_up(void **state)
{
    struct fixture *fixture = *state = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    strcpy(fixture->root, "/tmp/pitether-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->root));
    sprintf(fixture->path, "%s/daemon", fixture->root);
    sprintf(fixture->address, "unix:%s", fixture->path);
    setenv("XDG_CONFIG_HOME", fixture->root, 1); /* where there are no keys */
    pthread_mutex_init(&fixture->lock, NULL);
    fixture->options = (struct pitether_options)PITETHER_OPTIONS_INIT;
    fixture->options.mode = PITETHER_LOSSLESS;
    fixture->options.log = on_log;
    fixture->options.user = fixture;
    fixture->fd = -1;
    listen_here(fixture);
    return 0;
}

void hang_up(struct fixture *fixture)
{
    if (fixture->fd >= 0)
        close(fixture->fd);
    fixture->fd = -1;
}

int fixture_tear_down(void **state)
{
    struct fixture *fixture = *state;
    pitether_close(&fixture->receiver);
    hang_up(fixture);
    stop_listening(fixture);
    rmdir(fixture->root);
    script_free(&fixture->script);
    pthread_mutex_destroy(&fixture->lock);
    free(fixture);
    return 0;
}

void start(struct fixture *fixture)
{
    struct pitether_error error;
    fixture->receiver = pitether_open(fixture->address, &fixture->options, &error);
    if (!fixture->receiver)
        fail_msg("%s", error.text);
    memset(&fixture->record, 0, sizeof(fixture->record));
}

/* Those that nobody has told of yet are no gap in an epoch's ids. */
static void check_order(struct record *record, uint64_t epoch, uint64_t first_id, uint64_t count)
{
    record->unordered += record->epoch == epoch && record->next_id != first_id;
    record->epoch = epoch;
    record->next_id = first_id + count;
}

static void record_frame(struct record *record, const struct pitether_frame *frame)
{
    assert_in_range(record->count, 0, IDS_MAX - 1);
    record->clock_known[record->count] = frame->times.offset_known;
    record->ids[record->count++] = frame->id;
    record->wrong += !script_frame_is_right(frame->data, frame->id, frame->size);
    check_order(record, frame->epoch, frame->id, 1);
    pitether_frame_release(frame);
}

static void record_changed(struct record *record, const struct pitether_changed *changed)
{
    record->changed = *changed;
    record->changed.changes = NULL;
    if (changed->count > 0)
        record->change = changed->changes[0];
    if (changed->request == 0) {
        record->notices++;
        return;
    }
    assert_in_range(record->answers, 0, CHANGES_MAX - 1);
    record->answered[record->answers++] = changed->request;
}

static void record_event(struct record *record, const struct pitether_event *event)
{
    assert_false(record->ended);
    switch (event->type) {
    case PITETHER_CONNECTED:
        record->connections++;
        break;
    case PITETHER_LOST:
        record->losses++;
        strcpy(record->lost, event->text);
        break;
    case PITETHER_STREAM:
        record->stream = event->stream;
        break;
    case PITETHER_STATUS:
        record->status = event->status;
        break;
    case PITETHER_FRAME:
        record_frame(record, event->frame);
        break;
    case PITETHER_DROPS:
        assert_in_range(event->drops.reason, 0, DROP_REASONS - 1);
        record->drops[event->drops.reason] += event->drops.count;
        record->overdue += event->drops.overdue;
        check_order(record, event->drops.epoch, event->drops.first_id, event->drops.count);
        break;
    case PITETHER_CONTROLS:
        record->lists++;
        record->controls = (unsigned)event->controls.count;
        break;
    case PITETHER_CHANGED:
        record_changed(record, &event->changed);
        break;
    case PITETHER_END:
        record->end = event->end;
        record->ended = true;
        break;
    default:
        fail_msg("an event of type %d", event->type);
    }
}

void take_all(struct fixture *fixture)
{
    struct pitether_event event;
    while (pitether_next(fixture->receiver, 0, &event) > 0)
        record_event(&fixture->record, &event);
}

void take_until(struct fixture *fixture, enum pitether_event_type type)
{
    struct pitether_event event;
    do {
        assert_int_equal(pitether_next(fixture->receiver, BOUND_MS, &event), 1);
        record_event(&fixture->record, &event);
    } while (event.type != type);
}

void take_the_rest(struct fixture *fixture)
{
    struct pitether_event event;
    if (!fixture->record.ended)
        take_until(fixture, PITETHER_END);
    assert_int_equal(pitether_next(fixture->receiver, -1, &event), 0);
    assert_int_equal(event.type, PITETHER_NONE);
    assert_int_equal(fixture->record.unordered, 0);
    assert_int_equal(fixture->record.wrong, 0);
}

uint32_t set_control(struct fixture *fixture, const char *assignments)
{
    uint32_t request = 0;
    assert_int_equal(pitether_set(fixture->receiver, assignments, &request), 0);
    assert_int_not_equal(request, 0);
    return request;
}

void assert_ids(const struct fixture *fixture, const uint64_t *ids, unsigned count)
{
    assert_int_equal(fixture->record.count, count);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(fixture->record.ids[i], ids[i]);
}

static void note_message(struct fixture *fixture, const struct wire_raw *raw,
                         const struct wire_message *message)
{
    assert_false(fixture->ended || fixture->failed); /* nothing follows those */
    if (message->type == WIRE_SUBSCRIBE) {
        fixture->subscribed = true;
        fixture->subscribe = message->subscribe;
    } else if (message->type == WIRE_PING) {
        fixture->pinged_ns = message->ping.t1;
    } else if (message->type == WIRE_PONG) {
        fixture->pongs++;
    } else if (message->type == WIRE_SET) {
        assert_int_equal(wire_decode_set(raw, &fixture->set), 0);
        fixture->sets++;
    } else if (message->type == WIRE_ACK) {
        fixture->ack_ids[fixture->acks++ % IDS_MAX] = message->ack.frame_id;
    } else if (message->type == WIRE_END) {
        fixture->ended = true;
        fixture->receiver_end = message->end;
    } else if (message->type == WIRE_ERROR) {
        fixture->failed = true;
        fixture->receiver_error = message->error;
    }
}

void receive(struct fixture *fixture)
{
    struct iovec space[2];
    struct wire_raw raw;
    struct wire_message message;
    int event;
    assert_int_equal(message_reader_space(&fixture->reader, space), 1);
    ssize_t got = recv(fixture->fd, space[0].iov_base, space[0].iov_len, MSG_DONTWAIT);
    if (got <= 0) {
        fixture->closed = got == 0 || errno != EAGAIN;
        return;
    }
    message_reader_filled(&fixture->reader, (size_t)got);
    while ((event = message_reader_next(&fixture->reader, &raw)) != MESSAGE_NONE) {
        assert_true(event == MESSAGE_OPENED || event == MESSAGE_CONTROL);
        if (event == MESSAGE_CONTROL) {
            assert_int_equal(wire_decode(&raw, &message), 0);
            note_message(fixture, &raw, &message);
        }
    }
}

size_t send_some(struct fixture *fixture, int timeout_ms)
{
    struct script *script = &fixture->script;
    size_t done = 0;
    while (done < script->size) {
        struct pollfd ready = { .fd = fixture->fd, .events = POLLIN | POLLOUT };
        if (!fixture->slow)
            take_all(fixture);
        if (poll(&ready, 1, timeout_ms) == 0)
            break;
        if (ready.revents & POLLIN)
            receive(fixture);
        ssize_t sent = send(fixture->fd, script->bytes + done, script->size - done,
                            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            break;
        done += sent > 0 ? (size_t)sent : 0;
    }
    if (done > 0)
        memmove(script->bytes, script->bytes + done, script->size - done);
    script->size -= done;
    return done;
}

void send_all(struct fixture *fixture)
{
    send_some(fixture, BOUND_MS);
    assert_int_equal(fixture->script.size, 0);
}

void settle(struct fixture *fixture)
{
    unsigned pongs = fixture->pongs;
    script_ping(&fixture->script, 1);
    send_all(fixture);
    RECEIVE_UNTIL(fixture, fixture->pongs > pongs);
}

int accept_call(struct fixture *fixture)
{
    struct pollfd ready = { .fd = fixture->listener, .events = POLLIN };
    if (!fixture->slow)
        take_all(fixture);
    assert_int_equal(poll(&ready, 1, BOUND_MS), 1);
    int fd = accept4(fixture->listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

void take_over(struct fixture *fixture, int fd)
{
    fixture->fd = fd;
    message_reader_init(&fixture->reader, WIRE_CONTROL_MAX);
    fixture->reader.hello_seen = true;
    fixture->subscribed = fixture->ended = fixture->failed = fixture->closed = false;
    fixture->acks = fixture->pongs = fixture->sets = 0;
    fixture->pinged_ns = 0;
}

void take_over_subscribed(struct fixture *fixture, int fd)
{
    take_over(fixture, fd);
    RECEIVE_UNTIL(fixture, fixture->subscribed && fixture->pinged_ns);
}

void answer_call(struct fixture *fixture)
{
    take_over_subscribed(fixture, accept_call(fixture));
}

void connect_from(struct fixture *fixture, uint64_t epoch, uint64_t first_id)
{
    answer_call(fixture);
    script_greet(&fixture->script, epoch);
    script_stream(&fixture->script, first_id);
    script_status(&fixture->script, WIRE_STREAM_RUNNING, "");
}

void list_controls(struct fixture *fixture)
{
    struct control_table table = script_table();
    script_controls(&fixture->script, &table);
    control_table_clear(&table);
    settle(fixture);
}

void add_frames(struct fixture *fixture, uint64_t from, uint64_t to)
{
    for (uint64_t id = from; id < to; id++)
        script_frame(&fixture->script, id, 100 + 10 * id, 3);
}

void answer_ping(struct fixture *fixture)
{
    script_say(&fixture->script,
               &(struct wire_message){ .type = WIRE_PONG, .pong.t1 = fixture->pinged_ns });
}

void send_end(struct fixture *fixture, unsigned reason, uint64_t delivered, uint64_t dropped)
{
    script_end(&fixture->script, reason, delivered, dropped);
    send_all(fixture);
    RECEIVE_UNTIL(fixture, fixture->closed);
    hang_up(fixture);
}
