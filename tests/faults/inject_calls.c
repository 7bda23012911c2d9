/*
 * Stands before the calls of the C library that can fail, and lets them do so on cue: see inject.c.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "inject.h"

#define CALLER __builtin_return_address(0)

/* The thread looks up a user, which crashes the C library (2.36) for want of memory. */
static _Thread_local bool is_fragile __attribute__((tls_model("initial-exec")));

static bool fails(enum call call, const void *caller)
{
    if (is_fragile || !inject_fails(call, caller))
        return false;
    errno = inject_error();
    return true;
}

/* A pointer to the function that this one stands before. */
#define NEXT(name) ((__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name))

/* A call that fails with `result`, and errno. */
#define WRAP(type, name, parameters, arguments, result)                                            \
    type name parameters                                                                           \
    {                                                                                              \
        static __typeof__(&name) next;                                                             \
        if (!next)                                                                                 \
            next = NEXT(name);                                                                     \
        return fails(CALL_##name, CALLER) ? (result) : next arguments;                             \
    }

WRAP(void *, malloc, (size_t size), (size), NULL)
WRAP(void *, calloc, (size_t count, size_t size), (count, size), NULL)
WRAP(void *, realloc, (void *old, size_t size), (old, size), NULL)
WRAP(void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size), NULL)
WRAP(FILE *, fopen64, (const char *restrict path, const char *restrict mode), (path, mode), NULL)
WRAP(int, fstat64, (int fd, struct stat64 *status), (fd, status), -1)
WRAP(int, stat64, (const char *restrict path, struct stat64 *restrict status), (path, status), -1)
WRAP(int, lstat64, (const char *restrict path, struct stat64 *restrict status), (path, status), -1)
WRAP(int, fstatat64, (int fd, const char *restrict path, struct stat64 *restrict status, int flags),
     (fd, path, status, flags), -1)
WRAP(off64_t, lseek64, (int fd, off64_t offset, int from), (fd, offset, from), -1)
WRAP(DIR *, fdopendir, (int fd), (fd), NULL)
WRAP(struct dirent64 *, readdir64, (DIR * folder), (folder), NULL)
WRAP(int, syncfs, (int fd), (fd), -1)
WRAP(int, access, (const char *path, int mode), (path, mode), -1)
WRAP(int, fchown, (int fd, uid_t user, gid_t group), (fd, user, group), -1)
WRAP(int, flock, (int fd, int operation), (fd, operation), -1)
WRAP(void *, mmap64, (void *at, size_t size, int protection, int flags, int fd, off64_t offset),
     (at, size, protection, flags, fd, offset), MAP_FAILED)
WRAP(ssize_t, recv, (int fd, void *data, size_t size, int flags), (fd, data, size, flags), -1)
WRAP(ssize_t, sendto,
     (int fd, const void *data, size_t size, int flags, const struct sockaddr *to,
      socklen_t to_size),
     (fd, data, size, flags, to, to_size), -1)
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode), -1)
WRAP(int, fsync, (int fd), (fd), -1)
WRAP(int, fdatasync, (int fd), (fd), -1)
WRAP(int, ftruncate64, (int fd, off64_t size), (fd, size), -1)
WRAP(int, rename, (const char *from, const char *to), (from, to), -1)
WRAP(int, renameat, (int from_fd, const char *from, int to_fd, const char *to),
     (from_fd, from, to_fd, to), -1)
WRAP(int, renameat2, (int from_fd, const char *from, int to_fd, const char *to, unsigned flags),
     (from_fd, from, to_fd, to, flags), -1)
WRAP(int, linkat, (int from_fd, const char *from, int to_fd, const char *to, int flags),
     (from_fd, from, to_fd, to, flags), -1)
WRAP(int, unlink, (const char *path), (path), -1)
WRAP(int, unlinkat, (int fd, const char *path, int flags), (fd, path, flags), -1)
WRAP(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1)
WRAP(int, socketpair, (int domain, int type, int protocol, int ends[2]),
     (domain, type, protocol, ends), -1)
WRAP(pid_t, fork, (void), (), -1)
WRAP(ssize_t, send, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags), -1)
WRAP(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags), -1)
WRAP(int, setgroups, (size_t count, const gid_t *groups), (count, groups), -1)
WRAP(int, setresgid, (gid_t real, gid_t effective, gid_t saved), (real, effective, saved), -1)
WRAP(int, setresuid, (uid_t real, uid_t effective, uid_t saved), (real, effective, saved), -1)
WRAP(int, bind, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size), -1)
WRAP(int, listen, (int fd, int send_queue), (fd, send_queue), -1)
WRAP(int, accept4, (int fd, struct sockaddr *restrict address, socklen_t *restrict size, int flags),
     (fd, address, size, flags), -1)
WRAP(int, connect, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size),
     -1)
WRAP(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t size),
     (fd, level, name, value, size), -1)
WRAP(int, getsockopt, (int fd, int level, int name, void *restrict value, socklen_t *restrict size),
     (fd, level, name, value, size), -1)
WRAP(int, getsockname, (int fd, struct sockaddr *restrict address, socklen_t *restrict size),
     (fd, address, size), -1)
WRAP(int, shutdown, (int fd, int how), (fd, how), -1)
WRAP(int, poll, (struct pollfd * fds, nfds_t count, int timeout), (fds, count, timeout), -1)
WRAP(int, epoll_create1, (int flags), (flags), -1)
WRAP(int, epoll_ctl, (int fd, int operation, int on, struct epoll_event *event),
     (fd, operation, on, event), -1)
WRAP(int, epoll_wait, (int fd, struct epoll_event *events, int most, int timeout),
     (fd, events, most, timeout), -1)
WRAP(int, timerfd_create, (int clock, int flags), (clock, flags), -1)
WRAP(int, timerfd_settime,
     (int fd, int flags, const struct itimerspec *time, struct itimerspec *old),
     (fd, flags, time, old), -1)
WRAP(int, signalfd, (int fd, const sigset_t *mask, int flags), (fd, mask, flags), -1)
WRAP(int, sched_getaffinity, (pid_t pid, size_t size, cpu_set_t *set), (pid, size, set), -1)

/* These return the error. */
WRAP(int, getaddrinfo,
     (const char *restrict host, const char *restrict port, const struct addrinfo *restrict hints,
      struct addrinfo **restrict found),
     (host, port, hints, found), inject_error())
WRAP(int, pthread_create,
     (pthread_t *restrict thread, const pthread_attr_t *restrict attributes, void *(*run)(void *),
      void *restrict user),
     (thread, attributes, run, user), inject_error())

struct passwd *getpwnam(const char *name)
{
    if (fails(CALL_getpwnam, CALLER))
        return NULL;
    is_fragile = true;
    struct passwd *user = NEXT(getpwnam)(name);
    is_fragile = false;
    return user;
}

struct group *getgrnam(const char *name)
{
    if (fails(CALL_getgrnam, CALLER))
        return NULL;
    is_fragile = true;
    struct group *group = NEXT(getgrnam)(name);
    is_fragile = false;
    return group;
}

/* Adding one to an eventfd that nobody has added 2^64 - 2 to can't fail. */
enum { EVENTFDS_MAX = 1024 };
static atomic_bool is_eventfd[EVENTFDS_MAX];

int eventfd(unsigned count, int flags)
{
    if (fails(CALL_eventfd, CALLER))
        return -1;
    int fd = NEXT(eventfd)(count, flags);
    if (fd >= 0 && fd < EVENTFDS_MAX)
        is_eventfd[fd] = true;
    return fd;
}

/* A descriptor is gone even if closing it failed. */
int close(int fd)
{
    static __typeof__(&close) next;
    if (!next)
        next = NEXT(close);
    bool failed = fails(CALL_close, CALLER);
    if (fd >= 0 && fd < EVENTFDS_MAX)
        is_eventfd[fd] = false;
    int result = next(fd);
    if (!failed)
        return result;
    errno = inject_error();
    return -1;
}

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return fails(CALL_open64, CALLER) ? -1 : NEXT(open64)(path, flags, mode);
}

int openat64(int fd, const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return fails(CALL_openat64, CALLER) ? -1 : NEXT(openat64)(fd, path, flags, mode);
}

/* For calls that can do less than they were asked for: whether this one is to, or fails. */
enum outcome { GOES_WELL, FAILS, FALLS_SHORT };

static enum outcome decide(enum call call, const void *caller)
{
    if (!fails(call, caller))
        return GOES_WELL;
    return inject_error() ? FAILS : FALLS_SHORT;
}

static size_t part(size_t size)
{
    return (size + 1) / 2;
}

/* What is written to standard error is what the test goes by. */
ssize_t write(int fd, const void *data, size_t size)
{
    static __typeof__(&write) next;
    if (!next)
        next = NEXT(write);
    bool spared = fd == STDERR_FILENO || (fd >= 0 && fd < EVENTFDS_MAX && is_eventfd[fd]);
    enum outcome outcome = spared ? GOES_WELL : decide(CALL_write, CALLER);
    return outcome == FAILS ? -1 : next(fd, data, outcome == FALLS_SHORT ? part(size) : size);
}

ssize_t read(int fd, void *data, size_t size)
{
    static __typeof__(&read) next;
    if (!next)
        next = NEXT(read);
    enum outcome outcome = decide(CALL_read, CALLER);
    return outcome == FAILS ? -1 : next(fd, data, outcome == FALLS_SHORT ? part(size) : size);
}

ssize_t pread64(int fd, void *data, size_t size, off64_t offset)
{
    enum outcome outcome = decide(CALL_pread64, CALLER);
    size_t most = outcome == FALLS_SHORT ? part(size) : size;
    return outcome == FAILS ? -1 : NEXT(pread64)(fd, data, most, offset);
}

/* What fortified callers name it. */
ssize_t __pread64_chk(int fd, void *data, size_t size, off64_t offset, size_t room);

ssize_t __pread64_chk(int fd, void *data, size_t size, off64_t offset, size_t room)
{
    enum outcome outcome = decide(CALL_pread64, CALLER);
    size_t most = outcome == FALLS_SHORT ? part(size) : size;
    return outcome == FAILS ? -1 : NEXT(__pread64_chk)(fd, data, most, offset, room);
}

ssize_t getrandom(void *data, size_t size, unsigned flags)
{
    enum outcome outcome = decide(CALL_getrandom, CALLER);
    size_t most = outcome == FALLS_SHORT ? part(size) : size;
    return outcome == FAILS ? -1 : NEXT(getrandom)(data, most, flags);
}

ssize_t readv(int fd, const struct iovec *pieces, int count)
{
    static __typeof__(&readv) next;
    if (!next)
        next = NEXT(readv);
    enum outcome outcome = decide(CALL_readv, CALLER);
    struct iovec first = { pieces[0].iov_base, 1 };
    if (outcome == FALLS_SHORT)
        return next(fd, &first, 1);
    return outcome == FAILS ? -1 : next(fd, pieces, count);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    static __typeof__(&sendmsg) next;
    if (!next)
        next = NEXT(sendmsg);
    enum outcome outcome = decide(CALL_sendmsg, CALLER);
    struct iovec first = message->msg_iov[0];
    struct msghdr less = { .msg_iov = &first, .msg_iovlen = 1 };
    first.iov_len = part(first.iov_len);
    return outcome == FAILS ? -1 : next(fd, outcome == FALLS_SHORT ? &less : message, flags);
}
