/*
 * What is told of a disk that takes no more names.
 */
#include "host/sinks/files/disk_error.h"

#include <errno.h>
#include <linux/magic.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/vfs.h>

#include <cmocka.h>

/* In the place of the system's call. */
static struct statfs answer;
static int answer_error;

int __wrap_fstatfs64(int fd, struct statfs *status);

int __wrap_fstatfs64(int fd, struct statfs *status)
{
    assert_int_equal(fd, 3);
    *status = answer;
    errno = answer_error;
    return answer_error ? -1 : 0;
}

static void set_answer(long type, unsigned long free_blocks, unsigned long files,
                       unsigned long free_files)
{
    memset(&answer, 0, sizeof(answer));
    answer.f_type = type;
    answer.f_bsize = 4096;
    answer.f_blocks = 8000000;
    answer.f_bavail = free_blocks;
    answer.f_files = files;
    answer.f_ffree = free_files;
}

static void what_is_full(void **state)
{
    (void)state;
    static const struct {
        long type;
        unsigned long free_blocks, files, free_files;
        int error;
    } cases[] = {
        { MSDOS_SUPER_MAGIC, 7900000, 0, 0, -EXFULL },
        { MSDOS_SUPER_MAGIC, 256, 0, 0, -EXFULL },
        { MSDOS_SUPER_MAGIC, 255, 0, 0, -ENOSPC },
        { MSDOS_SUPER_MAGIC, 0, 0, 0, -ENOSPC },
        { EXFAT_SUPER_MAGIC, 7900000, 0, 0, -EXFULL },
        { EXT4_SUPER_MAGIC, 7900000, 2000000, 1000000, -EXFULL },
        { EXT4_SUPER_MAGIC, 7900000, 2000000, 0, -ENOANO },
        { EXT4_SUPER_MAGIC, 0, 2000000, 0, -ENOSPC },
        { TMPFS_MAGIC, 7900000, 1000, 0, -ENOANO },
        { TMPFS_MAGIC, 7900000, 1000, 1, -ENOSPC },
        { BTRFS_SUPER_MAGIC, 7900000, 0, 0, -ENOSPC },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_answer(cases[i].type, cases[i].free_blocks, cases[i].files, cases[i].free_files);
        int error = disk_error_of_name(3, -ENOSPC);
        if (error != cases[i].error)
            fail_msg("case %zu: %s", i, strerror(-error));
    }
}

static void what_is_something_else(void **state)
{
    (void)state;
    set_answer(MSDOS_SUPER_MAGIC, 7900000, 0, 0);
    assert_int_equal(disk_error_of_name(3, -EROFS), -EROFS);
    assert_int_equal(disk_error_of_name(3, -EDQUOT), -EDQUOT);
    assert_int_equal(disk_error_of_name(3, 0), 0);
    answer_error = EIO;
    assert_int_equal(disk_error_of_name(3, -ENOSPC), -ENOSPC);
    answer_error = 0;
}

static void what_the_user_reads(void **state)
{
    (void)state;
    assert_string_equal(disk_error_text(-ENOSPC), strerror(ENOSPC));
    assert_string_equal(disk_error_text(-EROFS), strerror(EROFS));
    assert_non_null(strstr(disk_error_text(-EXFULL), "the folder can hold no more names"));
    assert_non_null(strstr(disk_error_text(-EXFULL), "save into a new one"));
    assert_non_null(strstr(disk_error_text(-ENOANO), "no inode is left"));
    assert_non_null(strstr(disk_error_text(-EFBIG), strerror(EFBIG)));
    assert_non_null(strstr(disk_error_text(-EFBIG), "ulimit -f"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_full),
        cmocka_unit_test(what_is_something_else),
        cmocka_unit_test(what_the_user_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
