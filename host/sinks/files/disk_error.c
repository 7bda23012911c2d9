#include "host/sinks/files/disk_error.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/vfs.h>

/* A disk with less space left than this is full. */
enum { FREE_BYTES_MIN = 1 << 20 };

/* Those that bound a folder: FAT's has 65,536 entries, of which a long name takes several; ext4's
 * index has two or three levels. Elsewhere, ENOSPC with space left has another cause. */
static bool bounds_folders(const struct statfs *status)
{
    return status->f_type == MSDOS_SUPER_MAGIC || status->f_type == EXT4_SUPER_MAGIC ||
           status->f_type == EXFAT_SUPER_MAGIC;
}

int disk_error_of_name(int folder_fd, int error)
{
    struct statfs status;
    if (error != -ENOSPC || fstatfs(folder_fd, &status) ||
        (double)status.f_bavail * (double)status.f_bsize < FREE_BYTES_MIN)
        return error;
    if (status.f_files > 0 && status.f_ffree == 0) /* some count no inodes */
        return -ENOANO;
    return bounds_folders(&status) ? -EXFULL : error;
}

const char *disk_error_text(int error)
{
    switch (-error) {
    case EXFULL:
        return "the folder can hold no more names, although the disk has space: save into a new "
               "one (on FAT32, some 21,800 such names fit into one, or 65,000 of --name '{n}.JPG')";
    case ENOTBLK:
        return "it is not a regular file: give the name of one";
    case ENOANO:
        return "no inode is left, although the disk has space (see df -i)";
    case EFBIG:
        return "File too large for the limit of the shell (ulimit -f) or of the file system";
    case EMEDIUMTYPE:
        return "there is a frames.csv or a frames.jsonl of another kind in it";
    default:
        return strerror(-error);
    }
}
