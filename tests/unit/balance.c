#include "balance.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "shared/base/log.h"

static atomic_int locks, conditions;
static unsigned threads_left = BALANCE_ALL;
static unsigned descriptors_before;
static struct rlimit limit_before;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *user), void *user);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *user), void *user);
int __real_pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attributes);
int __wrap_pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attributes);
int __real_pthread_mutex_destroy(pthread_mutex_t *lock);
int __wrap_pthread_mutex_destroy(pthread_mutex_t *lock);
int __real_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes);
int __wrap_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes);
int __real_pthread_cond_destroy(pthread_cond_t *condition);
int __wrap_pthread_cond_destroy(pthread_cond_t *condition);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *user), void *user)
{
    if (threads_left == 0)
        return EAGAIN;
    threads_left--;
    return __real_pthread_create(thread, attributes, run, user);
}

int __wrap_pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attributes)
{
    locks++;
    return __real_pthread_mutex_init(lock, attributes);
}

int __wrap_pthread_mutex_destroy(pthread_mutex_t *lock)
{
    locks--;
    return __real_pthread_mutex_destroy(lock);
}

int __wrap_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
    conditions++;
    return __real_pthread_cond_init(condition, attributes);
}

int __wrap_pthread_cond_destroy(pthread_cond_t *condition)
{
    conditions--;
    return __real_pthread_cond_destroy(condition);
}

static unsigned count_descriptors(void)
{
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

void balance_begin(unsigned threads, unsigned descriptors)
{
    static bool logged;
    if (!logged)
        log_info("the log has what it takes from here on");
    logged = true;
    locks = conditions = 0;
    threads_left = threads;
    descriptors_before = count_descriptors();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit_before), 0);
    /* Descriptors are given by number: those below the lowest free one are taken. */
    int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_not_equal(lowest, -1);
    close(lowest);
    struct rlimit limit = limit_before;
    if (descriptors < limit.rlim_cur - (unsigned)lowest)
        limit.rlim_cur = (unsigned)lowest + descriptors;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

void balance_end(void)
{
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit_before), 0);
    threads_left = BALANCE_ALL;
    assert_int_equal(locks, 0);
    assert_int_equal(conditions, 0);
    assert_int_equal(count_descriptors(), descriptors_before);
}
