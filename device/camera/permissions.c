#include "device/camera/permissions.h"

#include <errno.h>
#include <glob.h>
#include <stddef.h>
#include <unistd.h>

const char *const camera_device_files[] = { "/dev/media*", "/dev/video*", "/dev/dma_heap/*", NULL };

static int check_files(const glob_t *files, struct error *error)
{
    for (size_t i = 0; i < files->gl_pathc; i++)
        if (access(files->gl_pathv[i], R_OK | W_OK) < 0 && errno == EACCES)
            return error_set(
                error, -EACCES,
                "not permitted to open %s: add the user to the group `video` (`usermod -aG video "
                "USER`, then log in again) and check access to /dev/media*, /dev/video*, "
                "/dev/dma_heap/*",
                files->gl_pathv[i]);
    return 0;
}

int camera_check_permissions(const char *const *patterns, struct error *error)
{
    int result = 0;
    for (; *patterns && result == 0; patterns++) {
        glob_t files = { 0 };
        if (glob(*patterns, 0, NULL, &files) == 0)
            result = check_files(&files, error);
        globfree(&files);
    }
    return result;
}

int camera_explain_none(const char *const *patterns, struct error *error)
{
    int result = camera_check_permissions(patterns, error);
    if (result)
        return result;
    return error_set(error, -ENODEV,
                     "no camera found: check the cable, that the camera is enabled (on a Pi: "
                     "camera_auto_detect=1 in config.txt), and that libcamera's IPA modules and "
                     "pipeline for it are installed (libcamera-ipa); `cam -l` or `rpicam-hello "
                     "--list-cameras` show whether other programs find it");
}
