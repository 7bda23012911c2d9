/*
 * The calls that can be made to fail: inject.c says which one does, inject_calls.c stands before
 * them.
 */
#ifndef PITETHER_TESTS_FAULTS_INJECT_H
#define PITETHER_TESTS_FAULTS_INJECT_H

#include <stdbool.h>

#define CALLS(X)                                                                                   \
    X(malloc)                                                                                      \
    X(calloc)                                                                                      \
    X(realloc)                                                                                     \
    X(aligned_alloc)                                                                               \
    X(open64)                                                                                      \
    X(openat64)                                                                                    \
    X(fopen64)                                                                                     \
    X(fstat64)                                                                                     \
    X(stat64)                                                                                      \
    X(lstat64)                                                                                     \
    X(access)                                                                                      \
    X(fchown)                                                                                      \
    X(flock)                                                                                       \
    X(mmap64)                                                                                      \
    X(recv)                                                                                        \
    X(sendto)                                                                                      \
    X(fstatat64)                                                                                   \
    X(lseek64)                                                                                     \
    X(fdopendir)                                                                                   \
    X(readdir64)                                                                                   \
    X(syncfs)                                                                                      \
    X(mkdir)                                                                                       \
    X(read)                                                                                        \
    X(readv)                                                                                       \
    X(pread64)                                                                                     \
    X(write)                                                                                       \
    X(sendmsg)                                                                                     \
    X(fsync)                                                                                       \
    X(fdatasync)                                                                                   \
    X(ftruncate64)                                                                                 \
    X(rename)                                                                                      \
    X(renameat)                                                                                    \
    X(renameat2)                                                                                   \
    X(linkat)                                                                                      \
    X(unlink)                                                                                      \
    X(unlinkat)                                                                                    \
    X(close)                                                                                       \
    X(socket)                                                                                      \
    X(socketpair)                                                                                  \
    X(fork)                                                                                        \
    X(send)                                                                                        \
    X(recvmsg)                                                                                     \
    X(getpwnam)                                                                                    \
    X(getgrnam)                                                                                    \
    X(setgroups)                                                                                   \
    X(setresgid)                                                                                   \
    X(setresuid)                                                                                   \
    X(bind)                                                                                        \
    X(listen)                                                                                      \
    X(accept4)                                                                                     \
    X(connect)                                                                                     \
    X(setsockopt)                                                                                  \
    X(getsockopt)                                                                                  \
    X(getsockname)                                                                                 \
    X(shutdown)                                                                                    \
    X(getaddrinfo)                                                                                 \
    X(poll)                                                                                        \
    X(epoll_create1)                                                                               \
    X(epoll_ctl)                                                                                   \
    X(epoll_wait)                                                                                  \
    X(eventfd)                                                                                     \
    X(timerfd_create)                                                                              \
    X(timerfd_settime)                                                                             \
    X(signalfd)                                                                                    \
    X(pthread_create)                                                                              \
    X(sched_getaffinity)                                                                           \
    X(getrandom)

#define INJECT_ITEM(name) CALL_##name,
enum call { CALLS(INJECT_ITEM) CALL_COUNT };

/* Counts the call made from this address, and says whether it is to fail. Any thread. */
bool inject_fails(enum call call, const void *caller);

/* The error that calls fail with; 0: they do only a part of what they were asked for. */
int inject_error(void);

#endif
