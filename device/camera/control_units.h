/*
 * Units of what cameras are set to and report: libcamera has them in its documentation only. Pure;
 * any thread.
 */
#ifndef PITETHER_DEVICE_CAMERA_CONTROL_UNITS_H
#define PITETHER_DEVICE_CAMERA_CONTROL_UNITS_H

/* The unit of a control or a metadata value by its name with the vendor, at most CONTROL_UNIT_MAX
 * bytes; "": it has none. */
const char *control_unit(const char *name);

#endif
