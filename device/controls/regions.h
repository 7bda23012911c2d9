/*
 * Parts of the sensor's picture: ScalerCrop, rpi::ScalerCrops and AfWindows are rectangles in the
 * pixels of the largest crop, which is ScalerCrop's maximum. Pure; any thread.
 */
#ifndef PITETHER_DEVICE_CONTROLS_REGIONS_H
#define PITETHER_DEVICE_CONTROLS_REGIONS_H

#include "shared/controls/control_table.h"

/* The largest crop. NULL: the control is no region of it, or it is not known. */
const struct value_rectangle *region_area(const struct control_table *table,
                                          const struct control_info *info);

/* Whether x, y, width and height are fractions of the area: none of them is above 1. */
bool region_is_fraction(const double *numbers);

/* Makes pixels of four fractions. */
void region_scale(double *numbers, const struct value_rectangle *area);

/* Moves the region, and shrinks or enlarges it if necessary, so that it lies within the area and
 * is not smaller than the control's minimum. True: it has changed. */
bool region_clamp(struct value_rectangle *region, const struct value_rectangle *area,
                  const struct control_info *info);

#endif
