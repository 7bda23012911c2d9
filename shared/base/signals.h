/*
 * The signals that end a program. They are read from a signalfd, so all threads block them, from
 * before the first thread starts until that descriptor is no longer read.
 */
#ifndef PITETHER_SHARED_BASE_SIGNALS_H
#define PITETHER_SHARED_BASE_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

static inline sigset_t signals_to_end(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    return signals;
}

/* For the calling thread and the threads that it starts later. */
static inline void signals_block(bool blocked)
{
    sigset_t signals = signals_to_end();
    pthread_sigmask(blocked ? SIG_BLOCK : SIG_UNBLOCK, &signals, NULL);
}

#endif
