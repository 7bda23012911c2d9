/*
 * What options ask of cameras' sensors before libcamera looks for cameras. One thread.
 */
#ifndef PITETHER_DEVICE_SENSOR_OPTIONS_H
#define PITETHER_DEVICE_SENSOR_OPTIONS_H

#include "device/camera/sensor_hdr.h"
#include "device/exit_code.h"
#include "device/options.h"
#include "shared/base/attributes.h"

/* Switches the sensors' own HDR on for those streams that ask for it, and off for the cameras of
 * the others, since a sensor keeps it when a program ends. A camera that is not named by its id is
 * every one that has HDR. Logs what is wrong. */
NODISCARD enum exit_code sensor_options_apply(const struct device_options *options,
                                              const struct sensor_folders *folders);

#endif
