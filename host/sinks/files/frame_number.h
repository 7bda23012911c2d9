/*
 * The number {n} that a frame is saved under: one more than the highest in any name that its
 * template may have made, of files in the folder and of lines in its index. So numbers go on from
 * run to run, and no number is given twice as long as the index is there, even if files are
 * removed meanwhile. One thread; a pitether that saves into the same folder is seen by its lines.
 */
#ifndef PITETHER_HOST_SINKS_FILES_FRAME_NUMBER_H
#define PITETHER_HOST_SINKS_FILES_FRAME_NUMBER_H

#include <stdint.h>
#include <sys/types.h>

struct frame_number {
    const char *name_template; /* which has an {n} */
    uint64_t highest;          /* 0: there is none yet */
    off_t seen;                /* so much of the index is known: whole lines */
};

/* Looks at all of the folder, and at the end of its index, up to the last line that has such a
 * name: the work grows with the number of files alone. 0 or a negative errno. */
int frame_number_find(struct frame_number *number, int folder_fd, int index_fd);

/* Looks at the lines that were added since. 0 or a negative errno. */
int frame_number_update(struct frame_number *number, int index_fd);

#endif
