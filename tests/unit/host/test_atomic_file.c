/*
 * Files that are there whole or not at all, in folders of their own.
 */
#include "host/sinks/files/atomic_file.h"

#include "host_support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct world {
    char folder[32], temporary[TEMPORARY_NAME_SIZE];
    int fd;
};

static int world_setup(void **state)
{
    struct world *world = *state = calloc(1, sizeof(*world));
    strcpy(world->folder, "/tmp/pitether-test-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    world->fd = open(world->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(world->fd >= 0);
    temporary_name_make(world->temporary);
    return 0;
}

static int world_teardown(void **state)
{
    struct world *world = *state;
    const char *const names[] = { world->temporary, "one", "two", "log" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlinkat(world->fd, names[i], 0);
    close(world->fd);
    assert_int_equal(rmdir(world->folder), 0);
    free(world);
    return 0;
}

static void assert_holds(const struct world *world, const char *name, const char *text)
{
    char got[64] = "";
    int fd = openat(world->fd, name, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, got, sizeof(got) - 1), strlen(text));
    assert_string_equal(got, text);
    close(fd);
}

static bool exists(const struct world *world, const char *name)
{
    struct stat status;
    return fstatat(world->fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static void temporary_names(void **state)
{
    (void)state;
    char one[TEMPORARY_NAME_SIZE], other[TEMPORARY_NAME_SIZE];
    temporary_name_make(one);
    temporary_name_make(other);
    assert_string_not_equal(one, other);
    assert_true(temporary_name_is(one) && temporary_name_is(other));
    assert_true(temporary_name_is(".pitether-0123456789abcdef.part"));
    static const char *const others[] = {
        "",
        ".pitether-",
        ".pitether-.part",
        ".pitether-0123456789abcde.part",
        ".pitether-0123456789abcdef0.part",
        ".pitether-0123456789ABCDEF.part",
        ".pitether-0123456789abcdef.part2",
        ".pitether-0123456789abcdef.jpg",
        "x.pitether-0123456789abcdef.part",
        ".pitether-0123456789abcdef",
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(temporary_name_is(others[i]));
}

static void a_file_and_its_name(void **state)
{
    struct world *world = *state;
    for (int durable = 0; durable < 2; durable++) {
        const char *name = durable ? "two" : "one";
        assert_int_equal(atomic_file_write(world->fd, world->temporary, "text", 4, durable), 0);
        assert_holds(world, world->temporary, "text");
        assert_false(exists(world, name));
        assert_int_equal(atomic_file_name(world->fd, world->temporary, name), 0);
        assert_holds(world, name, "text");
        assert_false(exists(world, world->temporary));
    }
}

static void a_name_that_is_taken(void **state)
{
    struct world *world = *state;
    assert_int_equal(symlinkat("nowhere", world->fd, "one"), 0);
    assert_int_equal(atomic_file_write(world->fd, world->temporary, "text", 4, false), 0);
    assert_int_equal(atomic_file_name(world->fd, world->temporary, "one"), -EEXIST);
    assert_int_equal(atomic_file_name(world->fd, world->temporary, "two"), 0);
    assert_holds(world, "two", "text");
    assert_false(exists(world, "nowhere"));
}

/* What lies where the temporary file is to be is not written to, whatever it is, and is out of the
 * way the next moment: it may have been left when nothing could be removed. */
static void a_temporary_name_that_is_taken(void **state)
{
    struct world *world = *state;
    assert_int_equal(atomic_file_write(world->fd, world->temporary, "old", 3, false), 0);
    assert_int_equal(linkat(world->fd, world->temporary, world->fd, "one", 0), 0);
    assert_int_equal(atomic_file_write(world->fd, world->temporary, "new", 3, false), 0);
    assert_holds(world, world->temporary, "new");
    assert_holds(world, "one", "old");
    assert_int_equal(unlinkat(world->fd, world->temporary, 0), 0);
    assert_int_equal(symlinkat("two", world->fd, world->temporary), 0);
    assert_int_equal(atomic_file_write(world->fd, world->temporary, "new", 3, false), 0);
    assert_false(exists(world, "two"));
}

static void half_a_file_is_removed(void **state)
{
    struct world *world = *state;
    limit_files(3);
    int error = atomic_file_write(world->fd, world->temporary, "text", 4, false);
    limit_files(0);
    assert_int_equal(error, -EFBIG);
    assert_false(exists(world, world->temporary));
}

static int open_log(const struct world *world, int flags)
{
    int fd = openat(world->fd, "log", O_RDWR | O_CREAT | O_CLOEXEC | flags, 0666);
    assert_true(fd >= 0);
    return fd;
}

/* Standard output may be open without O_APPEND. */
static void half_a_line_is_taken_back(void **state)
{
    struct world *world = *state;
    static const int flags[] = { O_APPEND | O_TRUNC, O_TRUNC };
    for (unsigned i = 0; i < 2; i++) {
        int fd = open_log(world, flags[i]);
        assert_int_equal(whole_append(fd, "one\n", 4), 0);
        limit_files(6);
        int error = whole_append(fd, "two\n", 4);
        limit_files(0);
        assert_int_equal(error, -EFBIG);
        assert_holds(world, "log", "one\n");
        assert_int_equal(whole_append(fd, "three\n", 6), 0);
        assert_holds(world, "log", "one\nthree\n");
        close(fd);
    }
}

static void how_a_file_begins(void **state)
{
    struct world *world = *state;
    int fd = open_log(world, O_TRUNC);
    assert_true(atomic_file_begins(fd, 0, "head\n"));
    assert_int_equal(whole_append(fd, "head", 4), 0);
    assert_true(atomic_file_begins(fd, 4, "head\n"));
    assert_false(atomic_file_begins(fd, 4, "heat\n"));
    assert_int_equal(whole_append(fd, "\nline\n", 6), 0);
    assert_true(atomic_file_begins(fd, 10, "head\n"));
    assert_false(atomic_file_begins(fd, 10, "head,\n"));
    close(fd);
}

static void a_line_is_undone(void **state)
{
    struct world *world = *state;
    int fd = open_log(world, O_APPEND), other = open_log(world, O_APPEND);
    assert_int_equal(whole_append(other, "one\n", 4), 0);
    assert_int_equal(whole_append(fd, "two\n", 4), 0);
    assert_int_equal(whole_append_undo(fd, 4), 0);
    assert_holds(world, "log", "one\n");
    assert_int_equal(whole_append(fd, "two\n", 4), 0);
    assert_int_equal(whole_append(other, "three\n", 6), 0);
    assert_int_equal(whole_append_undo(fd, 4), -EBUSY); /* it would be the other's line */
    assert_holds(world, "log", "one\ntwo\nthree\n");
    close(fd);
    close(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(temporary_names), TEST(a_file_and_its_name),
        TEST(a_name_that_is_taken),        TEST(a_temporary_name_that_is_taken),
        TEST(half_a_file_is_removed),      TEST(half_a_line_is_taken_back),
        TEST(how_a_file_begins),           TEST(a_line_is_undone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
