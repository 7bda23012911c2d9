/*
 * The libcamera source of a build without libcamera.
 */
#include "device/camera/libcamera/source.h"

#include <errno.h>

static int refuse(struct error *error)
{
    return error_set(error, -ENOSYS,
                     "this build has no libcamera: install libcamera-dev and rebuild, or choose "
                     "another --source");
}

static int none_open(struct camera **camera, const char *argument,
                     const struct camera_request *request, struct error *error)
{
    (void)argument;
    (void)request;
    *camera = NULL;
    return refuse(error);
}

/* Never called, since nothing can be opened. */
static int none_describe(struct camera *camera, struct camera_description *description,
                         struct error *error)
{
    (void)camera;
    (void)description;
    return refuse(error);
}

static int none_start(struct camera *camera, const struct camera_run *run, struct camera_mode *mode,
                      struct error *error)
{
    (void)camera;
    (void)run;
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

const struct camera_ops camera_libcamera = { .open = none_open,
                                             .describe = none_describe,
                                             .start = none_start,
                                             .stop = none_stop,
                                             .close = none_close };

int camera_libcamera_list(FILE *out, struct error *error)
{
    (void)out;
    return refuse(error);
}
