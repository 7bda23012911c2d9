/*
 * The libcamera source of a build without libcamera.
 */
#include <errno.h>
#include <stdio.h>

#include "device/camera/camera.h"

static int refuse(char *error)
{
    snprintf(error, CAMERA_ERROR_MAX,
             "this build has no libcamera: install libcamera-dev and build anew, or take another "
             "--source");
    return -ENOSYS;
}

static int none_open(struct camera **camera, const char *argument,
                     const struct camera_request *request, char *error)
{
    (void)argument;
    (void)request;
    *camera = NULL;
    return refuse(error);
}

/* Never called, since nothing can be opened. */
static int none_start(struct camera *camera, const struct camera_sink *sink,
                      struct camera_mode *mode, char *error)
{
    (void)camera;
    (void)sink;
    (void)mode;
    return refuse(error);
}

static void none_stop(struct camera *camera)
{
    (void)camera;
}

static void none_close(struct camera **camera)
{
    if (camera)
        *camera = NULL;
}

const struct camera_ops camera_libcamera = { none_open, none_start, none_stop, none_close };

int camera_libcamera_list(FILE *out, char *error)
{
    (void)out;
    return refuse(error);
}
