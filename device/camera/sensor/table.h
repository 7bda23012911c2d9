/*
 * The controls of the test pattern's sensor, with libcamera's names, types and numbers. Pure; any
 * thread.
 */
#ifndef PITETHER_DEVICE_CAMERA_SENSOR_TABLE_H
#define PITETHER_DEVICE_CAMERA_SENSOR_TABLE_H

#include "device/camera/sensor/settings.h"
#include "shared/controls/control_table.h"

/* Fills an empty table for this mode; the settings are the defaults. 0 or -ENOMEM, with the table
 * empty. */
NODISCARD int sensor_table_make(struct control_table *table, const struct sensor_mode *mode,
                                const struct sensor_settings *defaults);

#endif
