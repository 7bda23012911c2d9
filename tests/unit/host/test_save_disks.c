/*
 * A folder of saved frames: folders and disks that fail.
 */
#include "save_fixture.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Folders that fail. */

static void folders_that_cannot_be(void **state)
{
    struct fixture *fixture = *state;
    char file[64], path[96];
    snprintf(file, sizeof(file), "%s/file", fixture->root);
    write_file(file, "");
    snprintf(path, sizeof(path), "%s/below", file);
    assert_int_equal(files_open(&fixture->files, path, "{id}", 0), -ENOTDIR);
    assert_int_equal(files_open(&fixture->files, file, "{id}", 0), -ENOTDIR);
    snprintf(path, sizeof(path), "%s/missing/parent", fixture->root);
    assert_int_equal(files_open(&fixture->files, path, "{id}", 0), -ENOENT);
    assert_int_equal(mkdir(fixture->folder, 0777), 0); /* an index that can't be written */
    assert_int_equal(mkdir(path_of(fixture, "frames.csv"), 0777), 0);
    assert_int_equal(files_open(&fixture->files, fixture->folder, "{id}", 0), -EISDIR);
}

/* The disk was unplugged: the frames must not go to the one below, so the folder is not made. */
static void a_vanished_folder(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture, "{id}.jpg");
    assert_int_equal(save(fixture, 1, 10), 0);
    remove_all(fixture->folder);
    for (unsigned id = 2; id < 5; id++)
        assert_int_equal(save(fixture, id, 10), -ENOENT);
    assert_int_equal(access(fixture->folder, F_OK), -1);
    assert_int_equal(mkdir(fixture->folder, 0777), 0);
    assert_int_equal(save(fixture, 5, 10), 0);
    assert_int_equal(count_files(fixture), 3);
    assert_file(fixture, "00000005.jpg", 5, 10);
    read_index(fixture);
    assert_int_equal(fixture->rows, 1);
    assert_row(fixture, 0, "00000005.jpg", "5");
}

static void a_folder_that_was_replaced(void **state)
{
    struct fixture *fixture = *state;
    char away[64], path[128];
    fixture_start(fixture, "{id}.jpg");
    assert_int_equal(save(fixture, 1, 10), 0);
    snprintf(away, sizeof(away), "%s/away", fixture->root);
    assert_int_equal(rename(fixture->folder, away), 0);
    assert_int_equal(save(fixture, 2, 10), -ENOENT);
    assert_int_equal(mkdir(fixture->folder, 0777), 0);
    assert_int_equal(save(fixture, 3, 10), 0);
    assert_file(fixture, "00000003.jpg", 3, 10);
    snprintf(path, sizeof(path), "%s/00000003.jpg", away);
    assert_int_equal(access(path, F_OK), -1);
    read_index(fixture);
    assert_int_equal(fixture->rows, 1);
}

/* Full disks. */

/* No file may be longer than this and a bit more. */
static void cut_lines(struct fixture *fixture, off_t limit)
{
    off_t json = size_of(fixture, "frames.jsonl"), csv = size_of(fixture, "frames.csv");
    for (size_t more = 0; more < 60; more += 7) {
        limit_files((size_t)limit + more);
        int error = save(fixture, 2, 10);
        limit_files(0);
        assert_int_equal(error, -EFBIG);
        assert_int_equal(size_of(fixture, "frames.jsonl"), json);
        assert_int_equal(size_of(fixture, "frames.csv"), csv);
        assert_int_equal(count_files(fixture), 3);
    }
}

/* A frame is saved with its lines or not at all, wherever a line breaks. */
static void half_lines_are_taken_back(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture, "{id}.jpg");
    assert_int_equal(save(fixture, 1, 10), 0);
    cut_lines(fixture, size_of(fixture, "frames.jsonl"));
    /* The line of frames.jsonl is there already when the other one breaks. */
    assert_int_equal(truncate(path_of(fixture, "frames.jsonl"), 0), 0);
    cut_lines(fixture, size_of(fixture, "frames.csv"));
    assert_int_equal(save(fixture, 2, 10), 0);
    read_index(fixture);
    assert_int_equal(fixture->rows, 2);
    assert_int_equal(fixture->json_rows, 1);
    assert_row(fixture, 1, "00000002.jpg", "2");
    assert_file(fixture, "00000002.jpg", 2, 10);
}

/* The line of another one that saves there must not come in between. */
static void nobody_appends_while_half_a_line_is_there(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture, "{id}.jpg");
    limit_files((size_t)size_of(fixture, "frames.csv") + 5);
    watched = fixture->folder;
    int error = save(fixture, 1, 10);
    watched = NULL;
    limit_files(0);
    assert_int_equal(error, -EFBIG);
    assert_true(was_locked);
    assert_int_equal(save(fixture, 1, 10), 0);
}

static void half_frames_are_taken_back(void **state)
{
    struct fixture *fixture = *state;
    fixture_start(fixture, "{id}.jpg");
    limit_files(4000);
    int error = save(fixture, 1, 5000), small = save(fixture, 2, 100);
    limit_files(0);
    assert_int_equal(error, -EFBIG);
    assert_int_equal(small, 0);
    assert_int_equal(count_files(fixture), 3);
    read_index(fixture);
    assert_int_equal(fixture->rows, 1);
    assert_row(fixture, 0, "00000002.jpg", "2");
}

static void half_a_head_is_taken_back(void **state)
{
    struct fixture *fixture = *state;
    limit_files(100);
    int error = files_open(&fixture->files, fixture->folder, "{id}.jpg", 0);
    limit_files(0);
    assert_int_equal(error, -EFBIG);
    assert_int_equal(size_of(fixture, "frames.csv"), 0);
    fixture_start(fixture, "{id}.jpg");
    assert_int_equal(save(fixture, 1, 10), 0);
    read_index(fixture);
    assert_int_equal(fixture->rows, 1);
}

/* In a name space of its own; false: the test may not. */
static bool mount_disk(const struct fixture *fixture)
{
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", fixture->folder, "tmpfs", 0, "size=256k") == 0;
}

/* The folder below the disk is not written to. */
static void a_disk_that_is_unplugged(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(mkdir(fixture->folder, 0777), 0);
    if (!mount_disk(fixture))
        skip();
    fixture_start(fixture, "{id}.jpg");
    assert_int_equal(save(fixture, 1, 100), 0);
    assert_int_equal(umount2(fixture->folder, MNT_DETACH), 0);
    assert_int_equal(save(fixture, 2, 100), -ENODEV);
    assert_int_equal(count_files(fixture), 0);
    assert_true(mount_disk(fixture));
    assert_int_equal(save(fixture, 3, 100), 0);
    assert_int_equal(count_files(fixture), 3);
    fixture_stop(fixture);
}

/* A real file system that is full. */
static void a_disk_that_fills_up(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(mkdir(fixture->folder, 0777), 0);
    if (!mount_disk(fixture))
        skip();
    fixture_start(fixture, "{id}.jpg");
    unsigned id = 0;
    int error = 0;
    while (!(error = save(fixture, id, 30000)))
        assert_in_range(++id, 0, 20);
    assert_int_equal(error, -ENOSPC);
    assert_int_equal(count_files(fixture), id + 2);
    assert_int_equal(save(fixture, 100, 30000), -ENOSPC);
    assert_int_equal(unlink(path_of(fixture, "00000000.jpg")), 0);
    assert_int_equal(save(fixture, 101, 30000), 0);
    assert_file(fixture, "00000101.jpg", 101, 30000);
    read_index(fixture);
    assert_int_equal(fixture->rows, id + 1);
    fixture_stop(fixture);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(folders_that_cannot_be),
        TEST(a_vanished_folder),
        TEST(a_folder_that_was_replaced),
        TEST(half_lines_are_taken_back),
        TEST(nobody_appends_while_half_a_line_is_there),
        TEST(half_frames_are_taken_back),
        TEST(half_a_head_is_taken_back),
        TEST(a_disk_that_is_unplugged),
        TEST(a_disk_that_fills_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
