/*
 * --save in folders of its own: the files, the index, and what goes wrong with disks.
 */
#include "host/sinks/sink.h"

#include "host_support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/lib/from_wire.h"
#include "host/sinks/files/file_name.h"
#include "shared/base/clock.h"

enum { COLUMNS = 24, ROWS_MAX = 64 };

static const char head[] =
    "file,epoch,id,wall_time,sensor_ns,captured_ns,encode_start_ns,encode_end_ns,send_start_ns,"
    "send_end_ns,received_host_ns,clock_offset_ns,clock_error_ns,latency_ms,width,height,bytes,"
    "crc32c,exposure_us,gain,digital_gain,colour_temperature_k,lux,lens_position\n";

struct world {
    char root[32], folder[48]; /* the folder lies in a root of its own, so it can be taken away */
    struct frame_pool *pool;
    void *files;
    char error[SINK_ERROR_MAX];
    char *index;
    char *fields[ROWS_MAX][COLUMNS];
    unsigned rows;
};

/* In the place of the system's calls: which error flock() and renameat2() give (0: the system's
 * own), whether the watched folder (NULL: none) was locked when a file was cut, and how many names
 * were given and looked up. */
static int lock_error, rename_error;
static const char *watched;
static bool was_locked;
static unsigned renames, looks;

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

static void remove_all(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int world_setup(void **state)
{
    struct world *world = *state = calloc(1, sizeof(*world));
    strcpy(world->root, "/tmp/pitether-test-XXXXXX");
    assert_non_null(mkdtemp(world->root));
    snprintf(world->folder, sizeof(world->folder), "%s/save", world->root);
    world->pool = frame_pool_create(4, SIZE_MAX);
    assert_non_null(world->pool);
    return 0;
}

static void world_stop(struct world *world)
{
    if (world->files)
        sink_files.close(world->files);
    world->files = NULL;
}

static int world_teardown(void **state)
{
    struct world *world = *state;
    world_stop(world);
    umount2(world->folder, MNT_DETACH); /* few tests have mounted anything */
    remove_all(world->root);
    frame_pool_destroy(world->pool);
    free(world->index);
    free(world);
    return 0;
}

static void world_start(struct world *world, const char *name_template)
{
    char error[FILE_NAME_ERROR_MAX];
    assert_int_equal(file_name_check(name_template, error), 0);
    assert_int_equal(
        sink_files_create(&world->files, world->folder, name_template, 0, world->error), 0);
}

static const char *path_of(const struct world *world, const char *name)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", world->folder, name);
    return path;
}

static off_t size_of(const struct world *world, const char *name)
{
    struct stat status;
    assert_int_equal(stat(path_of(world, name), &status), 0);
    return status.st_size;
}

static char *read_file(const char *path, size_t *size)
{
    struct stat status;
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &status), 0);
    char *text = calloc(1, (size_t)status.st_size + 1);
    assert_int_equal(read(fd, text, (size_t)status.st_size), status.st_size);
    close(fd);
    *size = (size_t)status.st_size;
    return text;
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void assert_file(const struct world *world, const char *name, uint64_t id, size_t size)
{
    size_t got;
    char *data = read_file(path_of(world, name), &got);
    assert_int_equal(got, size);
    assert_true(frame_is_right((const uint8_t *)data, id, size));
    free(data);
}

/* The entries of the folder, hidden ones included. */
static unsigned count_files(const struct world *world)
{
    unsigned count = 0;
    DIR *directory = opendir(world->folder);
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

/* Reads the index: its head, and rows all of which are whole. */
static void read_index(struct world *world)
{
    size_t size;
    free(world->index);
    world->index = read_file(path_of(world, "frames.csv"), &size);
    assert_int_equal(strlen(world->index), size);
    assert_memory_equal(world->index, head, sizeof(head) - 1);
    world->rows = 0;
    for (char *at = world->index + sizeof(head) - 1; *at;) {
        assert_in_range(world->rows, 0, ROWS_MAX - 1);
        for (unsigned column = 0; column < COLUMNS; column++) {
            at = parse_field(at, &world->fields[world->rows][column]);
            assert_int_equal(*at, column < COLUMNS - 1 ? ',' : '\n');
            *at++ = '\0';
        }
        world->rows++;
    }
}

static int save(struct world *world, uint64_t id, size_t size)
{
    struct pitether_frame *frame = frame_make(world->pool, id, size);
    int error = sink_files.write(world->files, frame);
    pitether_frame_release(frame);
    return error;
}

static void assert_row(const struct world *world, unsigned row, const char *name, const char *id)
{
    assert_in_range(row, 0, world->rows - 1);
    assert_string_equal(world->fields[row][0], name);
    assert_string_equal(world->fields[row][2], id);
}

static void frames_are_saved_as_they_are(void **state)
{
    struct world *world = *state;
    world_start(world, "frame-{id}.jpg");
    for (unsigned id = 7; id < 17; id++)
        assert_int_equal(save(world, id, 1 + 30000 * (id - 7)), 0);
    assert_int_equal(count_files(world), 10 + 1);
    world_stop(world);
    assert_int_equal(count_files(world), 10 + 1);
    read_index(world);
    assert_int_equal(world->rows, 10);
    for (unsigned i = 0; i < 10; i++) {
        char name[32], id[8], size[16];
        snprintf(name, sizeof(name), "frame-%08u.jpg", i + 7);
        snprintf(id, sizeof(id), "%u", i + 7);
        snprintf(size, sizeof(size), "%u", 1 + 30000 * i);
        assert_file(world, name, i + 7, 1 + 30000 * i);
        assert_row(world, i, name, id);
        assert_string_equal(world->fields[i][16], size);
    }
}

static struct pitether_frame *full_frame(struct world *world)
{
    struct pitether_frame *frame = frame_make(world->pool, 3, 100);
    frame->crc32c = 0xBEEF;
    frame->times = (struct pitether_times){ .sensor = 1000000,
                                            .captured = 1000001,
                                            .encode_start = 1000002,
                                            .encode_end = 1000003,
                                            .send_start = 1000004,
                                            .send_end = 1000005,
                                            .last_byte = 4500000,
                                            .offset = -2000000,
                                            .error = 42,
                                            .offset_known = true };
    frame->metadata = (struct pitether_metadata){ .present = 0xFE,
                                                  .exposure_us = 8333,
                                                  .gain_milli = 1500,
                                                  .digital_gain_milli = 2250,
                                                  .colour_temperature_k = 5600,
                                                  .lux_milli = 123456,
                                                  .lens_position_milli = 250,
                                                  .wall_clock_ns = 1795295625123456789 };
    return frame;
}

static void every_column(void **state)
{
    static const char *const full[COLUMNS] = {
        "3.jpg",   "0000000000c0ffee",
        "3",       "2026-11-21T21:13:45.123456789Z",
        "1000000", "1000001",
        "1000002", "1000003",
        "1000004", "1000005",
        "4500000", "-2000000",
        "42",      "1.500000",
        "640",     "480",
        "100",     "0000beef",
        "8333",    "1.5",
        "2.25",    "5600",
        "123.456", "0.25",
    };
    struct world *world = *state;
    world_start(world, "{wall}.{id}.jpg");
    struct pitether_frame *frame = full_frame(world);
    assert_int_equal(sink_files.write(world->files, frame), 0);
    frame->metadata.present = PITETHER_META_WALL_CLOCK;
    frame->times.offset_known = false;
    frame->id = 4;
    assert_int_equal(sink_files.write(world->files, frame), 0);
    pitether_frame_release(frame);
    read_index(world);
    assert_int_equal(world->rows, 2);
    assert_string_equal(world->fields[0][0], "20261121T211345.123Z.00000003.jpg");
    for (unsigned i = 1; i < COLUMNS; i++)
        assert_string_equal(world->fields[0][i], full[i]);
    for (unsigned i = 1; i < COLUMNS; i++) {
        bool known = i < 11 || (i > 13 && i < 18);
        assert_string_equal(world->fields[1][i], i == 2 ? "4" : known ? full[i] : "");
    }
}

/* What becomes of metadata on its way over the wire. */
static struct pitether_metadata carry(const struct wire_metadata *metadata)
{
    uint8_t bytes[WIRE_ENCODED_MAX];
    struct wire_message back,
        message = { .type = WIRE_FRAME_HEAD, .frame_head.metadata = *metadata };
    struct wire_raw raw = { .body = bytes + WIRE_HEADER_SIZE };
    wire_encode(&message, bytes);
    assert_int_equal(wire_decode_header(bytes, &raw.header), 0);
    assert_int_equal(wire_decode(&raw, &back), 0);
    return from_wire_metadata(&back.frame_head.metadata);
}

static void what_travels_has_a_column(void **state)
{
    struct world *world = *state;
    struct pitether_frame *frame = frame_make(world->pool, 1, 10);
    unsigned saved = 1, travelled = 0;
    world_start(world, "{id}.jpg");
    assert_int_equal(sink_files.write(world->files, frame), 0);
    for (unsigned bit = 0; bit < 32; bit++) {
        struct wire_metadata metadata;
        memset(&metadata, 0x11, sizeof(metadata));
        metadata.present = 1u << bit;
        frame->metadata = carry(&metadata);
        if (!frame->metadata.present)
            continue;
        assert_int_equal(sink_files.write(world->files, frame), 0);
        read_index(world);
        assert_int_equal(world->rows, ++saved);
        bool told = false;
        for (unsigned column = 3; column < COLUMNS; column++)
            told |= strcmp(world->fields[0][column], world->fields[saved - 1][column]) != 0;
        if (!told)
            fail_msg("what has bit %u is in no column", bit);
        travelled++;
    }
    pitether_frame_release(frame);
    assert_in_range(travelled, 7, 32);
}

/* Without the device's word on it, wall_time is when the frame was taken, as far as is known. */
static void a_wall_time_that_was_not_told(void **state)
{
    struct world *world = *state;
    enum { HOUR_S = 3600 };
    struct pitether_frame *frame = frame_make(world->pool, 1, 10);
    frame->times.last_byte = clock_monotonic();
    frame->times.sensor = frame->times.last_byte + 5 * HOUR_S * CLOCK_SECOND;
    frame->times.offset = 6 * HOUR_S * CLOCK_SECOND;
    world_start(world, "{id}.jpg");
    for (unsigned known = 0; known < 2; known++) {
        frame->times.offset_known = known;
        assert_int_equal(sink_files.write(world->files, frame), 0);
    }
    pitether_frame_release(frame);
    read_index(world);
    double took[2];
    for (unsigned known = 0; known < 2; known++) {
        struct tm utc = { 0 };
        assert_non_null(strptime(world->fields[known][3], "%Y-%m-%dT%H:%M:%S", &utc));
        took[known] = (double)timegm(&utc);
    }
    assert_true(took[0] - took[1] > HOUR_S - 60 && took[0] - took[1] < HOUR_S + 60);
}

static void names_with_commas_and_quotes(void **state)
{
    struct world *world = *state;
    world_start(world, "a,\"b\" {id},\".jpg");
    assert_int_equal(save(world, 1, 10), 0);
    assert_int_equal(save(world, 2, 10), 0);
    assert_file(world, "a,\"b\" 00000001,\".jpg", 1, 10);
    read_index(world);
    assert_int_equal(world->rows, 2);
    assert_row(world, 0, "a,\"b\" 00000001,\".jpg", "1");
    assert_row(world, 1, "a,\"b\" 00000002,\".jpg", "2");
}

/* The longest row there can be is whole. */
static void the_longest_row(void **state)
{
    struct world *world = *state;
    char template[FILE_NAME_MAX + 1] = "", error[FILE_NAME_ERROR_MAX];
    do
        strcat(template, "\"");
    while (strlen(template) < FILE_NAME_MAX - 40);
    strcat(template, "{id}");
    while (file_name_check(template, error) == 0)
        strcat(template, "\"");
    template[strlen(template) - 1] = '\0';
    world_start(world, template);
    struct pitether_frame *frame = full_frame(world);
    memset(&frame->times, 0xFF, sizeof(frame->times) - sizeof(uint64_t));
    frame->times.offset = INT64_MIN;
    frame->times.last_byte = UINT64_MAX / 2;
    frame->id = frame->epoch = UINT64_MAX;
    frame->width = frame->height = UINT_MAX;
    memset(&frame->metadata, 0xFF, sizeof(frame->metadata));
    assert_int_equal(sink_files.write(world->files, frame), 0);
    pitether_frame_release(frame);
    read_index(world);
    assert_int_equal(world->rows, 1);
    assert_int_equal(world->fields[0][0][strlen(world->fields[0][0]) - 1], '"');
    assert_non_null(strstr(world->fields[0][0], "18446744073709551615"));
    assert_string_equal(world->fields[0][18], "4294967295");
    assert_string_equal(world->fields[0][23], "4294967.295");
}

/* What is there already. */

static void nothing_is_overwritten(void **state)
{
    struct world *world = *state;
    char target[64];
    size_t size;
    world_start(world, "{id}.jpg");
    write_file(path_of(world, "00000001.jpg"), "mine");
    write_file(path_of(world, "00000002.jpg"), "");
    assert_int_equal(symlink("nowhere", path_of(world, "00000002-2.jpg")), 0);
    assert_int_equal(mkdir(path_of(world, "00000003.jpg"), 0777), 0);
    assert_int_equal(save(world, 4, 100), 0);
    assert_int_equal(save(world, 1, 100), 0);
    assert_int_equal(save(world, 2, 100), 0);
    assert_int_equal(save(world, 3, 100), 0);
    char *mine = read_file(path_of(world, "00000001.jpg"), &size);
    assert_string_equal(mine, "mine");
    free(mine);
    assert_int_equal(readlink(path_of(world, "00000002-2.jpg"), target, sizeof(target)), 7);
    assert_int_equal(access(path_of(world, "nowhere"), F_OK), -1);
    assert_file(world, "00000001-2.jpg", 1, 100);
    assert_file(world, "00000002-3.jpg", 2, 100);
    assert_file(world, "00000003-2.jpg", 3, 100);
    assert_file(world, "00000004.jpg", 4, 100);
    read_index(world);
    assert_row(world, 1, "00000001-2.jpg", "1");
    assert_row(world, 3, "00000003-2.jpg", "3");
}

static int save_at(struct world *world, uint64_t id, uint64_t wall_ns)
{
    struct pitether_frame *frame = frame_make(world->pool, id, 10);
    frame->metadata =
        (struct pitether_metadata){ .present = PITETHER_META_WALL_CLOCK, .wall_clock_ns = wall_ns };
    int error = sink_files.write(world->files, frame);
    pitether_frame_release(frame);
    return error;
}

/* Several frames in a millisecond, and a clock that was set back: each name begins anew. */
static void a_suffix_belongs_to_a_name(void **state)
{
    struct world *world = *state;
    static const struct {
        unsigned ms;
        const char *name;
    } cases[] = {
        { 0, "000" },   { 0, "000-2" }, { 0, "000-3" }, { 1, "001" },   { 2, "002" },
        { 2, "002-2" }, { 1, "001-2" }, { 2, "002-3" }, { 3, "003" },   { 0, "000-4" },
        { 1, "001-3" }, { 4, "004" },   { 3, "003-2" }, { 4, "004-2" }, { 5, "005" },
    };
    world_start(world, "{wall}.jpg");
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(save_at(world, i, cases[i].ms * CLOCK_MS), 0);
    read_index(world);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char name[64];
        snprintf(name, sizeof(name), "19700101T000000.%.3sZ%s.jpg", cases[i].name,
                 cases[i].name + 3);
        assert_string_equal(world->fields[i][0], name);
    }
}

/* A name is found in few steps, however many copies of it there are, and so is a number. */
static void many_files(void **state)
{
    struct world *world = *state;
    enum { MANY = 200 };
    world_start(world, "{id}.jpg");
    for (unsigned i = 1; i <= MANY; i++) {
        char name[64] = "00000007.jpg";
        if (i > 1)
            snprintf(name, sizeof(name), "00000007-%u.jpg", i);
        write_file(path_of(world, name), "");
        snprintf(name, sizeof(name), "%08u", i);
        write_file(path_of(world, name), "");
    }
    renames = looks = 0;
    assert_int_equal(save(world, 7, 100), 0);
    assert_in_range(renames, 1, 2);
    assert_in_range(looks, 1, 30);
    assert_file(world, "00000007-201.jpg", 7, 100);
    world_stop(world);
    world_start(world, "{n}");
    renames = looks = 0;
    assert_int_equal(save(world, 8, 100), 0);
    assert_int_equal(save(world, 9, 100), 0);
    assert_int_equal(renames, 2);
    assert_int_equal(looks, 0);
    assert_file(world, "00000202", 9, 100);
}

/* The rows from this one on have these names, numbers that follow one another. */
static void assert_numbers(struct world *world, unsigned row, unsigned first, unsigned count)
{
    read_index(world);
    assert_int_equal(world->rows, row + count);
    for (unsigned i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof(name), "frame-%08u.jpg", first + i);
        assert_string_equal(world->fields[row + i][0], name);
    }
}

static void run_numbered(struct world *world, unsigned frames)
{
    world_start(world, "frame-{n}.jpg");
    for (unsigned i = 0; i < frames; i++)
        assert_int_equal(save(world, 100, 10), 0);
    world_stop(world);
}

/* From run to run, whatever is taken away of what they made. */
static void numbers_go_on(void **state)
{
    struct world *world = *state;
    run_numbered(world, 3);
    run_numbered(world, 2);
    assert_numbers(world, 0, 1, 5);
    assert_int_equal(unlink(path_of(world, "frame-00000005.jpg")), 0);
    assert_int_equal(unlink(path_of(world, "frame-00000002.jpg")), 0);
    run_numbered(world, 2);
    assert_numbers(world, 0, 1, 7);
    assert_int_equal(unlink(path_of(world, "frames.csv")), 0);
    run_numbered(world, 2);
    assert_numbers(world, 0, 8, 2);
    write_file(path_of(world, "frame-00000010.jpg"), ""); /* as of a run that was killed */
    write_file(path_of(world, "frame-00000013.jpg.bak"), "");
    run_numbered(world, 1);
    assert_numbers(world, 2, 11, 1);
    remove_all(world->folder);
    run_numbered(world, 2);
    assert_numbers(world, 0, 1, 2);
}

/* Other names of the same folder count for themselves, also if the index ends with many of them. */
static void numbers_of_other_names(void **state)
{
    struct world *world = *state;
    run_numbered(world, 3);
    for (unsigned i = 1; i <= 3; i++) {
        char name[32];
        snprintf(name, sizeof(name), "frame-%08u.jpg", i);
        assert_int_equal(unlink(path_of(world, name)), 0);
    }
    FILE *index = fopen(path_of(world, "frames.csv"), "a");
    assert_non_null(index);
    for (unsigned i = 0; i < 30000; i++)
        fprintf(index, "\"a,\"\"%08u.jpg\",frame-%08u.jpg\n", i, i);
    fclose(index);
    world_start(world, "frame-{n}.jpg");
    assert_int_equal(save(world, 1, 10), 0);
    assert_file(world, "frame-00000004.jpg", 1, 10);
    world_stop(world);
    world_start(world, "a,\"{n}.jpg");
    assert_int_equal(save(world, 2, 10), 0);
    assert_file(world, "a,\"00030000.jpg", 2, 10);
}

/* Wherever the part of the index begins that is read. */
static void no_number_from_the_middle_of_a_line(void **state)
{
    struct world *world = *state;
    for (int shift = 1; shift <= 40; shift++) {
        assert_true(mkdir(world->folder, 0777) == 0 || errno == EEXIST);
        FILE *index = fopen(path_of(world, "frames.csv"), "w");
        assert_non_null(index);
        fprintf(index, "%s%*s\n", head, shift, ",");
        for (unsigned i = 0; i < 3000; i++)
            fprintf(index, "a.jpg,123456789012345678,123456789012345678,,123456789012345678,\n");
        fclose(index);
        world_start(world, "{n}");
        assert_int_equal(save(world, 1, 10), 0);
        assert_file(world, "00000001", 1, 10);
        world_stop(world);
        remove_all(world->folder);
    }
}

/* Also if somebody takes each file away as soon as it is there, and while others come. */
static void two_save_in_turn(void **state)
{
    struct world *world = *state;
    char name[32];
    world_start(world, "frame-{n}.jpg");
    void *one = world->files;
    world_start(world, "frame-{n}.jpg");
    void *both[] = { one, world->files };
    for (unsigned i = 1; i <= 60; i++) {
        world->files = both[i % 7 < 4];
        assert_int_equal(save(world, i, 10), 0);
        snprintf(name, sizeof(name), "frame-%08u.jpg", i);
        assert_file(world, name, i, 10);
        if (i % 3)
            assert_int_equal(unlink(path_of(world, name)), 0);
        if (i == 33)
            write_file(path_of(world, "frame-00000034.jpg.part"), "");
    }
    assert_numbers(world, 0, 1, 60);
    sink_files.close(both[0]);
    world->files = both[1];
}

/* What was not saved has no number, and what lies in the way none of ours. */
static void numbers_without_gaps(void **state)
{
    struct world *world = *state;
    world_start(world, "frame-{n}.jpg");
    assert_int_equal(save(world, 1, 10), 0);
    limit_files((size_t)size_of(world, "frames.csv") + 40);
    assert_int_equal(save(world, 2, 10), -EFBIG);
    limit_files(0);
    assert_int_equal(save(world, 3, 10), 0);
    assert_numbers(world, 0, 1, 2);
    assert_file(world, "frame-00000002.jpg", 3, 10);
    rename_error = EIO;
    assert_int_equal(save(world, 4, 10), -EIO);
    rename_error = 0;
    assert_int_equal(save(world, 5, 10), 0);
    assert_numbers(world, 0, 1, 3);
    write_file(path_of(world, "frame-00000004.jpg"), "mine");
    assert_int_equal(symlink("nowhere", path_of(world, "frame-00000005.jpg")), 0);
    assert_int_equal(save(world, 6, 10), 0);
    assert_numbers(world, 3, 6, 1);
}

/* A second run adds to the index, and takes other names for the same ids. */
static void a_second_run_goes_on(void **state)
{
    struct world *world = *state;
    for (unsigned run = 0; run < 3; run++) {
        world_start(world, "{id}.jpg");
        for (unsigned id = 0; id < 3; id++)
            assert_int_equal(save(world, id, 10 + run), 0);
        world_stop(world);
    }
    read_index(world);
    assert_int_equal(world->rows, 9);
    assert_int_equal(count_files(world), 9 + 1);
    for (unsigned i = 0; i < 9; i++) {
        char name[32], copy[8] = "";
        if (i >= 3)
            snprintf(copy, sizeof(copy), "-%u", i / 3 + 1);
        snprintf(name, sizeof(name), "%08u%s.jpg", i % 3, copy);
        assert_string_equal(world->fields[i][0], name);
        assert_file(world, name, i % 3, 10 + i / 3);
    }
}

/* Of what a killed run has left, only what is one's own is removed, and no link is followed. */
static void leftovers(void **state)
{
    struct world *world = *state;
    static const char stale[] = ".pitether-0123456789abcdef.part";
    world_start(world, "{id}.jpg");
    assert_int_equal(save(world, 1, 100), 0);
    write_file(path_of(world, ".pitether-other.part"), "");
    assert_int_equal(symlink("00000001.jpg", path_of(world, stale)), 0);
    void *alive = world->files;
    world_start(world, "{id}.jpg"); /* while another one saves, it may be that one's */
    assert_int_equal(count_files(world), 4);
    world_stop(world);
    sink_files.close(alive);
    world_start(world, "{id}.jpg");
    assert_int_equal(count_files(world), 3);
    assert_int_equal(access(path_of(world, stale), F_OK), -1);
    assert_file(world, "00000001.jpg", 1, 100);
}

/* That there are no locks does not mean that somebody else is there. */
static void leftovers_where_there_are_no_locks(void **state)
{
    struct world *world = *state;
    static const char stale[] = ".pitether-0123456789abcdef.part";
    assert_int_equal(mkdir(world->folder, 0777), 0);
    write_file(path_of(world, stale), "");
    lock_error = EOPNOTSUPP;
    world_start(world, "{id}.jpg");
    int error = save(world, 1, 10);
    lock_error = 0;
    assert_int_equal(error, 0);
    assert_int_equal(access(path_of(world, stale), F_OK), -1);
}

/* Cuts the index to so many bytes, and starts again. */
static void tear(struct world *world, off_t size)
{
    world_stop(world);
    assert_int_equal(truncate(path_of(world, "frames.csv"), size), 0);
    world_start(world, "{id}.jpg");
}

/* Wherever a power cut has torn it, what is whole stays, and the next line is whole. */
static void a_torn_index_is_mended(void **state)
{
    struct world *world = *state;
    const off_t head_size = sizeof(head) - 1;
    world_start(world, "{id}.jpg");
    assert_int_equal(save(world, 1, 10), 0);
    off_t one = size_of(world, "frames.csv");
    assert_int_equal(save(world, 2, 10), 0);
    off_t two = size_of(world, "frames.csv");
    const struct {
        off_t size;
        unsigned rows;
    } cases[] = { { two, 2 },       { two - 1, 1 },       { one + 1, 1 },
                  { one, 1 },       { one - 1, 0 },       { head_size + 1, 0 },
                  { head_size, 0 }, { head_size - 1, 0 }, { 1, 0 },
                  { 0, 0 },         { one - 1, 0 } };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tear(world, cases[i].size);
        read_index(world);
        assert_int_equal(world->rows, cases[i].rows);
        assert_int_equal(save(world, 100 + i, 10), 0);
        read_index(world);
        assert_int_equal(world->rows, cases[i].rows + 1);
    }
}

static void a_long_tail_of_zeros(void **state)
{
    struct world *world = *state;
    world_start(world, "{id}.jpg");
    assert_int_equal(save(world, 1, 10), 0);
    tear(world, size_of(world, "frames.csv") + 10000);
    assert_int_equal(save(world, 2, 10), 0);
    read_index(world);
    assert_int_equal(world->rows, 2);
}

/* It is looked at backwards, a piece at a time. */
static void a_tail_without_end(void **state)
{
    struct world *world = *state;
    const off_t size = (off_t)1 << 42;
    world_start(world, "{id}.jpg");
    world_stop(world);
    if (truncate(path_of(world, "frames.csv"), size))
        skip(); /* not every file system takes such a file */
    alarm(60);
    assert_int_equal(sink_files_create(&world->files, world->folder, "{id}", 0, world->error),
                     -EMEDIUMTYPE);
    alarm(0);
    assert_true(size_of(world, "frames.csv") == size);
}

static void an_index_of_another_kind(void **state)
{
    struct world *world = *state;
    assert_int_equal(mkdir(world->folder, 0777), 0);
    write_file(path_of(world, "frames.csv"), "file,size\nprecious,1\nhalf");
    assert_int_equal(sink_files_create(&world->files, world->folder, "{id}", 0, world->error),
                     -EMEDIUMTYPE);
    assert_non_null(strstr(world->error, "of another kind"));
    assert_int_equal(size_of(world, "frames.csv"), 25);
}

/* Folders that fail. */

static void folders_that_cannot_be(void **state)
{
    struct world *world = *state;
    char file[64], path[96];
    snprintf(file, sizeof(file), "%s/file", world->root);
    write_file(file, "");
    snprintf(path, sizeof(path), "%s/below", file);
    assert_int_equal(sink_files_create(&world->files, path, "{id}", 0, world->error), -ENOTDIR);
    assert_null(world->files);
    assert_non_null(strstr(world->error, path));
    assert_non_null(strstr(world->error, strerror(ENOTDIR)));
    assert_int_equal(sink_files_create(&world->files, file, "{id}", 0, world->error), -ENOTDIR);
    assert_non_null(strstr(world->error, strerror(ENOTDIR)));
    snprintf(path, sizeof(path), "%s/missing/parent", world->root);
    assert_int_equal(sink_files_create(&world->files, path, "{id}", 0, world->error), -ENOENT);
    assert_non_null(strstr(world->error, strerror(ENOENT)));
    assert_int_equal(mkdir(world->folder, 0777), 0); /* an index that can't be written */
    assert_int_equal(mkdir(path_of(world, "frames.csv"), 0777), 0);
    assert_int_equal(sink_files_create(&world->files, world->folder, "{id}", 0, world->error),
                     -EISDIR);
    assert_null(world->files);
}

/* The disk was unplugged: the frames must not go to the one below, so the folder is not made. */
static void a_vanished_folder(void **state)
{
    struct world *world = *state;
    world_start(world, "{id}.jpg");
    assert_int_equal(save(world, 1, 10), 0);
    remove_all(world->folder);
    for (unsigned id = 2; id < 5; id++)
        assert_int_equal(save(world, id, 10), -ENOENT);
    assert_int_equal(access(world->folder, F_OK), -1);
    assert_int_equal(mkdir(world->folder, 0777), 0);
    assert_int_equal(save(world, 5, 10), 0);
    assert_int_equal(count_files(world), 2);
    assert_file(world, "00000005.jpg", 5, 10);
    read_index(world);
    assert_int_equal(world->rows, 1);
    assert_row(world, 0, "00000005.jpg", "5");
}

static void a_folder_that_was_replaced(void **state)
{
    struct world *world = *state;
    char away[64], path[128];
    world_start(world, "{id}.jpg");
    assert_int_equal(save(world, 1, 10), 0);
    snprintf(away, sizeof(away), "%s/away", world->root);
    assert_int_equal(rename(world->folder, away), 0);
    assert_int_equal(save(world, 2, 10), -ENOENT);
    assert_int_equal(mkdir(world->folder, 0777), 0);
    assert_int_equal(save(world, 3, 10), 0);
    assert_file(world, "00000003.jpg", 3, 10);
    snprintf(path, sizeof(path), "%s/00000003.jpg", away);
    assert_int_equal(access(path, F_OK), -1);
    read_index(world);
    assert_int_equal(world->rows, 1);
}

/* Full disks. */

/* A frame is saved with its line or not at all, wherever the line breaks. */
static void half_lines_are_taken_back(void **state)
{
    struct world *world = *state;
    world_start(world, "{id}.jpg");
    assert_int_equal(save(world, 1, 10), 0);
    off_t size = size_of(world, "frames.csv");
    for (size_t more = 0; more < 60; more += 7) {
        limit_files((size_t)size + more);
        int error = save(world, 2, 10);
        limit_files(0);
        assert_int_equal(error, -EFBIG);
        assert_int_equal(size_of(world, "frames.csv"), size);
        assert_int_equal(count_files(world), 2);
    }
    assert_int_equal(save(world, 2, 10), 0);
    read_index(world);
    assert_int_equal(world->rows, 2);
    assert_row(world, 1, "00000002.jpg", "2");
    assert_file(world, "00000002.jpg", 2, 10);
}

/* The line of another one that saves there must not come in between. */
static void nobody_appends_while_half_a_line_is_there(void **state)
{
    struct world *world = *state;
    world_start(world, "{id}.jpg");
    limit_files((size_t)size_of(world, "frames.csv") + 5);
    watched = world->folder;
    int error = save(world, 1, 10);
    watched = NULL;
    limit_files(0);
    assert_int_equal(error, -EFBIG);
    assert_true(was_locked);
    assert_int_equal(save(world, 1, 10), 0);
}

static void half_frames_are_taken_back(void **state)
{
    struct world *world = *state;
    world_start(world, "{id}.jpg");
    limit_files(4000);
    int error = save(world, 1, 5000), small = save(world, 2, 100);
    limit_files(0);
    assert_int_equal(error, -EFBIG);
    assert_int_equal(small, 0);
    assert_int_equal(count_files(world), 2);
    read_index(world);
    assert_int_equal(world->rows, 1);
    assert_row(world, 0, "00000002.jpg", "2");
}

static void half_a_head_is_taken_back(void **state)
{
    struct world *world = *state;
    limit_files(100);
    int error = sink_files_create(&world->files, world->folder, "{id}.jpg", 0, world->error);
    limit_files(0);
    assert_int_equal(error, -EFBIG);
    assert_null(world->files);
    assert_non_null(strstr(world->error, strerror(EFBIG)));
    assert_int_equal(size_of(world, "frames.csv"), 0);
    world_start(world, "{id}.jpg");
    assert_int_equal(save(world, 1, 10), 0);
    read_index(world);
    assert_int_equal(world->rows, 1);
}

/* In a name space of its own; false: the test may not. */
static bool mount_disk(const struct world *world)
{
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", world->folder, "tmpfs", 0, "size=256k") == 0;
}

/* The folder below the disk is not written to. */
static void a_disk_that_is_unplugged(void **state)
{
    struct world *world = *state;
    assert_int_equal(mkdir(world->folder, 0777), 0);
    if (!mount_disk(world))
        skip();
    world_start(world, "{id}.jpg");
    assert_int_equal(save(world, 1, 100), 0);
    assert_int_equal(umount2(world->folder, MNT_DETACH), 0);
    assert_int_equal(save(world, 2, 100), -ENODEV);
    assert_int_equal(count_files(world), 0);
    assert_true(mount_disk(world));
    assert_int_equal(save(world, 3, 100), 0);
    assert_int_equal(count_files(world), 2);
    world_stop(world);
}

/* A real file system that is full. */
static void a_disk_that_fills_up(void **state)
{
    struct world *world = *state;
    assert_int_equal(mkdir(world->folder, 0777), 0);
    if (!mount_disk(world))
        skip();
    world_start(world, "{id}.jpg");
    unsigned id = 0;
    int error = 0;
    while (!(error = save(world, id, 30000)))
        assert_in_range(++id, 0, 20);
    assert_int_equal(error, -ENOSPC);
    assert_int_equal(count_files(world), id + 1);
    assert_int_equal(save(world, 100, 30000), -ENOSPC);
    assert_int_equal(unlink(path_of(world, "00000000.jpg")), 0);
    assert_int_equal(save(world, 101, 30000), 0);
    assert_file(world, "00000101.jpg", 101, 30000);
    read_index(world);
    assert_int_equal(world->rows, id + 1);
    world_stop(world);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frames_are_saved_as_they_are),
        TEST(every_column),
        TEST(what_travels_has_a_column),
        TEST(a_wall_time_that_was_not_told),
        TEST(names_with_commas_and_quotes),
        TEST(the_longest_row),
        TEST(nothing_is_overwritten),
        TEST(a_suffix_belongs_to_a_name),
        TEST(many_files),
        TEST(numbers_go_on),
        TEST(numbers_of_other_names),
        TEST(no_number_from_the_middle_of_a_line),
        TEST(two_save_in_turn),
        TEST(numbers_without_gaps),
        TEST(a_second_run_goes_on),
        TEST(leftovers),
        TEST(leftovers_where_there_are_no_locks),
        TEST(a_torn_index_is_mended),
        TEST(a_long_tail_of_zeros),
        TEST(a_tail_without_end),
        TEST(an_index_of_another_kind),
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
