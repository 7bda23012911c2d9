/*
 * What the tests of the test pattern's sensor share.
 */
#ifndef PITETHER_TESTS_UNIT_DEVICE_SENSOR_FIXTURE_H
#define PITETHER_TESTS_UNIT_DEVICE_SENSOR_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device/camera/sensor/sensor.h"

/* Of 640x480 pixels; faults: a script, or NULL. To be freed. */
struct sensor *make_sensor(double fps, double min_fps, const char *faults);

/* Adds to the list. */
void set(struct control_list *list, const char *name, struct value value);

/* A fixed exposure and gain; a contrast. */
struct control_list exposure(int32_t us, float gain);
struct control_list contrast(float factor);

/* Exposes frames first to last; the change that the last one is the first to show. */
uint64_t expose_to(struct sensor *sensor, uint32_t first, uint32_t last);

/* Exposure times gains, in microseconds. */
double light(const struct sensor *sensor);

/* Whether the picture is the card as it is. */
bool is_plain(const struct sensor *sensor);

#endif
