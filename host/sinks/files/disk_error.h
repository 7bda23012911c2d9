/*
 * What stands behind a disk's error, where the system's own words mislead. Pure but for one look at
 * the file system; any thread.
 */
#ifndef PITETHER_HOST_SINKS_FILES_DISK_ERROR_H
#define PITETHER_HOST_SINKS_FILES_DISK_ERROR_H

/* error: of giving a file a name in the folder. The same error, but in the place of -ENOSPC, where
 * the disk has space left: -EXFULL if it is the folder that is full, -ENOANO if no inode is left.
 */
int disk_error_of_name(int folder_fd, int error);

/* Text for the user, as strerror() has it, for 0 and for any negative errno, those above included,
 * -EMEDIUMTYPE of save_folder.h, and -ENOTBLK of replace_file.h. */
const char *disk_error_text(int error);

#endif
