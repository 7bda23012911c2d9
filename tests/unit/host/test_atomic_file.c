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

struct fixture {
    char folder[32], temporary[TEMPORARY_NAME_SIZE];
    int fd;
};

static int fixture_setup(void **state)
{
    struct fixture *fixture = *state = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    strcpy(fixture->folder, "/tmp/pitether-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    fixture->fd = open(fixture->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fixture->fd >= 0);
    temporary_name_make(fixture->temporary);
    return 0;
}

static int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    const char *const names[] = { fixture->temporary, "one", "two", "log" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlinkat(fixture->fd, names[i], 0);
    close(fixture->fd);
    assert_int_equal(rmdir(fixture->folder), 0);
    free(fixture);
    return 0;
}

static void assert_holds(const struct fixture *fixture, const char *name, const char *text)
{
    char got[64] = "";
    int fd = openat(fixture->fd, name, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, got, sizeof(got) - 1), strlen(text));
    assert_string_equal(got, text);
    close(fd);
}

static bool exists(const struct fixture *fixture, const char *name)
{
    struct stat status;
    return fstatat(fixture->fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
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
    struct fixture *fixture = *state;
    for (int durable = 0; durable < 2; durable++) {
        const char *name = durable ? "two" : "one";
        assert_int_equal(atomic_file_write(fixture->fd, fixture->temporary, "text", 4, durable), 0);
        assert_holds(fixture, fixture->temporary, "text");
        assert_false(exists(fixture, name));
        assert_int_equal(atomic_file_name(fixture->fd, fixture->temporary, name), 0);
        assert_holds(fixture, name, "text");
        assert_false(exists(fixture, fixture->temporary));
    }
}

static void a_name_that_is_taken(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(symlinkat("nowhere", fixture->fd, "one"), 0);
    assert_int_equal(atomic_file_write(fixture->fd, fixture->temporary, "text", 4, false), 0);
    assert_int_equal(atomic_file_name(fixture->fd, fixture->temporary, "one"), -EEXIST);
    assert_int_equal(atomic_file_name(fixture->fd, fixture->temporary, "two"), 0);
    assert_holds(fixture, "two", "text");
    assert_false(exists(fixture, "nowhere"));
}

/* What lies where the temporary file is to be is not written to, whatever it is, and is out of the
 * way the next moment: it may have been left when nothing could be removed. */
static void a_temporary_name_that_is_taken(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(atomic_file_write(fixture->fd, fixture->temporary, "old", 3, false), 0);
    assert_int_equal(linkat(fixture->fd, fixture->temporary, fixture->fd, "one", 0), 0);
    assert_int_equal(atomic_file_write(fixture->fd, fixture->temporary, "new", 3, false), 0);
    assert_holds(fixture, fixture->temporary, "new");
    assert_holds(fixture, "one", "old");
    assert_int_equal(unlinkat(fixture->fd, fixture->temporary, 0), 0);
    assert_int_equal(symlinkat("two", fixture->fd, fixture->temporary), 0);
    assert_int_equal(atomic_file_write(fixture->fd, fixture->temporary, "new", 3, false), 0);
    assert_false(exists(fixture, "two"));
}

static void half_a_file_is_removed(void **state)
{
    struct fixture *fixture = *state;
    limit_files(3);
    int error = atomic_file_write(fixture->fd, fixture->temporary, "text", 4, false);
    limit_files(0);
    assert_int_equal(error, -EFBIG);
    assert_false(exists(fixture, fixture->temporary));
}

static int open_log(const struct fixture *fixture, int flags)
{
    int fd = openat(fixture->fd, "log", O_RDWR | O_CREAT | O_CLOEXEC | flags, 0666);
    assert_true(fd >= 0);
    return fd;
}

/* Standard output may be open without O_APPEND. */
static void half_a_line_is_taken_back(void **state)
{
    struct fixture *fixture = *state;
    static const int flags[] = { O_APPEND | O_TRUNC, O_TRUNC };
    for (unsigned i = 0; i < 2; i++) {
        int fd = open_log(fixture, flags[i]);
        assert_int_equal(whole_append(fd, "one\n", 4), 0);
        limit_files(6);
        int error = whole_append(fd, "two\n", 4);
        limit_files(0);
        assert_int_equal(error, -EFBIG);
        assert_holds(fixture, "log", "one\n");
        assert_int_equal(whole_append(fd, "three\n", 6), 0);
        assert_holds(fixture, "log", "one\nthree\n");
        close(fd);
    }
}

static void how_a_file_begins(void **state)
{
    struct fixture *fixture = *state;
    int fd = open_log(fixture, O_TRUNC);
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
    struct fixture *fixture = *state;
    int fd = open_log(fixture, O_APPEND), other = open_log(fixture, O_APPEND);
    assert_int_equal(whole_append(other, "one\n", 4), 0);
    assert_int_equal(whole_append(fd, "two\n", 4), 0);
    assert_int_equal(whole_append_undo(fd, 4), 0);
    assert_holds(fixture, "log", "one\n");
    assert_int_equal(whole_append(fd, "two\n", 4), 0);
    assert_int_equal(whole_append(other, "three\n", 6), 0);
    assert_int_equal(whole_append_undo(fd, 4), -EBUSY); /* it would be the other's line */
    assert_holds(fixture, "log", "one\ntwo\nthree\n");
    close(fd);
    close(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

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
