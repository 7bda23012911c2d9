/*
 * What the options set on a stream's camera: those named as in rpicam and --control, as one text
 * for controls/assignments.h; and options of the sensor. One thread.
 */
#ifndef PITETHER_DEVICE_CONTROL_OPTIONS_H
#define PITETHER_DEVICE_CONTROL_OPTIONS_H

#include <stdbool.h>

#include "device/options.h"
#include "shared/base/attributes.h"

/* Whether the options of a stream can be read; what they set is checked once there is a camera. 0
 * or -EINVAL, with an error that begins with the option's name, without dashes. */
NODISCARD int control_options_check(const struct stream_options *options, struct error *error);

/* Whether libcamera can read the file of --tuning-file, and anything would. 0 or -EINVAL. */
NODISCARD int control_options_check_tuning(const struct device_options *options,
                                           struct error *error);

/* "NAME=VALUE,NAME=VALUE" of all, which the caller frees; *text is NULL if nothing is set. Of
 * several --control with one name the last one counts: a section's follow those for all. 0 or
 * -ENOMEM. */
NODISCARD int control_options_text(const struct stream_options *options, char **text);

/* Whether the sensor's own HDR was asked for, which is no control. */
bool control_options_hdr_sensor(const struct stream_options *options);

/* The sensor's mode as struct camera_request has it, without a packing, of at most size - 1 bytes.
 * Returns `mode`, or NULL if the camera is to choose. */
const char *control_options_mode(const struct stream_options *options, char *mode, size_t size);

#endif
