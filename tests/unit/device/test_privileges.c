/*
 * Giving up root. There is no way back, so each case is a process of its own, which ends with the
 * line number of what failed, or 0.
 */
#include "device/system/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return __LINE__;                                                                       \
    } while (0)

static void run(int (*test)(void))
{
    int code;
    if (geteuid() != 0)
        skip();
    pid_t child = fork();
    if (child == 0)
        _exit(test());
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFEXITED(code));
    assert_int_equal(WEXITSTATUS(code), 0);
}

static bool is_user(uid_t user)
{
    uid_t real, effective, saved;
    return getresuid(&real, &effective, &saved) == 0 && real == user && effective == user &&
           saved == user;
}

static bool may_be_kept(gid_t id)
{
    const struct group *group = getgrgid(id);
    const char *name = group ? group->gr_name : "";
    return strcmp(name, "video") == 0 || strcmp(name, "render") == 0 || strcmp(name, "kvm") == 0;
}

static int becomes_nobody(void)
{
    struct error error;
    const struct passwd *nobody = getpwnam("nobody");
    gid_t groups[16], more[] = { 0, 4 };
    CHECK(nobody);
    CHECK(setgroups(2, more) == 0);
    CHECK(prctl(PR_GET_DUMPABLE) == 1);
    CHECK(privileges_drop("nobody", &error) == 0);
    CHECK(is_user(nobody->pw_uid));
    CHECK(getgid() == nobody->pw_gid && getegid() == nobody->pw_gid);
    int count = getgroups(16, groups);
    CHECK(count >= 0);
    for (int i = 0; i < count; i++)
        CHECK(may_be_kept(groups[i]));
    CHECK(!getgrnam("video") || count > 0);
    CHECK(setuid(0) != 0 && seteuid(0) != 0 && setgid(0) != 0);
    CHECK(prctl(PR_GET_DUMPABLE) == 1);
    /* Once more is no error. */
    CHECK(privileges_drop("nobody", &error) == 0);
    CHECK(privileges_drop(NULL, &error) == 0);
    return 0;
}

static int chooses_by_itself(void)
{
    struct error error;
    const struct passwd *user = getpwnam("pitether");
    uid_t wanted = (user ? user : getpwnam("nobody"))->pw_uid;
    CHECK(privileges_drop(NULL, &error) == 0);
    CHECK(is_user(wanted));
    return 0;
}

static int keeps_what_is_guarded(void)
{
    struct error error;
    prctl(PR_SET_DUMPABLE, 0);
    CHECK(privileges_drop("nobody", &error) == 0);
    CHECK(prctl(PR_GET_DUMPABLE) == 0);
    return 0;
}

static int refuses_strangers(void)
{
    struct error error;
    CHECK(privileges_drop("no-such-user", &error) == -EINVAL);
    CHECK(strstr(error.text, "no user 'no-such-user'"));
    CHECK(is_user(0));
    CHECK(privileges_drop("root", &error) == 0);
    CHECK(is_user(0));
    CHECK(privileges_drop("nobody", &error) == 0);
    CHECK(privileges_drop("root", &error) == -EINVAL);
    CHECK(strstr(error.text, "only root can become 'root'"));
    CHECK(privileges_drop("no-such-user", &error) == -EINVAL);
    return 0;
}

static sem_t dropped;

static void *look(void *user)
{
    sem_wait(&dropped);
    *(bool *)user = !is_user(0) && setuid(0) != 0;
    return NULL;
}

/* libcamera's threads are there before. */
static int takes_all_threads_along(void)
{
    struct error error;
    bool gone = false;
    pthread_t thread;
    CHECK(sem_init(&dropped, 0, 0) == 0);
    CHECK(pthread_create(&thread, NULL, look, &gone) == 0);
    CHECK(privileges_drop("nobody", &error) == 0);
    sem_post(&dropped);
    pthread_join(thread, NULL);
    CHECK(gone);
    return 0;
}

#define TEST(name)                                                                                 \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        run(name);                                                                                 \
    }

TEST(becomes_nobody)
TEST(chooses_by_itself)
TEST(keeps_what_is_guarded)
TEST(refuses_strangers)
TEST(takes_all_threads_along)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_becomes_nobody),          cmocka_unit_test(test_chooses_by_itself),
        cmocka_unit_test(test_keeps_what_is_guarded),   cmocka_unit_test(test_refuses_strangers),
        cmocka_unit_test(test_takes_all_threads_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
