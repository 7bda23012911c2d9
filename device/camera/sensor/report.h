/*
 * The metadata of the test pattern's frames: as many as a camera's. One thread.
 */
#ifndef PITETHER_DEVICE_CAMERA_SENSOR_REPORT_H
#define PITETHER_DEVICE_CAMERA_SENSOR_REPORT_H

#include "device/camera/sensor/state.h"
#include "shared/controls/metadata.h"

enum { SENSOR_REPORTS_MAX = 40 };

/* The numbers that stand for the names; negative: there is none. */
struct sensor_report {
    int numbers[SENSOR_REPORTS_MAX];
};

/* Names what is reported. names NULL: nothing is. */
void sensor_report_init(struct sensor_report *report, struct metadata_names *names);

/* Packs what the state says. unreported: without what can be set. */
void sensor_report_pack(const struct sensor_report *report, const struct sensor_state *state,
                        bool unreported, struct metadata *metadata);

#endif
