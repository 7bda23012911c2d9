#include "device/camera/sensor_hdr.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

const struct sensor_folders sensor_folders = { "/dev", "/sys/class/video4linux" };

/* Whether the device file is that of the camera: the id ends the path of its node in the device
 * tree. */
static bool is_of_camera(const struct sensor_folders *folders, const char *file, const char *id)
{
    char link[PATH_MAX], node[PATH_MAX];
    int length = snprintf(link, sizeof(link), "%s/%s/device/of_node", folders->classes,
                          strrchr(file, '/') + 1);
    if (length < 0 || (size_t)length >= sizeof(link))
        return false;
    ssize_t size = readlink(link, node, sizeof(node) - 1);
    size_t tail = strlen(id);
    if (size < 0 || (size_t)size < tail)
        return false;
    node[size] = '\0';
    return strcmp(node + (size_t)size - tail, id) == 0;
}

/* 1: it is as it should be; 0: the sensor has no such thing. */
static int switch_sensor(int fd, bool on)
{
    struct v4l2_control control = { .id = V4L2_CID_WIDE_DYNAMIC_RANGE };
    if (ioctl(fd, VIDIOC_G_CTRL, &control) < 0)
        return 0;
    if ((control.value != 0) == on)
        return 1;
    control.value = on;
    return ioctl(fd, VIDIOC_S_CTRL, &control) < 0 ? -errno : 1;
}

static int switch_file(const char *file, bool on, struct error *error)
{
    int fd = open(file, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return error_set(error, -errno,
                         "hdr: can't open %.200s: %s; the user must be in the group `video`", file,
                         strerror(errno));
    int result = switch_sensor(fd, on);
    close(fd);
    return result < 0 ? error_set(error, result, "hdr: the sensor at %.200s can't be switched: %s",
                                  file, strerror(-result))
                      : result;
}

int sensor_hdr_set(const struct sensor_folders *folders, const char *id, bool on,
                   struct error *error)
{
    char pattern[PATH_MAX];
    glob_t files = { 0 };
    int result = 0, found = 0;
    snprintf(pattern, sizeof(pattern), "%s/v4l-subdev*", folders->devices);
    if (glob(pattern, 0, NULL, &files) != 0)
        files.gl_pathc = 0;
    for (size_t i = 0; i < files.gl_pathc; i++) {
        if (id && !is_of_camera(folders, files.gl_pathv[i], id))
            continue;
        int switched = switch_file(files.gl_pathv[i], on, error);
        if (switched < 0)
            result = switched;
        else
            found += switched;
    }
    globfree(&files);
    if (!on || found > 0)
        return 0;
    if (result < 0)
        return result;
    return error_set(
        error, -ENODEV,
        "hdr: sensor: %s%s HDR of its own (on a Pi, Camera Module 3 has): leave it out",
        id ? id : "no camera", id ? " has no" : " has any");
}
