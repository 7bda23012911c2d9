#include "host/base/grace.h"

#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "shared/base/log.h"
#include "shared/base/signals.h"

/* What takes longer is logged. */
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
    take_signals(grace); /* one that came just now has been obeyed */
    if (grace->signal_fd >= 0)
        close(grace->signal_fd);
    signals_block(false);
}

/* For poll(); -1: without a limit. */
static int time_left(const struct grace *grace, bool patient)
{
    if (grace->signals > 1)
        return 0;
    return grace->signals == 1 && !patient ? clock_left_ms(grace->deadline_ns) : -1;
}

bool grace_wait(struct grace *grace, int fd, const char *what, bool patient)
{
    bool told = false;
    for (;;) {
        struct pollfd fds[2] = { { fd, POLLIN, 0 }, { grace->signal_fd, POLLIN, 0 } };
        int left = time_left(grace, patient);
        bool tells = left < 0 && !told;
        int ready = poll(fds, 2, tells ? SOON_MS : left);
        if (ready < 0 && errno != EINTR) {
            signals_block(false);
            return left < 0;
        }
        if (fds[0].revents)
            return true;
        if (fds[1].revents)
            take_signals(grace);
        if (ready == 0 && tells)
            log_info("%s: still writing what is left; %s ends it", what,
                     patient ? "a second Ctrl-C" : "Ctrl-C");
        told = told || (ready == 0 && tells);
        if (ready == 0 && time_left(grace, patient) == 0) {
            signals_block(false);
            return false;
        }
    }
}
