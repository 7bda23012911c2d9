/*
 * A folder of saved frames in a root of its own, and what the tests of it look at. With it linked,
 * flock(), ftruncate64(), renameat2() and faccessat() are wrapped.
 */
#ifndef PITETHER_TESTS_UNIT_HOST_SAVE_FIXTURE_H
#define PITETHER_TESTS_UNIT_HOST_SAVE_FIXTURE_H

#include "host_support.h"

#include <sys/types.h>

#include "host/sinks/files/files.h"

enum { COLUMNS = 25, ROWS_MAX = 64 };

/* The index's first line. */
extern const char save_head[];

struct fixture {
    char root[32], folder[48]; /* the folder lies in the root, so that it can be taken away */
    struct frame_pool *pool;
    struct files files;
    bool is_open;
    char *index;
    char *fields[ROWS_MAX][COLUMNS];
    unsigned rows, json_rows;
};

/* In the place of the system's calls: which error flock() and renameat2() give (0: the system's
 * own), whether the watched folder (NULL: none) was locked when a file was cut, and how many names
 * were given and looked up. */
extern int lock_error, rename_error;
extern const char *watched;
extern bool was_locked;
extern unsigned renames, looks;

int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Opens the folder, after closing it if it was open; and closes it. */
void fixture_start(struct fixture *fixture, const char *name_template);
void fixture_stop(struct fixture *fixture);

/* Saves frame `id` with so many bytes: files_write()'s result. */
int save(struct fixture *fixture, uint64_t id, size_t size);
int save_with(struct fixture *fixture, struct files *files, uint64_t id, size_t size);

/* A file in the folder: its path, valid until the next call, and its size. */
const char *path_of(const struct fixture *fixture, const char *name);
off_t size_of(const struct fixture *fixture, const char *name);

/* All of a file, and a zero; the caller's. */
char *read_file(const char *path, size_t *size);
void write_file(const char *path, const char *text);
void remove_all(const char *path);

/* The file is frame `id` of that size. */
void assert_file(const struct fixture *fixture, const char *name, uint64_t id, size_t size);

/* The entries of the folder, hidden ones included. */
unsigned count_files(const struct fixture *fixture);

/* Reads frames.csv into fields and rows: its head, and rows all of which are whole. Counts the
 * lines of frames.jsonl, if it is there, into json_rows: all of them are whole objects. */
void read_index(struct fixture *fixture);
void assert_row(const struct fixture *fixture, unsigned row, const char *name, const char *id);

#endif
