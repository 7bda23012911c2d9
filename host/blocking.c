#include "host/blocking.h"

#include <signal.h>

#include "shared/clock.h"

/* Interrupts the system call that the thread is stuck in. */
enum { NUDGE = SIGUSR1 };
/* Again and again, since a nudge may come just before the call. */
#define NUDGE_EVERY_NS (50 * CLOCK_MS)

static _Thread_local struct blocking *self;

bool blocking_abandoned(void)
{
    return self && atomic_load(&self->abandoned);
}

static void on_nudge(int signal)
{
    (void)signal;
}

static void *run(void *user)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, NUDGE);
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    self = user;
    self->run(self->user);
    return NULL;
}

int blocking_start(struct blocking *blocking, const char *name, void (*function)(void *user),
                   void *user)
{
    struct sigaction action = { .sa_handler = on_nudge };
    sigaction(NUDGE, &action, NULL);
    blocking->run = function;
    blocking->user = user;
    atomic_init(&blocking->abandoned, false);
    int error = pthread_create(&blocking->thread, NULL, run, blocking);
    if (!error)
        pthread_setname_np(blocking->thread, name);
    return -error;
}

void blocking_join(struct blocking *blocking, uint64_t patience_ns)
{
    if (patience_ns == 0) {
        pthread_join(blocking->thread, NULL);
        return;
    }
    struct timespec until = clock_timespec(clock_read(CLOCK_REALTIME) + patience_ns);
    while (pthread_timedjoin_np(blocking->thread, NULL, &until)) {
        atomic_store(&blocking->abandoned, true);
        pthread_kill(blocking->thread, NUDGE);
        until = clock_timespec(clock_read(CLOCK_REALTIME) + NUDGE_EVERY_NS);
    }
}
