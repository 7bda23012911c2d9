/*
 * Snapshots, in folders of their own: whole, or not there at all.
 */
#include "host/sinks/files/snapshot.h"

#include "host_support.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 8 };

struct fixture {
    char folder[32];
    struct frame_pool *pool;
    char *names[FILES_MAX];
    unsigned count;
};

static int fixture_setup(void **state)
{
    struct fixture *fixture = *state = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    strcpy(fixture->folder, "/tmp/pitether-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    fixture->pool = frame_pool_create(2, SIZE_MAX);
    assert_non_null(fixture->pool);
    stderr_capture();
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    stderr_release();
    nftw(fixture->folder, remove_one, 4, FTW_DEPTH | FTW_PHYS);
    frame_pool_destroy(fixture->pool);
    for (unsigned i = 0; i < fixture->count; i++)
        free(fixture->names[i]);
    free(fixture);
    return 0;
}

static bool save(struct fixture *fixture, const char *folder, const char *stream, uint64_t id,
                 size_t size)
{
    struct pitether_frame *frame = frame_make(fixture->pool, id, size);
    bool saved = snapshot_save(folder, stream, frame);
    pitether_frame_release(frame);
    return saved;
}

/* All that is in the folder, hidden files included. */
static void list(struct fixture *fixture)
{
    DIR *directory = opendir(fixture->folder);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            assert_in_range(fixture->count, 0, FILES_MAX - 1);
            fixture->names[fixture->count] = strdup(entry->d_name);
            assert_non_null(fixture->names[fixture->count++]);
        }
    closedir(directory);
}

static void each_has_a_name_of_its_own(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 0; i < 3; i++)
        assert_true(save(fixture, fixture->folder, NULL, 7, 100 + i));
    list(fixture);
    assert_int_equal(fixture->count, 3);
    size_t sum = 0;
    for (unsigned i = 0; i < 3; i++) {
        char path[256], line[300];
        struct stat status;
        assert_non_null(strstr(fixture->names[i], "-frame7"));
        snprintf(path, sizeof(path), "%s/%s", fixture->folder, fixture->names[i]);
        assert_int_equal(stat(path, &status), 0);
        sum += (size_t)status.st_size;
        snprintf(line, sizeof(line), "saved frame 7 as %s\n", path);
        assert_int_equal(count_text(stderr_text(), line), 1);
    }
    assert_int_equal(sum, 100 + 101 + 102);
}

/* None of them is hidden, or in a folder. */
static void the_stream_is_in_the_name(void **state)
{
    struct fixture *fixture = *state;
    static const char *const streams[] = { "front", "rear/preview", "../.x", "" };
    static const char *const prefixes[] = { "pitether-front-2", "pitether-rear-preview-2",
                                            "pitether-----x-2", "pitether-2" };
    char line[600], much[300];
    for (unsigned i = 0; i < 4; i++) {
        assert_true(save(fixture, fixture->folder, streams[i], 7, 100));
        snprintf(line, sizeof(line), "saved frame 7 as %s/%s", fixture->folder, prefixes[i]);
        assert_int_equal(count_text(stderr_text(), line), 1);
    }
    memset(much, 'x', sizeof(much) - 1);
    much[sizeof(much) - 1] = '\0';
    assert_true(save(fixture, fixture->folder, much, 7, 100));
    list(fixture);
    assert_int_equal(fixture->count, 5);
}

static void a_file_that_may_not_be_so_long(void **state)
{
    struct fixture *fixture = *state;
    struct pitether_frame *frame = frame_make(fixture->pool, 7, 5000);
    limit_files(1000); /* the log fits */
    bool saved = snapshot_save(fixture->folder, NULL, frame);
    limit_files(0);
    pitether_frame_release(frame);
    assert_false(saved);
    list(fixture);
    assert_int_equal(fixture->count, 0);
    assert_int_equal(count_text(stderr_text(), "can't save a snapshot in "), 1);
    assert_int_equal(count_text(stderr_text(), "File too large"), 1);
}

static void a_folder_that_is_none(void **state)
{
    struct fixture *fixture = *state;
    assert_false(save(fixture, "/dev/null", NULL, 7, 100));
    assert_int_equal(count_text(stderr_text(), "snapshot in /dev/null: Not a directory"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_has_a_name_of_its_own),
        TEST(the_stream_is_in_the_name),
        TEST(a_file_that_may_not_be_so_long),
        TEST(a_folder_that_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
