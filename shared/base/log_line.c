#include "shared/base/log_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/log_queue.h"

const char *const log_level_names[] = { "error", "warning", "info", "debug", NULL };

/* How a line carries its level to systemd's journal: sd-daemon(3). */
static const char *const journal_levels[] = { "<3>", "<4>", "<6>", "<7>" };

static const char *program_name = "";
static bool to_journal; /* which adds the program's name itself */

/* systemd.exec(5): JOURNAL_STREAM names the device and inode that standard error then is. */
static bool is_journal(void)
{
    const char *journal = getenv("JOURNAL_STREAM");
    struct stat status;
    char own[64];
    if (!journal || fstat(STDERR_FILENO, &status))
        return false;
    snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    return strcmp(journal, own) == 0;
}

void log_line_setup(const char *program)
{
    program_name = program;
    to_journal = is_journal();
}

size_t log_line_begin(char *line, enum log_level level)
{
    int size = to_journal
                   ? snprintf(line, LOG_LINE_MAX, "%s", journal_levels[level])
                   : snprintf(line, LOG_LINE_MAX, "%s: %s: ", program_name, log_level_names[level]);
    return (size_t)size;
}
