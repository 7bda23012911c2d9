/*
 * The keys of a daemon that was root: read by its child, and by nobody else. Who isn't root tests
 * the reading without a child.
 */
#include "device/auth/key_source.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char folder[64], path[100];
    struct error error;
    struct key_source source;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    strcpy(fixture->folder, "/tmp/pitether-keys-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    sprintf(fixture->path, "%s/keys", fixture->folder);
    assert_int_equal(key_source_open(&fixture->source, fixture->path, &fixture->error), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    key_source_close(&fixture->source);
    unlink(fixture->path);
    rmdir(fixture->folder);
    free(fixture);
    return 0;
}

static void add(struct fixture *fixture, const char *name)
{
    struct key key;
    assert_int_equal(key_generate(&key, name, KEY_CONTROL), 0);
    assert_int_equal(keys_file_add(fixture->path, &key, &fixture->error), 0);
}

/* What the source gives is what the file has. */
static void assert_same(struct fixture *fixture, unsigned count)
{
    struct keys here = { 0 }, there = { 0 };
    assert_int_equal(keys_load(&here, fixture->path, &fixture->error), 0);
    assert_int_equal(key_source_read(&fixture->source, &there, &fixture->error), 0);
    assert_int_equal(here.count, count);
    assert_int_equal(there.count, count);
    assert_memory_equal(here.items, there.items, count * sizeof(*here.items));
    keys_clear(&here);
    keys_clear(&there);
}

static void changes_are_seen(void **state)
{
    struct fixture *fixture = *state;
    struct keys keys = { 0 };
    assert_int_equal(key_source_read(&fixture->source, &keys, &fixture->error), -ENOENT);
    assert_non_null(strstr(fixture->error.text, "can't open the keys file"));
    assert_null(keys.items);
    add(fixture, "one");
    assert_same(fixture, 1);
    add(fixture, "two");
    assert_same(fixture, 2);
    assert_int_equal(keys_file_remove(fixture->path, "one", &fixture->error), 0);
    assert_same(fixture, 1);
    chmod(fixture->path, 0644);
    assert_int_equal(key_source_read(&fixture->source, &keys, &fixture->error), -EPERM);
    assert_non_null(strstr(fixture->error.text, "chmod 600"));
}

static void as_many_as_there_may_be(void **state)
{
    struct fixture *fixture = *state;
    FILE *file = fopen(fixture->path, "w");
    assert_non_null(file);
    fchmod(fileno(file), 0600);
    for (unsigned i = 0; i < KEYS_MAX; i++) {
        char name[16], line[KEY_LINE_MAX];
        struct key key;
        snprintf(name, sizeof(name), "k%u", i);
        assert_int_equal(key_generate(&key, name, KEY_VIEW), 0);
        key_format(&key, line);
        fprintf(file, "%s\n", line);
    }
    fclose(file);
    /* More than 256 questions, so that their number comes round. */
    for (unsigned i = 0; i < 300; i++)
        assert_same(fixture, KEYS_MAX);
}

/* In a process that gives up root, and opens the source before. */
static int read_as_nobody(struct fixture *fixture)
{
    struct key_source source;
    struct keys keys = { 0 };
    if (key_source_open(&source, fixture->path, &fixture->error) || setresgid(1234, 1234, 1234) ||
        setresuid(1234, 1234, 1234))
        return 1;
    if (keys_load(&keys, fixture->path, &fixture->error) != -EACCES)
        return 2;
    if (key_source_read(&source, &keys, &fixture->error) || keys.count != 1)
        return 3;
    keys_clear(&keys);
    key_source_close(&source);
    return 0;
}

static void without_root_it_is_read_all_the_same(void **state)
{
    struct fixture *fixture = *state;
    int code;
    if (geteuid() != 0)
        skip();
    add(fixture, "laptop");
    pid_t child = fork();
    if (child == 0)
        _exit(read_as_nobody(fixture));
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(code, 0);
}

static void status_line(pid_t process, const char *name, char *line, size_t room)
{
    char path[64];
    sprintf(path, "/proc/%d/status", (int)process);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, (int)room, file) && strncmp(line, name, strlen(name)) != 0)
        ;
    fclose(file);
}

/* A response shows that the child has done all that precedes the first request. */
static void the_child_can_do_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    struct keys keys = { 0 };
    char line[256], path[64];
    if (geteuid() != 0)
        skip();
    assert_int_equal(key_source_read(&fixture->source, &keys, &fixture->error), -ENOENT);
    pid_t child = fixture->source.child;
    status_line(child, "CapEff:", line, sizeof(line));
    assert_int_equal(strtoull(line + 7, NULL, 16) & ~(UINT64_C(1) << 2), 0);
    status_line(child, "CapPrm:", line, sizeof(line));
    assert_int_equal(strtoull(line + 7, NULL, 16) & ~(UINT64_C(1) << 2), 0);
    status_line(child, "NoNewPrivs:", line, sizeof(line));
    assert_int_equal(atoi(line + 11), 1);
    for (int fd = 3; fd < 64; fd++) {
        sprintf(path, "/proc/%d/fd/%d", (int)child, fd);
        ssize_t size = readlink(path, line, sizeof(line) - 1);
        if (size < 0)
            continue;
        line[size] = '\0';
        if (strncmp(line, "socket:", 7) != 0)
            fail_msg("descriptor %d is %s", fd, line);
    }
}

/* The daemon's end, and a service manager's signal to all of its processes. */
static void the_child_lives_as_long_as_the_daemon(void **state)
{
    struct fixture *fixture = *state;
    struct keys keys = { 0 };
    if (geteuid() != 0)
        skip();
    pid_t child = fixture->source.child;
    assert_int_equal(key_source_read(&fixture->source, &keys, &fixture->error), -ENOENT);
    assert_int_equal(kill(child, SIGTERM) | kill(child, SIGINT) | kill(child, SIGHUP), 0);
    assert_int_equal(key_source_read(&fixture->source, &keys, &fixture->error), -ENOENT);
    key_source_close(&fixture->source);
    assert_int_equal(kill(child, 0), -1);
    assert_int_equal(errno, ESRCH);
}

static void a_child_that_is_gone_is_told_of(void **state)
{
    struct fixture *fixture = *state;
    struct keys keys = { 0 };
    if (geteuid() != 0)
        skip();
    add(fixture, "laptop");
    kill(fixture->source.child, SIGKILL);
    waitpid(fixture->source.child, NULL, 0);
    assert_int_equal(key_source_read(&fixture->source, &keys, &fixture->error), -EPIPE);
    assert_non_null(strstr(fixture->error.text, "the process that reads the keys: Broken pipe"));
    assert_null(keys.items);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(changes_are_seen),
        test(as_many_as_there_may_be),
        test(without_root_it_is_read_all_the_same),
        test(the_child_can_do_nothing_else),
        test(the_child_lives_as_long_as_the_daemon),
        test(a_child_that_is_gone_is_told_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
