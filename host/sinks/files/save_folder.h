/*
 * The folder of --save and the indexes in it, kept open while frames are saved. Sees whether they
 * are still there, opens them again when they are back, and removes what a killed run has left. One
 * thread.
 */
#ifndef PITETHER_HOST_SINKS_FILES_SAVE_FOLDER_H
#define PITETHER_HOST_SINKS_FILES_SAVE_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "host/sinks/files/index_file.h"
#include "shared/base/attributes.h"

/* In the order in which the lines of a frame are added: whoever reads frames.csv finds each frame
 * in frames.jsonl, too. */
enum save_index { INDEX_JSON, INDEX_CSV, INDEXES };

struct save_folder {
    int fd;            /* -1: it is not open */
    unsigned openings; /* how often it was opened so far */
    struct index_file indexes[INDEXES];

    /* save_folder.c's own. */
    const char *path;
    bool was_mounted; /* something was mounted at path itself */
    bool is_new;      /* made by us, and its name may not be on the disk yet */
};

/* Makes the folder if it is not there, and opens it. path must live as long. 0, or a negative errno
 * and nothing is to be closed; -EMEDIUMTYPE: an index of another kind is in it. */
NODISCARD int save_folder_open(struct save_folder *folder, const char *path);

/* To be called before each frame: 0 if fd is the folder's, or a negative errno: it is not there, or
 * can't be used; maybe it can later. */
int save_folder_check(struct save_folder *folder);

/* Between these two no other process gives a name or adds a line, where there are locks: the lines
 * follow one another as the names were given. Closing it unlocks it too. */
void save_folder_lock(struct save_folder *folder);
void save_folder_unlock(struct save_folder *folder);

/* Appends a line to an index, while the folder is locked. 0 or a negative errno: none of it is
 * there; or, where the index could not be cut, half of it, which the next opening takes away if
 * nobody else has the folder open. */
int save_folder_add(struct save_folder *folder, enum save_index index, const char *line,
                    size_t size);

/* Takes back the line that was added last, under the same lock. 0 or a negative errno: it is still
 * there. */
int save_folder_undo(struct save_folder *folder, enum save_index index, size_t size);

/* Puts on the disk, and waits for it: the names in the folder and its own, the lines in the
 * indexes, or all that there is on the folder's file system. 0 or a negative errno. */
int save_folder_sync_names(struct save_folder *folder);
int save_folder_sync_indexes(struct save_folder *folder);
int save_folder_sync_all(struct save_folder *folder);

/* save_folder_check() opens it again. */
void save_folder_close(struct save_folder *folder);

#endif
