#include "device/sensor_options.h"

#include "device/camera/libcamera/source.h"
#include "device/camera/registry.h"
#include "device/control_options.h"
#include "shared/base/log.h"

/* Of the stream's camera, if it is one of libcamera's. */
static int switch_hdr(const struct stream_options *options, const struct sensor_folders *folders,
                      bool on, struct error *error)
{
    const char *argument;
    if (camera_find(options->source, &argument) != &camera_libcamera ||
        control_options_hdr_sensor(options) != on)
        return 0;
    /* libcamera's ids of cameras at a Pi's connectors are paths; an index or a model is none. */
    const char *id = argument && *argument == '/' ? argument : NULL;
    return sensor_hdr_set(folders, id, on, error);
}

enum exit_code sensor_options_apply(const struct device_options *options,
                                    const struct sensor_folders *folders)
{
    struct error error;
    int result = 0;
    for (unsigned i = 0; result == 0 && i < options->stream_count; i++)
        result = switch_hdr(&options->streams[i], folders, false, &error);
    for (unsigned i = 0; result == 0 && i < options->stream_count; i++)
        result = switch_hdr(&options->streams[i], folders, true, &error);
    if (result == 0)
        return EXIT_DONE;
    log_error("%s", error.text);
    return EXIT_CAMERA;
}
