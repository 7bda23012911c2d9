/*
 * Files that are complete or absent, for programs that watch the folder and after a kill: a file is
 * written under a temporary name, and renamed once it is complete. And lines that are appended
 * completely or not at all.
 *
 * Errors are those of the system, or of disk_error.h. All of these may block on the disk; on a
 * cancellable thread they end with -EINTR once it is abandoned. Any thread.
 */
#ifndef PITETHER_HOST_SINKS_FILES_ATOMIC_FILE_H
#define PITETHER_HOST_SINKS_FILES_ATOMIC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { TEMPORARY_NAME_SIZE = 32 };

/* Makes a name that no other process uses: ".pitether-", 16 hexadecimal digits, ".part". name has
 * TEMPORARY_NAME_SIZE bytes. */
void temporary_name_make(char *name);
bool temporary_name_is(const char *name);

/* Writes a new file under its temporary name; durable: its bytes are on the disk then, too. 0 or a
 * negative errno; nothing of it is left then, if the file system lets it be removed. */
int atomic_file_write(int directory_fd, const char *temporary, const void *data, size_t size,
                      bool durable);

/* Gives it its name. 0, or a negative errno, and it still has its temporary one. -EEXIST: the name
 * is taken; nothing is ever overwritten. */
int atomic_file_name(int directory_fd, const char *temporary, const char *name);

/* Whether a file of that size begins with the text of at most 1 KiB, or is as much of its beginning
 * as a kill has left. */
bool atomic_file_begins(int fd, off_t size, const char *text);

/* Appends to fd, which is open with O_APPEND, or which nobody else writes to. 0 or a negative
 * errno: what was written of it is cut off again, where the file can be cut. */
int whole_append(int fd, const void *data, size_t size);

/* Cuts off the last bytes that were appended through fd, unless somebody else has appended more. 0
 * or a negative errno. */
int whole_append_undo(int fd, size_t size);

#endif
