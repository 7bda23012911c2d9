/*
 * A folder of saved frames: their names and numbers, and what is there already.
 */
#include "save_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/clock.h"

static void nothing_is_overwritten(void **state)
{
    struct fixture *fixture = *state;
    char target[64];
    size_t size;
    fixture_start(fixture, "{id}.jpg");
    write_file(path_of(fixture, "00000001.jpg"), "mine");
    write_file(path_of(fixture, "00000002.jpg"), "");
    assert_int_equal(symlink("nowhere", path_of(fixture, "00000002-2.jpg")), 0);
    assert_int_equal(mkdir(path_of(fixture, "00000003.jpg"), 0777), 0);
    assert_int_equal(save(fixture, 4, 100), 0);
    assert_int_equal(save(fixture, 1, 100), 0);
    assert_int_equal(save(fixture, 2, 100), 0);
    assert_int_equal(save(fixture, 3, 100), 0);
    char *mine = read_file(path_of(fixture, "00000001.jpg"), &size);
    assert_string_equal(mine, "mine");
    free(mine);
    assert_int_equal(readlink(path_of(fixture, "00000002-2.jpg"), target, sizeof(target)), 7);
    assert_int_equal(access(path_of(fixture, "nowhere"), F_OK), -1);
    assert_file(fixture, "00000001-2.jpg", 1, 100);
    assert_file(fixture, "00000002-3.jpg", 2, 100);
    assert_file(fixture, "00000003-2.jpg", 3, 100);
    assert_file(fixture, "00000004.jpg", 4, 100);
    read_index(fixture);
    assert_row(fixture, 1, "00000001-2.jpg", "1");
    assert_row(fixture, 3, "00000003-2.jpg", "3");
}

static int save_at(struct fixture *fixture, uint64_t id, uint64_t wall_ns)
{
    struct pitether_frame *frame = frame_make(fixture->pool, id, 10);
    frame->times.sensor_wall = wall_ns;
    int error = files_write(&fixture->files, frame);
    pitether_frame_release(frame);
    return error;
}

/* Several frames in a millisecond, and a clock that was set back: each name begins anew. */
static void a_suffix_belongs_to_a_name(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        unsigned ms;
        const char *name;
    } cases[] = {
        { 0, "000" },   { 0, "000-2" }, { 0, "000-3" }, { 1, "001" },   { 2, "002" },
        { 2, "002-2" }, { 1, "001-2" }, { 2, "002-3" }, { 3, "003" },   { 0, "000-4" },
        { 1, "001-3" }, { 4, "004" },   { 3, "003-2" }, { 4, "004-2" }, { 5, "005" },
    };
    fixture_start(fixture, "{wall}.jpg");
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(save_at(fixture, i, CLOCK_SECOND + cases[i].ms * CLOCK_MS), 0);
    read_index(fixture);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char name[64];
        snprintf(name, sizeof(name), "19700101T000001.%.3sZ%s.jpg", cases[i].name,
                 cases[i].name + 3);
        assert_string_equal(fixture->fields[i][0], name);
    }
}

/* A name is found in few steps, however many copies of it there are, and so is a number. */
static void many_files(void **state)
{
    struct fixture *fixture = *state;
    enum { MANY = 200 };
    fixture_start(fixture, "{id}.jpg");
    for (unsigned i = 1; i <= MANY; i++) {
        char name[64] = "00000007.jpg";
        if (i > 1)
            snprintf(name, sizeof(name), "00000007-%u.jpg", i);
        write_file(path_of(fixture, name), "");
        snprintf(name, sizeof(name), "%08u", i);
        write_file(path_of(fixture, name), "");
    }
    renames = looks = 0;
    assert_int_equal(save(fixture, 7, 100), 0);
    assert_in_range(renames, 1, 2);
    assert_in_range(looks, 1, 30);
    assert_file(fixture, "00000007-201.jpg", 7, 100);
    fixture_stop(fixture);
    fixture_start(fixture, "{n}");
    renames = looks = 0;
    assert_int_equal(save(fixture, 8, 100), 0);
    assert_int_equal(save(fixture, 9, 100), 0);
    assert_int_equal(renames, 2);
    assert_int_equal(looks, 0);
    assert_file(fixture, "00000202", 9, 100);
}

/* The rows from this one on have these names, numbers that follow one another. */
static void assert_numbers(struct fixture *fixture, unsigned row, unsigned first, unsigned count)
{
    read_index(fixture);
    assert_int_equal(fixture->rows, row + count);
    for (unsigned i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof(name), "frame-%08u.jpg", first + i);
        assert_string_equal(fixture->fields[row + i][0], name);
    }
}

static void run_numbered(struct fixture *fixture, unsigned frames)
{
    fixture_start(fixture, "frame-{n}.jpg");
    for (unsigned i = 0; i < frames; i++)
        assert_int_equal(save(fixture, 100, 10), 0);
    fixture_stop(fixture);
}

/* From run to run, whatever is taken away of what they made. */
static void numbers_go_on(void **state)
{
    struct fixture *fixture = *state;
    run_numbered(fixture, 3);
    run_numbered(fixture, 2);
    assert_numbers(fixture, 0, 1, 5);
    assert_int_equal(unlink(path_of(fixture, "frame-00000005.jpg")), 0);
    assert_int_equal(unlink(path_of(fixture, "frame-00000002.jpg")), 0);
    run_numbered(fixture, 2);
    assert_numbers(fixture, 0, 1, 7);
    assert_int_equal(unlink(path_of(fixture, "frames.csv")), 0);
    run_numbered(fixture, 2);
    assert_numbers(fixture, 0, 8, 2);
    write_file(path_of(fixture, "frame-00000010.jpg"), ""); /* as of a run that was killed */
    write_file(path_of(fixture, "frame-00000013.jpg.bak"), "");
    run_numbered(fixture, 1);
    assert_numbers(fixture, 2, 11, 1);
    remove_all(fixture->folder);
    run_numbered(fixture, 2);
    assert_numbers(fixture, 0, 1, 2);
}

/* Other names of the same folder count for themselves, also if the index ends with many of them. */
static void numbers_of_other_names(void **state)
{
    struct fixture *fixture = *state;
    run_numbered(fixture, 3);
    for (unsigned i = 1; i <= 3; i++) {
        char name[32];
        snprintf(name, sizeof(name), "frame-%08u.jpg", i);
        assert_int_equal(unlink(path_of(fixture, name)), 0);
    }
    FILE *index = fopen(path_of(fixture, "frames.csv"), "a");
    assert_non_null(index);
    for (unsigned i = 0; i < 30000; i++)
        fprintf(index, "\"a,\"\"%08u.jpg\",frame-%08u.jpg\n", i, i);
    fclose(index);
    fixture_start(fixture, "frame-{n}.jpg");
    assert_int_equal(save(fixture, 1, 10), 0);
    assert_file(fixture, "frame-00000004.jpg", 1, 10);
    fixture_stop(fixture);
    fixture_start(fixture, "a,\"{n}.jpg");
    assert_int_equal(save(fixture, 2, 10), 0);
    assert_file(fixture, "a,\"00030000.jpg", 2, 10);
}

/* Wherever the part of the index begins that is read. */
static void no_number_from_the_middle_of_a_line(void **state)
{
    struct fixture *fixture = *state;
    for (int shift = 1; shift <= 40; shift++) {
        assert_true(mkdir(fixture->folder, 0777) == 0 || errno == EEXIST);
        FILE *index = fopen(path_of(fixture, "frames.csv"), "w");
        assert_non_null(index);
        fprintf(index, "%s%*s\n", save_head, shift, ",");
        for (unsigned i = 0; i < 3000; i++)
            fprintf(index, "a.jpg,123456789012345678,123456789012345678,,123456789012345678,\n");
        fclose(index);
        fixture_start(fixture, "{n}");
        assert_int_equal(save(fixture, 1, 10), 0);
        assert_file(fixture, "00000001", 1, 10);
        fixture_stop(fixture);
        remove_all(fixture->folder);
    }
}

/* Also if somebody takes each file away as soon as it is there, and while others come. */
static void two_save_in_turn(void **state)
{
    struct fixture *fixture = *state;
    char name[32];
    struct files other;
    fixture_start(fixture, "frame-{n}.jpg");
    assert_int_equal(files_open(&other, fixture->folder, "frame-{n}.jpg", 0), 0);
    for (unsigned i = 1; i <= 60; i++) {
        assert_int_equal(save_with(fixture, i % 7 < 4 ? &other : &fixture->files, i, 10), 0);
        snprintf(name, sizeof(name), "frame-%08u.jpg", i);
        assert_file(fixture, name, i, 10);
        if (i % 3)
            assert_int_equal(unlink(path_of(fixture, name)), 0);
        if (i == 33)
            write_file(path_of(fixture, "frame-00000034.jpg.part"), "");
    }
    assert_numbers(fixture, 0, 1, 60);
    assert_int_equal(files_close(&other), 0);
}

/* What was not saved has no number, and what lies in the way none of ours. */
static void numbers_without_gaps(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture, "frame-{n}.jpg");
    assert_int_equal(save(fixture, 1, 10), 0);
    limit_files((size_t)size_of(fixture, "frames.csv") + 40);
    assert_int_equal(save(fixture, 2, 10), -EFBIG);
    limit_files(0);
    assert_int_equal(save(fixture, 3, 10), 0);
    assert_numbers(fixture, 0, 1, 2);
    assert_file(fixture, "frame-00000002.jpg", 3, 10);
    rename_error = EIO;
    assert_int_equal(save(fixture, 4, 10), -EIO);
    rename_error = 0;
    assert_int_equal(save(fixture, 5, 10), 0);
    assert_numbers(fixture, 0, 1, 3);
    write_file(path_of(fixture, "frame-00000004.jpg"), "mine");
    assert_int_equal(symlink("nowhere", path_of(fixture, "frame-00000005.jpg")), 0);
    assert_int_equal(save(fixture, 6, 10), 0);
    assert_numbers(fixture, 3, 6, 1);
}

/* A second run adds to the index, and takes other names for the same ids. */
static void a_second_run_goes_on(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned run = 0; run < 3; run++) {
        fixture_start(fixture, "{id}.jpg");
        for (unsigned id = 0; id < 3; id++)
            assert_int_equal(save(fixture, id, 10 + run), 0);
        fixture_stop(fixture);
    }
    read_index(fixture);
    assert_int_equal(fixture->rows, 9);
    assert_int_equal(count_files(fixture), 9 + 2);
    for (unsigned i = 0; i < 9; i++) {
        char name[32], copy[8] = "";
        if (i >= 3)
            snprintf(copy, sizeof(copy), "-%u", i / 3 + 1);
        snprintf(name, sizeof(name), "%08u%s.jpg", i % 3, copy);
        assert_string_equal(fixture->fields[i][0], name);
        assert_file(fixture, name, i % 3, 10 + i / 3);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_overwritten),
        TEST(a_suffix_belongs_to_a_name),
        TEST(many_files),
        TEST(numbers_go_on),
        TEST(numbers_of_other_names),
        TEST(no_number_from_the_middle_of_a_line),
        TEST(two_save_in_turn),
        TEST(numbers_without_gaps),
        TEST(a_second_run_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
