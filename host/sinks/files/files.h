/*
 * A folder of saved frames: one JPEG a frame, byte for byte as the daemon made it, and two
 * indexes beside them, frames.csv and frames.jsonl. One thread; all of it may block on the disk:
 * see atomic_file.h.
 *
 * A frame is written under a temporary name and renamed once it is whole; then its lines go to the
 * indexes. The last two happen under the folder's lock, so that the numbers of several who save
 * there have no gaps, and follow one another as the lines do. So a program that watches the folder
 * never sees half a picture, and the index names none that is not there, whenever the program is
 * killed; but see atomic_file_name() on file systems that have neither links nor a rename that
 * overwrites nothing. Nothing that is there already is ever overwritten.
 */
#ifndef PITETHER_HOST_SINKS_FILES_FILES_H
#define PITETHER_HOST_SINKS_FILES_FILES_H

#include <stdint.h>

#include "host/lib/pitether.h"
#include "host/sinks/files/atomic_file.h"
#include "host/sinks/files/frame_number.h"
#include "host/sinks/files/save_folder.h"
#include "shared/base/attributes.h"

/* The fields are files.c's own. */
struct files {
    struct save_folder folder;
    const char *name_template;
    char temporary[TEMPORARY_NAME_SIZE];
    struct frame_number number; /* of the last name; only if the template has an {n} */
    unsigned opening;           /* of the folder, in which it was found; 0: in none */
    uint64_t sync_every, unsynced;
};

/* Makes the folder if it is not there. name_template: file_name_check() has accepted it; it and
 * directory must live as long. sync_every: after so many frames all of them are put on the disk; 1:
 * each is, before its name and its line in the index appear; 0: the kernel decides. 0 or a negative
 * errno, for disk_error_text(), and nothing is to be closed. */
NODISCARD int files_open(struct files *files, const char *directory, const char *name_template,
                         uint64_t sync_every);

/* 0 or a negative errno: this frame is not there, maybe the next one can be saved. */
int files_write(struct files *files, const struct pitether_frame *frame);

/* 0 or a negative errno: of what was written, some may not be on the disk. */
int files_close(struct files *files);

#endif
