/*
 * Many light receivers in one process: they read and acknowledge, and let the kernel throw the
 * pictures away without copying them, so that what is measured is the daemon.
 *
 *     many_clients ADDRESS CLIENTS STALLED MILLISECONDS
 *
 * STALLED of the CLIENTS subscribe and never read. Prints "begin" when every other one has had a
 * frame, "end" so many milliseconds later, then a line of JSON on what came in between. Latencies
 * are from the hand-over by the camera to the frame's last byte, and need the daemon to be on this
 * machine, whose clock it shares. With 0 milliseconds, only the first frames count.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "shared/base/clock.h"
#include "shared/net/address.h"
#include "shared/net/transport.h"
#include "shared/protocol/message_reader.h"
#include "shared/protocol/wire.h"

enum { EVENTS_MAX = 256, SAMPLES_MAX = 65536 };

struct viewer {
    struct transport *transport;
    struct message_reader reader;
    bool stalled;
    uint64_t captured_ns;               /* device time, of the frame under way */
    uint64_t subscribed_ns, first_ns;   /* device time; first_ns 0: no frame yet */
    uint64_t delivered, dropped, bytes; /* since "begin" */
    float *latencies;                   /* ms, since "begin" */
    unsigned latency_count;
};

static struct viewer *viewers;
static unsigned viewer_count, stalled_count, waiting; /* waiting: for their first frame */
static bool measuring;

/* Where the few bytes of a part go that came with its header; nobody reads them. */
static uint8_t *scratch;

static void die(const char *what)
{
    fprintf(stderr, "many_clients: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void say(struct viewer *viewer, const struct wire_message *message)
{
    uint8_t bytes[WIRE_ENCODED_MAX];
    struct iovec data = { bytes, wire_encode(message, bytes) };
    ssize_t sent = viewer->transport->ops->write(viewer->transport, &data, 1);
    if (sent != (ssize_t)data.iov_len) {
        errno = sent < 0 ? (int)-sent : EAGAIN;
        die("write");
    }
}

static void subscribe(struct viewer *viewer)
{
    viewer->subscribed_ns = clock_device();
    say(viewer,
        &(struct wire_message){ .type = WIRE_SUBSCRIBE, .subscribe = { .mode = WIRE_LIVE } });
}

static void take_tail(struct viewer *viewer, const struct wire_frame_tail *tail)
{
    if (tail->status != WIRE_FRAME_WHOLE)
        return;
    uint64_t now = clock_device();
    say(viewer, &(struct wire_message){
                    .type = WIRE_ACK,
                    .ack = { .frame_id = tail->frame_id, .received = clock_monotonic() } });
    if (viewer->first_ns == 0) {
        viewer->first_ns = now;
        waiting--;
    }
    if (!measuring)
        return;
    viewer->delivered++;
    viewer->bytes += tail->length;
    if (viewer->latency_count < SAMPLES_MAX)
        viewer->latencies[viewer->latency_count++] = (float)(now - viewer->captured_ns) / 1e6f;
}

static void take_message(struct viewer *viewer, const struct wire_message *message)
{
    switch (message->type) {
    case WIRE_HELLO:
        viewer->reader.hello_seen = true;
        break;
    case WIRE_STREAMS:
        subscribe(viewer);
        break;
    case WIRE_PING:
        say(viewer, &(struct wire_message){
                        .type = WIRE_PONG,
                        .pong = { message->ping.t1, clock_monotonic(), clock_monotonic() } });
        break;
    case WIRE_FRAME_HEAD:
        viewer->captured_ns = message->frame_head.capture_time;
        break;
    case WIRE_FRAME_TAIL:
        take_tail(viewer, &message->frame_tail);
        break;
    case WIRE_DROPS:
        if (measuring)
            viewer->dropped += message->drops.count;
        break;
    case WIRE_ERROR:
        fprintf(stderr, "many_clients: the daemon reports: %s\n", message->error.text);
        exit(1);
    default:
        break;
    }
}

static void take_events(struct viewer *viewer)
{
    struct wire_raw raw;
    struct wire_message message;
    int event;
    while ((event = message_reader_next(&viewer->reader, &raw)) != MESSAGE_NONE) {
        int error = event < 0 ? event : 0;
        if (event == MESSAGE_PART)
            message_reader_part_into(&viewer->reader, scratch);
        else if (event == MESSAGE_CONTROL && !(error = wire_decode(&raw, &message)))
            take_message(viewer, &message);
        if (error && error != -ENOMSG) {
            errno = -error;
            die("what the daemon sent");
        }
    }
}

/* A part's blob is discarded where it lies (tcp(7), MSG_TRUNC); all else is read. */
static ssize_t read_some(struct viewer *viewer)
{
    struct message_reader *reader = &viewer->reader;
    struct iovec room[2];
    if (reader->state == READING_BLOB && reader->start == reader->end) {
        ssize_t got = recv(viewer->transport->fd, NULL, reader->blob_left, MSG_TRUNC);
        return got < 0 ? -errno : got;
    }
    int count = message_reader_space(reader, room);
    return viewer->transport->ops->read(viewer->transport, room, count);
}

static void on_readable(struct viewer *viewer)
{
    ssize_t got;
    while ((got = read_some(viewer)) > 0) {
        message_reader_filled(&viewer->reader, (size_t)got);
        take_events(viewer);
    }
    if (got != -EAGAIN) {
        errno = (int)-got;
        die("the daemon closed");
    }
}

static void connect_viewer(struct viewer *viewer, const struct socket_address *to)
{
    int fd = socket(to->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&to->storage, to->size))
        die("connect");
    viewer->transport = transport_plain_create(fd);
    viewer->latencies = malloc(SAMPLES_MAX * sizeof(*viewer->latencies));
    if (!viewer->transport || !viewer->latencies)
        die("memory");
    message_reader_init(&viewer->reader, WIRE_MAX_MESSAGE_DEFAULT);
    struct iovec opening = { (void *)wire_opening, WIRE_OPENING_SIZE };
    if (viewer->transport->ops->write(viewer->transport, &opening, 1) != WIRE_OPENING_SIZE)
        die("write");
    say(viewer, &(struct wire_message){ .type = WIRE_HELLO,
                                        .hello = { .max_message = WIRE_MAX_MESSAGE_DEFAULT,
                                                   .software = "many_clients" } });
    if (viewer->stalled)
        subscribe(viewer);
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

/* By nearest rank, of sorted values. */
static double percentile(const float *values, unsigned count, unsigned percent)
{
    return count == 0 ? -1 : (double)values[((count - 1) * percent + 50) / 100];
}

static void report(uint64_t measured_ns, uint64_t cpu_ns)
{
    uint64_t delivered = 0, dropped = 0, bytes = 0, least = UINT64_MAX;
    double slowest_p50 = 0, slowest_p95 = 0, slowest_first = 0;
    for (unsigned i = 0; i < viewer_count; i++) {
        struct viewer *viewer = &viewers[i];
        if (viewer->stalled)
            continue;
        qsort(viewer->latencies, viewer->latency_count, sizeof(*viewer->latencies), compare);
        double p50 = percentile(viewer->latencies, viewer->latency_count, 50);
        double p95 = percentile(viewer->latencies, viewer->latency_count, 95);
        double first = (double)(viewer->first_ns - viewer->subscribed_ns) / 1e6;
        slowest_p50 = p50 > slowest_p50 ? p50 : slowest_p50;
        slowest_p95 = p95 > slowest_p95 ? p95 : slowest_p95;
        slowest_first = first > slowest_first ? first : slowest_first;
        delivered += viewer->delivered;
        dropped += viewer->dropped;
        bytes += viewer->bytes;
        least = viewer->delivered < least ? viewer->delivered : least;
    }
    printf("{\"clients\": %u, \"stalled\": %u, \"seconds\": %.6f, \"delivered\": %" PRIu64
           ", \"dropped\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"least_delivered\": %" PRIu64
           ", \"slowest_p50_ms\": %.3f, \"slowest_p95_ms\": %.3f, \"first_frame_ms\": %.3f"
           ", \"cpu_seconds\": %.6f}\n",
           viewer_count, stalled_count, (double)measured_ns / 1e9, delivered, dropped, bytes, least,
           slowest_p50, slowest_p95, slowest_first, (double)cpu_ns / 1e9);
}

static void run(int poll_fd, uint64_t measure_ns)
{
    struct epoll_event events[EVENTS_MAX];
    uint64_t begin = 0, cpu = 0;
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
    if (timer < 0 || epoll_ctl(poll_fd, EPOLL_CTL_ADD, timer, &event))
        die("timer");
    for (bool running = true; running;) {
        int count = epoll_wait(poll_fd, events, EVENTS_MAX, -1);
        if (count < 0 && errno != EINTR)
            die("epoll_wait");
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr)
                on_readable(events[i].data.ptr);
            else
                running = false;
        }
        if (waiting > 0 || measuring)
            continue;
        if (measure_ns == 0)
            break;
        measuring = true;
        begin = clock_monotonic();
        cpu = clock_read(CLOCK_PROCESS_CPUTIME_ID);
        struct itimerspec when = { .it_value = clock_timespec(measure_ns) };
        timerfd_settime(timer, 0, &when, NULL);
        puts("begin");
        fflush(stdout);
    }
    if (measuring) {
        begin = clock_monotonic() - begin;
        cpu = clock_read(CLOCK_PROCESS_CPUTIME_ID) - cpu;
        puts("end");
        fflush(stdout);
    }
    close(timer);
    report(begin, cpu);
}

int main(int argc, char **argv)
{
    struct address address;
    struct socket_address found[ADDRESSES_MAX];
    const char *why;
    if (argc != 5 || address_parse(argv[1], WIRE_DEFAULT_PORT, &address)) {
        fprintf(stderr, "usage: many_clients ADDRESS CLIENTS STALLED MILLISECONDS\n");
        return 2;
    }
    if (address_resolve(&address, false, found, &why) <= 0) {
        fprintf(stderr, "many_clients: %s: %s\n", argv[1], why);
        return 1;
    }
    viewer_count = (unsigned)atoi(argv[2]);
    stalled_count = (unsigned)atoi(argv[3]);
    if (viewer_count == 0 || stalled_count >= viewer_count)
        return 2;
    waiting = viewer_count - stalled_count;
    viewers = calloc(viewer_count, sizeof(*viewers));
    scratch = malloc(WIRE_MAX_MESSAGE_DEFAULT);
    int poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (!viewers || !scratch || poll_fd < 0)
        die("set-up");
    for (unsigned i = 0; i < viewer_count; i++) {
        struct viewer *viewer = &viewers[i];
        viewer->stalled = i < stalled_count;
        connect_viewer(viewer, &found[0]);
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = viewer };
        if (!viewer->stalled && epoll_ctl(poll_fd, EPOLL_CTL_ADD, viewer->transport->fd, &event))
            die("epoll_ctl");
    }
    run(poll_fd, strtoull(argv[4], NULL, 10) * CLOCK_MS);
    for (unsigned i = 0; i < viewer_count; i++) {
        transport_close(&viewers[i].transport);
        free(viewers[i].latencies);
    }
    free(viewers);
    free(scratch);
    close(poll_fd);
    return 0;
}
