/*
 * Device files that may be opened, and one that may not.
 */
#include "device/camera/permissions.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The kernel, for whom one file is closed. */
static const char *forbidden;
static int forbidden_errno;
int __wrap_access(const char *path, int mode);
int __real_access(const char *path, int mode);

int __wrap_access(const char *path, int mode)
{
    if (!forbidden || !strstr(path, forbidden))
        return __real_access(path, mode);
    assert_int_equal(mode, R_OK | W_OK);
    errno = forbidden_errno;
    return -1;
}

static const char *const names[] = { "media0", "video0", "video1", NULL };
static char folder[] = "camera-permissions-XXXXXX";

static int make_files(void **state)
{
    (void)state;
    if (!mkdtemp(folder) || chdir(folder))
        return -1;
    for (unsigned i = 0; names[i]; i++) {
        FILE *file = fopen(names[i], "w");
        if (!file || fclose(file))
            return -1;
    }
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    for (unsigned i = 0; names[i]; i++)
        unlink(names[i]);
    return chdir("..") || rmdir(folder);
}

static int set_up(void **state)
{
    (void)state;
    forbidden = NULL;
    forbidden_errno = EACCES;
    return 0;
}

static const char *const patterns[] = { "media*", "video*", "dma_heap/*", NULL };

static void all_may_be_opened(void **state)
{
    (void)state;
    struct error error = { "(untouched)" };
    assert_int_equal(camera_check_permissions(patterns, &error), 0);
    assert_string_equal(error.text, "(untouched)");
    assert_int_equal(camera_explain_none(patterns, &error), -ENODEV);
    assert_non_null(strstr(error.text, "no camera found: check the cable"));
}

static void one_may_not_be_opened(void **state)
{
    (void)state;
    struct error error = { "" };
    forbidden = "video1";
    assert_int_equal(camera_check_permissions(patterns, &error), -EACCES);
    assert_non_null(strstr(error.text, "not permitted to open video1: add the user to the group"));
    assert_int_equal(camera_explain_none(patterns, &error), -EACCES);
    assert_non_null(strstr(error.text, "video1"));
}

/* A file of a device that is gone is no matter of rights. */
static void other_errors_are_no_matter_of_rights(void **state)
{
    (void)state;
    struct error error = { "" };
    forbidden = "media0";
    forbidden_errno = ENXIO;
    assert_int_equal(camera_check_permissions(patterns, &error), 0);
    assert_int_equal(camera_explain_none(patterns, &error), -ENODEV);
}

static void the_files_of_this_machine(void **state)
{
    (void)state;
    size_t count = 0;
    while (camera_device_files[count])
        count++;
    assert_int_equal(count, 3);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_may_be_opened, set_up),
        cmocka_unit_test_setup(one_may_not_be_opened, set_up),
        cmocka_unit_test_setup(other_errors_are_no_matter_of_rights, set_up),
        cmocka_unit_test(the_files_of_this_machine),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
