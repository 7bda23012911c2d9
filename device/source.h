/*
 * The camera of one stream, as the options choose it. One thread.
 */
#ifndef PITETHER_DEVICE_SOURCE_H
#define PITETHER_DEVICE_SOURCE_H

#include "device/camera/camera.h"
#include "device/exit_code.h"
#include "device/options.h"
#include "shared/base/attributes.h"

struct source {
    const struct camera_ops *ops;
    struct camera *camera;       /* open, not started */
    struct metadata_names names; /* of what its frames report; the camera writes to it */
    char *controls;              /* what the options set, "NAME=VALUE,..."; NULL: nothing */
    char sensor_mode[24];        /* as the camera's request has it */
};

/* Chooses the source and opens its camera; if may_be_absent, one that is not there yet is as good
 * as one that is. Logs what is wrong, behind the stream's label. On failure source_close() is still
 * due. */
NODISCARD enum exit_code source_open(struct source *source, const struct stream_options *options,
                                     const char *label, bool may_be_absent);

/* Closes the camera if it is still the source's: taking it over sets it to NULL. Frees what it has,
 * which the camera may use until it is closed. */
void source_close(struct source *source);

/* What receivers see of a --source value: a file's name, not where it lies. Part of `source`. */
const char *source_shown(const char *source);

#endif
