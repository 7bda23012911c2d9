#include "host/base/grace.h"

#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "shared/base/log.h"
#include "shared/base/signals.h"

/* A longer wait is logged. */
enum { SOON_MS = 2000 };

void grace_begin(struct grace *grace, unsigned signals)
{
    sigset_t wanted = signals_to_end();
    grace->signals = signals;
    grace->deadline_ns = clock_monotonic() + GRACE_NS;
    grace->signal_fd = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    if (grace->signal_fd < 0)
        signals_block(false);
}

static void take_signals(struct grace *grace)
{
    struct signalfd_siginfo info;
    while (read(grace->signal_fd, &info, sizeof(info)) == sizeof(info))
        if (grace->signals++ == 0)
            grace->deadline_ns = clock_monotonic() + GRACE_NS;
}

void grace_end(struct grace *grace)
{
    take_signals(grace); /* one that has just arrived counts */
    if (grace->signal_fd >= 0)
        close(grace->signal_fd);
    signals_block(false);
}

/* For poll(); -1: without a limit. */
static int time_left(const struct grace *grace, bool past_grace)
{
    if (grace->signals > 1)
        return 0;
    return grace->signals == 1 && !past_grace ? clock_left_ms(grace->deadline_ns) : -1;
}

bool grace_wait(struct grace *grace, int fd, const char *what, bool past_grace)
{
    bool logged = false;
    for (;;) {
        struct pollfd fds[2] = { { fd, POLLIN, 0 }, { grace->signal_fd, POLLIN, 0 } };
        int left = time_left(grace, past_grace);
        bool logs = left < 0 && !logged;
        int ready = poll(fds, 2, logs ? SOON_MS : left);
        if (ready < 0 && errno != EINTR) {
            signals_block(false);
            return left < 0;
        }
        if (fds[0].revents)
            return true;
        if (fds[1].revents)
            take_signals(grace);
        if (ready == 0 && logs)
            log_info("%s: still writing what is left; %s ends it", what,
                     past_grace ? "a second Ctrl-C" : "Ctrl-C");
        logged = logged || (ready == 0 && logs);
        if (ready == 0 && time_left(grace, past_grace) == 0) {
            signals_block(false);
            return false;
        }
    }
}
