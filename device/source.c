#include "device/source.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "device/camera/faults.h"
#include "device/camera/faulty.h"
#include "device/camera/registry.h"
#include "device/control_options.h"
#include "shared/base/error.h"
#include "shared/base/log.h"

static enum exit_code open_camera(struct source *source, const char *argument,
                                  const struct camera_request *request, const char *label,
                                  bool may_be_absent)
{
    struct error error;
    int result = source->ops->open(&source->camera, argument, request, &error);
    if (result == 0)
        return EXIT_DONE;
    if (!source->camera || !may_be_absent) {
        log_error("%s%s", label, error.text);
        return EXIT_CAMERA;
    }
    log_warning("%s%s; serving without it until it is there", label, error.text);
    return EXIT_DONE;
}

enum exit_code source_open(struct source *source, const struct stream_options *options,
                           const char *label, bool may_be_absent)
{
    const char *argument;
    struct fault_script faults = { 0 };
    struct error error;
    *source = (struct source){ .ops = camera_find(options->source, &argument) };
    assert(source->ops);
    if (options->pattern_faults)
        source->ops = &camera_faulty;
    if (options->pattern_faults && faults_parse(&faults, options->pattern_faults, &error)) {
        log_error("%s%s", label, error.text);
        return EXIT_USAGE;
    }
    if (control_options_text(options, &source->controls))
        return exit_unable("read the options of controls", -ENOMEM);
    struct orientation orientation =
        picture_orientation(options->hflip, options->vflip, 90 * (unsigned)options->rotation);
    struct camera_request request = {
        .width = options->size.width,
        .height = options->size.height,
        .preview_width = options->preview_size.width,
        .preview_height = options->preview_size.height,
        .fps = options->fps.max,
        .min_fps = options->fps.min,
        .unpaced = options->unpaced,
        .hflip = orientation.hflip,
        .vflip = orientation.vflip,
        .transpose = orientation.transpose,
        .full_view = options->full_view,
        .sensor_mode =
            control_options_mode(options, source->sensor_mode, sizeof(source->sensor_mode)),
        .stream = options->name,
        .names = &source->names,
        .faults = &faults,
    };
    return open_camera(source, argument, &request, label, may_be_absent);
}

void source_close(struct source *source)
{
    if (source->ops)
        source->ops->close(&source->camera);
    free(source->controls);
    source->controls = NULL;
}

const char *source_shown(const char *source)
{
    const char *slash = strrchr(source, '/');
    return strncmp(source, "libcamera", 9) != 0 && slash ? slash + 1 : source;
}
