/*
 * A file to which a line is appended for each saved frame, in the folder of --save. Its lines are
 * whole: half of one that a killed run has left is cut off. One thread.
 */
#ifndef PITETHER_HOST_SINKS_FILES_INDEX_FILE_H
#define PITETHER_HOST_SINKS_FILES_INDEX_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "shared/base/attributes.h"

struct index_kind {
    const char *name; /* the file's */
    const char *head; /* its first line with the line feed, or the beginning of each line */
    bool has_head;    /* the former */
};

/* fd: -1 if it is not open. The other fields are index_file.c's own. */
struct index_file {
    int fd;
    const struct index_kind *kind;
    char path[PATH_MAX];
    dev_t device;
    ino_t inode;
};

/* Nothing is opened yet. folder: its path. 0 or -ENAMETOOLONG. */
NODISCARD int index_file_init(struct index_file *index, const struct index_kind *kind,
                              const char *folder);

/* Opens it in the folder, and makes it if it is not there. 0 or a negative errno. */
NODISCARD int index_file_open(struct index_file *index, int folder_fd);

/* Once it is open: its head, and whole lines. alone: nobody else writes to it, so that half a line
 * is a killed run's. 0 or a negative errno; -EMEDIUMTYPE: its lines are of another kind. */
NODISCARD int index_file_prepare(struct index_file *index, bool alone);

/* Whether its path still leads to it: it was neither removed nor replaced, and nothing was mounted
 * or unmounted. */
bool index_file_is_there(const struct index_file *index);

void index_file_close(struct index_file *index);

#endif
