/*
 * From a camera's YUV to JFIF's: BT.601 at full range (ITU-T T.871, 7).
 */
#ifndef PITETHER_DEVICE_COLOUR_H
#define PITETHER_DEVICE_COLOUR_H

#include "device/mcu_rows.h"
#include "device/picture.h"

/* Converts the rows of one row of MCUs in place; all of them must lie in scratch. Pure. */
void colour_to_jfif(struct mcu_rows *rows, const struct picture *picture, struct sampling sampling);

#endif
