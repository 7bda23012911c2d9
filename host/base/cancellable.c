#include "host/base/cancellable.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Interrupts the system call that the thread is stuck in. */
enum { NUDGE = SIGUSR1 };
/* Again and again, since a nudge may come just before the call. */
enum { NUDGE_EVERY_MS = 50 };

static _Thread_local struct cancellable *self;

bool cancellable_abandoned(void)
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
    atomic_store(&self->ended, true);
    eventfd_write(self->ended_fd, 1);
    return NULL;
}

int cancellable_start(struct cancellable *cancellable, const char *name,
                      void (*function)(void *user), void *user)
{
    struct sigaction action = { .sa_handler = on_nudge };
    sigaction(NUDGE, &action, NULL);
    cancellable->name = name;
    cancellable->run = function;
    cancellable->user = user;
    atomic_init(&cancellable->abandoned, false);
    atomic_init(&cancellable->ended, false);
    cancellable->ended_fd = eventfd(0, EFD_CLOEXEC);
    if (cancellable->ended_fd < 0)
        return -errno;
    int error = pthread_create(&cancellable->thread, NULL, run, cancellable);
    if (error)
        close(cancellable->ended_fd);
    else
        pthread_setname_np(cancellable->thread, name);
    return -error;
}

void cancellable_join(struct cancellable *cancellable, struct grace *grace, bool past_grace)
{
    if (grace && !grace_wait(grace, cancellable->ended_fd, cancellable->name, past_grace)) {
        struct pollfd ended = { cancellable->ended_fd, POLLIN, 0 };
        atomic_store(&cancellable->abandoned, true);
        while (!atomic_load(&cancellable->ended)) {
            pthread_kill(cancellable->thread, NUDGE);
            poll(&ended, 1, NUDGE_EVERY_MS);
        }
    }
    pthread_join(cancellable->thread, NULL);
    close(cancellable->ended_fd);
}

int cancellable_write(int fd, const void *data, size_t size, size_t *done)
{
    for (*done = 0; *done < size;) {
        if (cancellable_abandoned())
            return -EINTR;
        ssize_t written = write(fd, (const char *)data + *done, size - *done);
        if (written > 0)
            *done += (size_t)written;
        else if (written == 0)
            return -EIO;
        else if (errno == EAGAIN) /* some program that shares it has made it non-blocking */
            poll(&(struct pollfd){ fd, POLLOUT, 0 }, 1, -1);
        else if (errno != EINTR)
            return -errno;
    }
    return 0;
}
