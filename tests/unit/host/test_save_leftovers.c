/*
 * A folder of saved frames: what killed runs, power cuts and others have left in it.
 */
#include "save_fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of what a killed run has left, only what is one's own is removed, and no link is followed. */
static void leftovers(void **state)
{
    struct fixture *fixture = *state;
    static const char stale[] = ".pitether-0123456789abcdef.part";
    fixture_start(fixture, "{id}.jpg");
    assert_int_equal(save(fixture, 1, 100), 0);
    write_file(path_of(fixture, ".pitether-other.part"), "");
    assert_int_equal(symlink("00000001.jpg", path_of(fixture, stale)), 0);
    struct files other; /* while another one saves, it may be that one's */
    assert_int_equal(files_open(&other, fixture->folder, "{id}.jpg", 0), 0);
    assert_int_equal(count_files(fixture), 5);
    assert_int_equal(files_close(&other), 0);
    fixture_stop(fixture);
    fixture_start(fixture, "{id}.jpg");
    assert_int_equal(count_files(fixture), 4);
    assert_int_equal(access(path_of(fixture, stale), F_OK), -1);
    assert_file(fixture, "00000001.jpg", 1, 100);
}

/* That there are no locks does not mean that somebody else is there. */
static void leftovers_where_there_are_no_locks(void **state)
{
    struct fixture *fixture = *state;
    static const char stale[] = ".pitether-0123456789abcdef.part";
    assert_int_equal(mkdir(fixture->folder, 0777), 0);
    write_file(path_of(fixture, stale), "");
    lock_error = EOPNOTSUPP;
    fixture_start(fixture, "{id}.jpg");
    int error = save(fixture, 1, 10);
    lock_error = 0;
    assert_int_equal(error, 0);
    assert_int_equal(access(path_of(fixture, stale), F_OK), -1);
}

/* Cuts an index to so many bytes, and starts again. */
static void tear(struct fixture *fixture, const char *index, off_t size)
{
    fixture_stop(fixture);
    assert_int_equal(truncate(path_of(fixture, index), size), 0);
    fixture_start(fixture, "{id}.jpg");
}

/* Wherever a power cut has torn it, what is whole stays, and the next line is whole. */
static void a_torn_index_is_mended(void **state)
{
    struct fixture *fixture = *state;
    const off_t head_size = (off_t)strlen(save_head);
    fixture_start(fixture, "{id}.jpg");
    assert_int_equal(save(fixture, 1, 10), 0);
    off_t one = size_of(fixture, "frames.csv");
    assert_int_equal(save(fixture, 2, 10), 0);
    off_t two = size_of(fixture, "frames.csv");
    const struct {
        off_t size;
        unsigned rows;
    } cases[] = { { two, 2 },       { two - 1, 1 },       { one + 1, 1 },
                  { one, 1 },       { one - 1, 0 },       { head_size + 1, 0 },
                  { head_size, 0 }, { head_size - 1, 0 }, { 1, 0 },
                  { 0, 0 },         { one - 1, 0 } };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tear(fixture, "frames.csv", cases[i].size);
        read_index(fixture);
        assert_int_equal(fixture->rows, cases[i].rows);
        assert_int_equal(save(fixture, 100 + i, 10), 0);
        read_index(fixture);
        assert_int_equal(fixture->rows, cases[i].rows + 1);
    }
}

static void torn_json_is_mended(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture, "{id}.jpg");
    assert_int_equal(save(fixture, 1, 10), 0);
    off_t one = size_of(fixture, "frames.jsonl");
    assert_int_equal(save(fixture, 2, 10), 0);
    off_t two = size_of(fixture, "frames.jsonl");
    const struct {
        off_t size;
        unsigned rows;
    } cases[] = { { two, 2 }, { two - 1, 1 }, { two - 3, 1 }, { one + 1, 1 },
                  { one, 1 }, { one - 1, 0 }, { 4, 0 },       { 0, 0 } };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tear(fixture, "frames.jsonl", cases[i].size);
        read_index(fixture);
        assert_int_equal(fixture->json_rows, cases[i].rows);
        assert_int_equal(save(fixture, 100 + i, 10), 0);
        read_index(fixture);
        assert_int_equal(fixture->json_rows, cases[i].rows + 1);
        assert_int_equal(fixture->rows, 2 + i + 1);
    }
}

/* As an earlier version leaves it, and while it is open. */
static void an_index_that_is_not_there(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture, "{id}.jpg");
    for (unsigned id = 1; id < 4; id++) {
        assert_int_equal(save(fixture, id, 10), 0);
        assert_int_equal(unlink(path_of(fixture, "frames.jsonl")), 0);
    }
    fixture_start(fixture, "{id}.jpg");
    assert_int_equal(save(fixture, 4, 10), 0);
    read_index(fixture);
    assert_int_equal(fixture->rows, 4);
    assert_int_equal(fixture->json_rows, 1);
}

static void a_long_tail_of_zeros(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture, "{id}.jpg");
    assert_int_equal(save(fixture, 1, 10), 0);
    tear(fixture, "frames.csv", size_of(fixture, "frames.csv") + 10000);
    tear(fixture, "frames.jsonl", size_of(fixture, "frames.jsonl") + 10000);
    assert_int_equal(save(fixture, 2, 10), 0);
    read_index(fixture);
    assert_int_equal(fixture->rows, 2);
    assert_int_equal(fixture->json_rows, 2);
}

/* It is looked at backwards, a piece at a time. */
static void a_tail_without_end(void **state)
{
    struct fixture *fixture = *state;
    const off_t size = (off_t)1 << 42;
    fixture_start(fixture, "{id}.jpg");
    fixture_stop(fixture);
    if (truncate(path_of(fixture, "frames.csv"), size))
        skip(); /* not every file system takes such a file */
    alarm(60);
    assert_int_equal(files_open(&fixture->files, fixture->folder, "{id}", 0), -EMEDIUMTYPE);
    alarm(0);
    assert_true(size_of(fixture, "frames.csv") == size);
}

static void an_index_of_another_kind(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(mkdir(fixture->folder, 0777), 0);
    write_file(path_of(fixture, "frames.csv"), "file,size\nprecious,1\nhalf");
    assert_int_equal(files_open(&fixture->files, fixture->folder, "{id}", 0), -EMEDIUMTYPE);
    assert_int_equal(size_of(fixture, "frames.csv"), 25);
    assert_int_equal(unlink(path_of(fixture, "frames.csv")), 0);
    remove_all(path_of(fixture, "frames.jsonl"));
    write_file(path_of(fixture, "frames.jsonl"), "{\"precious\":1}\nhalf");
    assert_int_equal(files_open(&fixture->files, fixture->folder, "{id}", 0), -EMEDIUMTYPE);
    assert_int_equal(size_of(fixture, "frames.jsonl"), 19);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(leftovers),
        TEST(leftovers_where_there_are_no_locks),
        TEST(a_torn_index_is_mended),
        TEST(torn_json_is_mended),
        TEST(an_index_that_is_not_there),
        TEST(a_long_tail_of_zeros),
        TEST(a_tail_without_end),
        TEST(an_index_of_another_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
