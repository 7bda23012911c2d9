#include "save_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/sinks/files/file_name.h"

const char save_head[] =
    "file,epoch,id,wall_time,sensor_ns,captured_ns,encode_start_ns,encode_end_ns,send_start_ns,"
    "send_end_ns,received_host_ns,clock_offset_ns,clock_error_ns,latency_ms,width,height,bytes,"
    "crc32c,exposure_us,gain,digital_gain,colour_temperature_k,lux,lens_position,"
    "mid_exposure_ns\n";

int lock_error, rename_error;
const char *watched;
bool was_locked;
unsigned renames, looks;

int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);
int __real_ftruncate64(int fd, off_t size);
int __wrap_ftruncate64(int fd, off_t size);

int __real_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int __wrap_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int __real_faccessat(int fd, const char *path, int mode, int flags);
int __wrap_faccessat(int fd, const char *path, int mode, int flags);

int __wrap_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    renames++;
    errno = rename_error;
    return rename_error ? -1 : __real_renameat2(from_fd, from, to_fd, to, flags);
}

int __wrap_faccessat(int fd, const char *path, int mode, int flags)
{
    looks++;
    return __real_faccessat(fd, path, mode, flags);
}

int __wrap_flock(int fd, int operation)
{
    errno = lock_error;
    return lock_error ? -1 : __real_flock(fd, operation);
}

int __wrap_ftruncate64(int fd, off_t size)
{
    int folder = watched ? open(watched, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (folder >= 0) {
        was_locked = flock(folder, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
        close(folder);
    }
    return __real_ftruncate64(fd, size);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void remove_all(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int fixture_setup(void **state)
{
    struct fixture *fixture = *state = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    strcpy(fixture->root, "/tmp/pitether-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->root));
    snprintf(fixture->folder, sizeof(fixture->folder), "%s/save", fixture->root);
    fixture->pool = frame_pool_create(4, SIZE_MAX);
    assert_non_null(fixture->pool);
    return 0;
}

void fixture_stop(struct fixture *fixture)
{
    if (fixture->is_open)
        files_close(&fixture->files);
    fixture->is_open = false;
}

int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    fixture_stop(fixture);
    umount2(fixture->folder, MNT_DETACH); /* few tests have mounted anything */
    remove_all(fixture->root);
    frame_pool_destroy(fixture->pool);
    free(fixture->index);
    free(fixture);
    return 0;
}

void fixture_start(struct fixture *fixture, const char *name_template)
{
    struct error error;
    fixture_stop(fixture);
    assert_int_equal(file_name_check(name_template, &error), 0);
    assert_int_equal(files_open(&fixture->files, fixture->folder, name_template, 0), 0);
    fixture->is_open = true;
}

const char *path_of(const struct fixture *fixture, const char *name)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);
    return path;
}

off_t size_of(const struct fixture *fixture, const char *name)
{
    struct stat status;
    assert_int_equal(stat(path_of(fixture, name), &status), 0);
    return status.st_size;
}

char *read_file(const char *path, size_t *size)
{
    struct stat status;
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &status), 0);
    char *text = calloc(1, (size_t)status.st_size + 1);
    assert_non_null(text);
    assert_int_equal(read(fd, text, (size_t)status.st_size), status.st_size);
    close(fd);
    *size = (size_t)status.st_size;
    return text;
}

void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

void assert_file(const struct fixture *fixture, const char *name, uint64_t id, size_t size)
{
    size_t got;
    char *data = read_file(path_of(fixture, name), &got);
    assert_int_equal(got, size);
    assert_true(frame_is_right((const uint8_t *)data, id, size));
    free(data);
}

/* The entries of the folder, hidden ones included. */
unsigned count_files(const struct fixture *fixture)
{
    unsigned count = 0;
    DIR *directory = opendir(fixture->folder);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(directory);
    return count;
}

/* Ends the field that begins at `at`, without its quotes, and returns the separator's place (RFC
 * 4180, 2). */
static char *parse_field(char *at, char **field)
{
    *field = at;
    if (*at != '"')
        return at + strcspn(at, ",\n");
    char *to = at++;
    while (at[0] != '"' || at[1] == '"') {
        assert_true(*at != '\0');
        at += *at == '"';
        *to++ = *at++;
    }
    *to = '\0';
    assert_true(at[1] == ',' || at[1] == '\n');
    return at + 1;
}

static unsigned count_objects(const char *text)
{
    static const char begin[] = "{\"file\":\"", end[] = "}}\n";
    unsigned count = 0;
    for (const char *feed; *text; text = feed + 1, count++) {
        feed = strchr(text, '\n');
        assert_non_null(feed);
        assert_memory_equal(text, begin, strlen(begin));
        assert_memory_equal(feed + 1 - strlen(end), end, strlen(end));
    }
    return count;
}

static void read_json(struct fixture *fixture)
{
    size_t size;
    fixture->json_rows = 0;
    if (access(path_of(fixture, "frames.jsonl"), F_OK) != 0)
        return;
    char *text = read_file(path_of(fixture, "frames.jsonl"), &size);
    assert_int_equal(strlen(text), size);
    fixture->json_rows = count_objects(text);
    free(text);
}

void read_index(struct fixture *fixture)
{
    size_t size;
    free(fixture->index);
    fixture->index = NULL;
    fixture->index = read_file(path_of(fixture, "frames.csv"), &size);
    assert_int_equal(strlen(fixture->index), size);
    assert_memory_equal(fixture->index, save_head, strlen(save_head));
    fixture->rows = 0;
    for (char *at = fixture->index + strlen(save_head); *at;) {
        assert_in_range(fixture->rows, 0, ROWS_MAX - 1);
        for (unsigned column = 0; column < COLUMNS; column++) {
            at = parse_field(at, &fixture->fields[fixture->rows][column]);
            assert_int_equal(*at, column < COLUMNS - 1 ? ',' : '\n');
            *at++ = '\0';
        }
        fixture->rows++;
    }
    read_json(fixture);
}

int save_with(struct fixture *fixture, struct files *files, uint64_t id, size_t size)
{
    struct pitether_frame *frame = frame_make(fixture->pool, id, size);
    int error = files_write(files, frame);
    pitether_frame_release(frame);
    return error;
}

int save(struct fixture *fixture, uint64_t id, size_t size)
{
    return save_with(fixture, &fixture->files, id, size);
}

void assert_row(const struct fixture *fixture, unsigned row, const char *name, const char *id)
{
    assert_in_range(row, 0, fixture->rows - 1);
    assert_string_equal(fixture->fields[row][0], name);
    assert_string_equal(fixture->fields[row][2], id);
}
