/*
 * Controls of a USB camera that its kernel driver has and libcamera does not pass on: focus, white
 * balance and others. They are set at the camera's device file, beside libcamera, and are called
 * "v4l2::Name". One thread at a time.
 */
#ifndef PITETHER_DEVICE_CAMERA_V4L2_CONTROLS_H
#define PITETHER_DEVICE_CAMERA_V4L2_CONTROLS_H

#include "shared/base/attributes.h"
#include "shared/base/log.h"
#include "shared/controls/control_list.h"
#include "shared/controls/metadata.h"

enum { V4L2_CONTROLS_MAX = 16 };

struct v4l2_controls {
    int fd; /* negative: there is no such device */
    unsigned count;
    struct v4l2_item {
        unsigned known; /* index of what it is, in v4l2_controls.c */
        uint8_t type;   /* enum value_type */
        int32_t value;  /* as the driver last reported it */
        int number;     /* of its name in the metadata; negative: it is not reported */
    } items[V4L2_CONTROLS_MAX];
    struct log_limit refusals;
};

/* Has no device. */
void v4l2_controls_init(struct v4l2_controls *controls);

/* Opens the first device file that has any such control: of these device numbers, as the kernel has
 * them in st_rdev. folder: "/dev/char", where links to them are called MAJOR:MINOR. Without any it
 * has no device. */
void v4l2_controls_open(struct v4l2_controls *controls, const char *folder, const int64_t *devices,
                        size_t count);
void v4l2_controls_close(struct v4l2_controls *controls);

/* Adds them to a camera's table. 0 or -ENOMEM. */
NODISCARD int v4l2_controls_list(struct v4l2_controls *controls, struct control_table *table);

/* Sets those of the settings that are controls of the device, in their order, and switches off
 * what would override them, such as FocusAuto for FocusAbsolute. Logs what the device refuses.
 * Waits for the device. */
void v4l2_controls_set(struct v4l2_controls *controls, const struct control_list *settings);

/* Adds their values to the metadata of a frame. */
void v4l2_controls_report(struct v4l2_controls *controls, struct metadata_names *names,
                          struct metadata *metadata);

#endif
