#include "host/pump.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "shared/base/clock.h"
#include "shared/base/options.h"
#include "shared/base/signals.h"

int pump_init(struct pump *pump, bool draws_progress, bool logs_rates)
{
    sigset_t signals = signals_to_end();
    *pump = (struct pump){ .progress = { .draws = draws_progress, .logs = logs_rates } };
    pump->signal_fd = -1;
    pump->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (pump->wake_fd >= 0)
        pump->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (pump->signal_fd >= 0)
        return 0;
    int error = -errno;
    pump_clear(pump);
    return error;
}

void pump_clear(struct pump *pump)
{
    if (pump->wake_fd >= 0)
        close(pump->wake_fd);
    if (pump->signal_fd >= 0)
        close(pump->signal_fd);
    pump->wake_fd = pump->signal_fd = -1;
}

void pump_wake(void *user)
{
    struct pump *pump = user;
    eventfd_write(pump->wake_fd, 1);
}

static void take_signals(struct pump *pump, struct input *inputs, unsigned count)
{
    struct signalfd_siginfo info;
    eventfd_t woken;
    eventfd_read(pump->wake_fd, &woken);
    while (read(pump->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        pump->signals++;
        for (unsigned i = 0; i < count; i++)
            input_interrupt(&inputs[i]);
    }
}

/* Waits until there is an event or progress is to be shown. False: all inputs have ended. */
static bool wait_for_events(struct pump *pump, struct input *inputs, unsigned count)
{
    struct pollfd fds[OPTION_LIST_MAX + 2] = { { pump->signal_fd, POLLIN, 0 },
                                               { pump->wake_fd, POLLIN, 0 } };
    bool any = false;
    for (unsigned i = 0; i < count; i++) {
        fds[2 + i] = (struct pollfd){ input_fd(&inputs[i]), POLLIN, 0 };
        any = any || !inputs[i].ended;
    }
    /* If poll() fails for lack of memory, signals still have to end the program. */
    if (any && poll(fds, 2 + count, clock_left_ms(progress_due(&pump->progress))) != 0)
        take_signals(pump, inputs, count);
    return any;
}

void pump_run(struct pump *pump, struct input *inputs, const struct summary_stream *streams,
              unsigned count)
{
    while (wait_for_events(pump, inputs, count)) {
        for (unsigned i = 0; i < count; i++)
            input_take(&inputs[i]);
        progress_show(&pump->progress, streams, count, clock_monotonic());
    }
    progress_end(&pump->progress, streams, count, clock_monotonic());
}
