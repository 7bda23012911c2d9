#include "host/sinks/files/frame_number.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/sinks/files/file_name.h"
#include "host/sinks/files/frame_csv.h"

/* How much of the index is looked at first, and how many times as much if that had no such name. */
enum { SPAN_FIRST = 64 << 10, SPAN_FACTOR = 8 };

static bool add_name(struct frame_number *number, const char *name)
{
    uint64_t found;
    if (!file_name_find_number(number->name_template, name, &found))
        return false;
    if (found > number->highest)
        number->highest = found;
    return true;
}

/* Whether a line of the text, which ends with a line feed, has a name of the template's. */
static bool add_lines(struct frame_number *number, const char *text, size_t size)
{
    char name[FILE_NAME_MAX + 1];
    bool found = false;
    for (const char *line = text, *end; line < text + size; line = end + 1) {
        end = memchr(line, '\n', size - (size_t)(line - text));
        if (frame_csv_name_of(line, (size_t)(end - line), name))
            found |= add_name(number, name);
    }
    return found;
}

/* Reads the index from an offset on to its last line feed, without the rest of a line that begins
 * before: its middle might pass for a name. 1: there is such a name; 0; or a negative errno. */
static int read_index(struct frame_number *number, int index_fd, off_t from)
{
    char text[16 << 10];
    bool in_line = from > 0, found = false;
    ssize_t got;
    for (from -= in_line; (got = pread(index_fd, text, sizeof(text), from)) > 0;) {
        const char *first = memchr(text, '\n', (size_t)got),
                   *last = memrchr(text, '\n', (size_t)got);
        if (!first && got < (ssize_t)sizeof(text))
            break;
        const char *begin = in_line && first ? first + 1 : text;
        if (last)
            found |= add_lines(number, begin, (size_t)(last + 1 - begin));
        /* No line of ours is as long as the text: what has no line feed is passed over. */
        in_line = !last;
        from += last ? last + 1 - text : got;
    }
    if (got < 0)
        return -errno;
    number->seen = from;
    return found;
}

static int read_folder(struct frame_number *number, int folder_fd)
{
    int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    DIR *directory = fdopendir(fd);
    if (!directory) {
        int error = -errno;
        close(fd);
        return error;
    }
    struct dirent *entry;
    for (errno = 0; (entry = readdir(directory)); errno = 0)
        add_name(number, entry->d_name);
    int error = -errno;
    closedir(directory);
    return error;
}

int frame_number_find(struct frame_number *number, int folder_fd, int index_fd)
{
    struct stat status;
    number->highest = 0;
    int result = read_folder(number, folder_fd);
    if (!result && fstat(index_fd, &status))
        result = -errno;
    for (off_t span = SPAN_FIRST; !result; span *= SPAN_FACTOR) {
        off_t from = status.st_size > span ? status.st_size - span : 0;
        result = read_index(number, index_fd, from);
        if (from == 0)
            break;
    }
    return result < 0 ? result : 0;
}

int frame_number_update(struct frame_number *number, int index_fd)
{
    struct stat status;
    if (fstat(index_fd, &status))
        return -errno;
    if (status.st_size < number->seen)
        number->seen = status.st_size;
    int result = status.st_size > number->seen ? read_index(number, index_fd, number->seen) : 0;
    return result < 0 ? result : 0;
}
