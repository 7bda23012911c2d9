/*
 * What is in force for one frame of the test pattern's sensor: its metadata report it, and its
 * pixels are made with it.
 */
#ifndef PITETHER_DEVICE_CAMERA_SENSOR_STATE_H
#define PITETHER_DEVICE_CAMERA_SENSOR_STATE_H

#include "device/camera/sensor/settings.h"

/* libcamera's numbers. */
enum { AE_IDLE = 0, AE_SEARCHING = 1, AE_CONVERGED = 2 };
enum { AF_IDLE = 0, AF_SCANNING = 1, AF_FOCUSED = 2 };

/* The scene: exposed for this long without gain the card is what it is, ... */
#define SCENE_EXPOSURE_US 9990
/* ... with these gains white is white, ... */
#define SCENE_TEMPERATURE 5000
#define SCENE_GAIN_RED 2.0
#define SCENE_GAIN_BLUE 1.5
/* ... and at this position of the lens (dioptres) it is sharp. */
#define SCENE_LENS 1.0

struct sensor_state {
    struct sensor_settings now; /* what is set and in force */
    /* Exposure. The light in the picture is exposure times both gains. */
    bool ae; /* it decides about one of them, or both */
    int32_t ae_state, exposure_us;
    float gain, digital_gain;
    int64_t duration_us, frame_us[2]; /* of the frame; and what it may be, least and most */
    /* White balance. */
    bool awb_locked;
    int32_t temperature;
    float colour_gains[2];
    /* Focus. */
    int32_t af_state, af_pause, focus_fom;
    float lens;
    /* What never changes. */
    float lux, sensor_temperature, colour_matrix[9];
    int32_t black_levels[4];
    /* Of the algorithms alone: the exposure times gain that they are at, in µs, and for how many
     * frames they have run. */
    double total;
    unsigned ae_frames, awb_frames, af_frames;
};

#endif
