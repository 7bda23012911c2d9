#include "host/controls/link.h"

#include <errno.h>
#include <string.h>

#include "host/base/quiet_log.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

/* Unless --timeout says otherwise. */
#define TIMEOUT_S 10

/* A daemon answers after 16 frames that the change may show in; a pause of the camera may cost many
 * more. */
enum { ANSWER_FRAMES = 1000 };

enum exit_code control_link_open(struct control_link *link, const struct host_options *options,
                                 double settle_s)
{
    struct pitether_options requested = PITETHER_OPTIONS_INIT;
    struct pitether_error error;
    *link = (struct control_link){ .receiver = NULL };
    requested.stream = options->stream;
    requested.keys_file = options->keys;
    requested.timeout_s = options->timeout > 0 ? options->timeout : TIMEOUT_S;
    requested.settle_s = settle_s;
    /* A second later than the receiver's own timeout, whose end says why nothing came. */
    link->controls_due = clock_monotonic() + (uint64_t)((requested.timeout_s + 1) * 1e9);
    requested.no_reconnect = true;
    requested.log = quiet_log;
    link->receiver = pitether_open(options->addresses.items[0], &requested, &error);
    if (link->receiver)
        return EXIT_DONE;
    log_error("%s", error.text);
    return error.code == -ENOMEM ? EXIT_SYSTEM : EXIT_USAGE;
}

void control_link_close(struct control_link *link)
{
    control_view_clear(&link->view);
    pitether_close(&link->receiver);
}

enum exit_code control_link_next(struct control_link *link)
{
    struct pitether_event *event = &link->event;
    int timeout_ms = link->view.known ? -1 : clock_left_ms(link->controls_due);
    if (pitether_next(link->receiver, timeout_ms, event) <= 0) {
        log_error("the daemon sends frames, but did not list the camera's controls in time");
        return EXIT_TIMEOUT;
    }
    if (event->type == PITETHER_END) {
        log_error("%s", *event->end.text ? event->end.text : "the daemon's source came to its end");
        return exit_code_of_end(event->end.reason);
    }
    if (!control_view_take(&link->view, event))
        return EXIT_DONE;
    log_error("out of memory for the camera's controls");
    return EXIT_SYSTEM;
}

enum exit_code control_link_wait(struct control_link *link)
{
    enum exit_code code = EXIT_DONE;
    while (!code && !(link->view.known && link->view.frame))
        code = control_link_next(link);
    return code;
}

enum exit_code control_link_end(struct control_link *link)
{
    enum exit_code code = EXIT_DONE;
    while (!code)
        code = control_link_next(link);
    return code;
}

/* The answer to this request came. */
static bool is_answered(const struct control_link *link, uint32_t request)
{
    return link->event.type == PITETHER_CHANGED && link->event.changed.request == request;
}

/* How many it tells of, delivered or not. */
static uint64_t frames_of(const struct pitether_event *event)
{
    if (event->type == PITETHER_DROPS)
        return event->drops.count;
    return event->type == PITETHER_FRAME;
}

enum exit_code control_link_set(struct control_link *link, const char *assignments)
{
    uint32_t request;
    enum exit_code code;
    int result = pitether_set(link->receiver, assignments, &request);
    if (result) {
        log_error("can't set %.100s: %s", assignments,
                  result == -EINVAL ? "it is longer than 2048 bytes, or holds a character that is "
                                      "not to be seen"
                                    : strerror(-result));
        return result == -EINVAL ? EXIT_USAGE : EXIT_CONNECTION;
    }
    uint64_t frames = 0;
    do {
        code = control_link_next(link);
        frames += frames_of(&link->event);
    } while (!code && !is_answered(link, request) && frames < ANSWER_FRAMES);
    if (code || is_answered(link, request))
        return code;
    log_error("the daemon did not say what became of %.100s, for %d frames", assignments,
              ANSWER_FRAMES);
    return EXIT_TIMEOUT;
}
