/*
 * Prints what comes of one receiver or more, one line an event, by what pitether.h offers alone:
 *   watch_events [-l] [-d MS] [-t SECONDS] [-e EVERY] [-n FRAMES] [-k KEYS] ADDRESS...
 *   watch_events -L ADDRESS
 * -l: lossless; -d: so slow with each frame; -t: duration; -n: stop after so many frames of each;
 * -L: list the streams. SIGTERM stops the receivers in order. The log goes to stderr.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pitether.h>

enum { RECEIVERS_MAX = 8 };

static struct pitether *receivers[RECEIVERS_MAX];
static unsigned frames[RECEIVERS_MAX];
static int count, ended;
static int delay_ms;
static unsigned wanted;

static void on_log(void *user, enum pitether_log_level level, const char *line)
{
    static const char *const names[] = { "error", "warning", "info", "debug" };
    (void)user;
    fprintf(stderr, "%s: %s\n", names[level], line);
}

static void on_signal(int number)
{
    (void)number;
    for (int i = 0; i < count; i++)
        pitether_stop(receivers[i]);
}

static void take_frame(int index, const struct pitether_frame *frame)
{
    printf("%d frame %016" PRIx64 " %" PRIu64 " %zu\n", index, frame->epoch, frame->id,
           frame->size);
    pitether_frame_release(frame);
    if (++frames[index] == wanted)
        pitether_stop(receivers[index]);
    fflush(stdout);
    poll(NULL, 0, delay_ms);
}

static void take(int index, const struct pitether_event *event)
{
    const struct pitether_drops *drops = &event->drops;
    switch (event->type) {
    case PITETHER_CONNECTED:
        printf("%d connected %016" PRIx64 "\n", index, event->epoch);
        break;
    case PITETHER_LOST:
        printf("%d lost %s\n", index, event->text);
        break;
    case PITETHER_STREAM:
        printf("%d stream %s %ux%u %g\n", index, event->stream.name, event->stream.width,
               event->stream.height, event->stream.fps);
        break;
    case PITETHER_STATUS:
        printf("%d status %d %s\n", index, (int)event->status.state, event->status.text);
        break;
    case PITETHER_FRAME:
        take_frame(index, event->frame);
        break;
    case PITETHER_DROPS:
        printf("%d drops %016" PRIx64 " %" PRIu64 " %" PRIu64 " %s\n", index, drops->epoch,
               drops->first_id, drops->count, pitether_drop_name(drops->reason));
        break;
    case PITETHER_END:
        printf("%d end %d %s\n", index, (int)event->end.reason, event->end.text);
        ended++;
        break;
    case PITETHER_CONTROLS:
    case PITETHER_CHANGED:
        break;
    default:
        abort();
    }
    fflush(stdout);
}

/* One event of each that has one. */
static void take_ready(void)
{
    struct pollfd ready[RECEIVERS_MAX];
    struct pitether_event event;
    for (int i = 0; i < count; i++)
        ready[i] = (struct pollfd){ pitether_fd(receivers[i]), POLLIN, 0 };
    if (poll(ready, (nfds_t)count, -1) < 0 && errno != EINTR)
        abort();
    for (int i = 0; i < count; i++)
        if (ready[i].revents) {
            if (pitether_next(receivers[i], 0, &event) != 1)
                abort(); /* it was readable */
            take(i, &event);
        }
}

static int list(const char *address, const struct pitether_options *options)
{
    struct pitether_stream_info streams[4];
    struct pitether_error error;
    int found = pitether_list_streams(address, options, streams, 4, &error);
    if (found < 0)
        printf("error %d %s\n", error.code, error.text);
    for (int i = 0; i < found && i < 4; i++)
        printf("%s %ux%u %g %d %s\n", streams[i].name, streams[i].width, streams[i].height,
               streams[i].fps, (int)streams[i].state, streams[i].model);
    return found < 0;
}

static int usage(void)
{
    fputs("watch_events [-l] [-d MS] [-t SECONDS] [-e EVERY] [-n FRAMES] [-k KEYS] [-s STREAM] "
          "ADDRESS...\nwatch_events -L ADDRESS\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct pitether_options options = PITETHER_OPTIONS_INIT;
    struct pitether_error error;
    bool lists = false;
    options.log = on_log;
    for (int option; (option = getopt(argc, argv, "ld:t:e:n:k:s:L")) != -1;) {
        if (option == 'l')
            options.mode = PITETHER_LOSSLESS;
        else if (option == 'd')
            delay_ms = atoi(optarg);
        else if (option == 't')
            options.duration_s = atof(optarg);
        else if (option == 'e')
            options.every = (uint32_t)atoi(optarg);
        else if (option == 'n')
            wanted = (unsigned)atoi(optarg);
        else if (option == 'k')
            options.keys_file = optarg;
        else if (option == 's')
            options.stream = optarg;
        else if (option == 'L')
            lists = true;
        else
            return usage();
    }
    if (optind == argc || argc - optind > RECEIVERS_MAX)
        return usage();
    if (lists)
        return list(argv[optind], &options);
    for (; optind < argc; optind++) {
        receivers[count] = pitether_open(argv[optind], &options, &error);
        if (!receivers[count++]) {
            printf("error %d %s\n", error.code, error.text);
            return 1;
        }
    }
    signal(SIGTERM, on_signal);
    while (ended < count)
        take_ready();
    for (int i = 0; i < count; i++)
        pitether_close(&receivers[i]);
    return 0;
}
