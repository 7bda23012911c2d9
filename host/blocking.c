#include "host/blocking.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Interrupts the system call that the thread is stuck in. */
enum { NUDGE = SIGUSR1 };
/* Again and again, since a nudge may come just before the call. */
enum { NUDGE_EVERY_MS = 50 };

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
    atomic_store(&self->ended, true);
    eventfd_write(self->ended_fd, 1);
    return NULL;
}

int blocking_start(struct blocking *blocking, const char *name, void (*function)(void *user),
                   void *user)
{
    struct sigaction action = { .sa_handler = on_nudge };
    sigaction(NUDGE, &action, NULL);
    blocking->name = name;
    blocking->run = function;
    blocking->user = user;
    atomic_init(&blocking->abandoned, false);
    atomic_init(&blocking->ended, false);
    blocking->ended_fd = eventfd(0, EFD_CLOEXEC);
    if (blocking->ended_fd < 0)
        return -errno;
    int error = pthread_create(&blocking->thread, NULL, run, blocking);
    if (error)
        close(blocking->ended_fd);
    else
        pthread_setname_np(blocking->thread, name);
    return -error;
}

void blocking_join(struct blocking *blocking, struct grace *grace, bool patient)
{
    if (grace && !grace_wait(grace, blocking->ended_fd, blocking->name, patient)) {
        struct pollfd ended = { blocking->ended_fd, POLLIN, 0 };
        atomic_store(&blocking->abandoned, true);
        while (!atomic_load(&blocking->ended)) {
            pthread_kill(blocking->thread, NUDGE);
            poll(&ended, 1, NUDGE_EVERY_MS);
        }
    }
    pthread_join(blocking->thread, NULL);
    close(blocking->ended_fd);
}

int blocking_write(int fd, const void *data, size_t size, size_t *done)
{
    for (*done = 0; *done < size;) {
        if (blocking_abandoned())
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
