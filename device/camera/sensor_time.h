/*
 * When an exposure began, on the protocol's clock. Pure; any thread.
 */
#ifndef PITETHER_DEVICE_CAMERA_SENSOR_TIME_H
#define PITETHER_DEVICE_CAMERA_SENSOR_TIME_H

#include <stdint.h>

/* A time stamp of a driver as CLOCK_BOOTTIME, not after `now_boot_ns`. Drivers stamp in
 * CLOCK_MONOTONIC, which lacks the time that the machine was suspended. Both clocks are given as
 * read now; stamp_ns 0: the driver gave none. */
uint64_t sensor_time(uint64_t stamp_ns, uint64_t now_boot_ns, uint64_t now_monotonic_ns);

#endif
