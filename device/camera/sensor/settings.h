/*
 * What the test pattern's sensor is set to, by the names and with the rules of libcamera's
 * controls. Pure; any thread.
 */
#ifndef PITETHER_DEVICE_CAMERA_SENSOR_SETTINGS_H
#define PITETHER_DEVICE_CAMERA_SENSOR_SETTINGS_H

#include <stdbool.h>

#include "device/camera/sensor/modes.h"
#include "shared/controls/control_list.h"

/* libcamera's numbers. */
enum { MODE_AUTO = 0, MODE_MANUAL = 1 }; /* ExposureTimeMode, AnalogueGainMode */
enum { METERING_CENTRE = 0, METERING_SPOT = 1, METERING_MATRIX = 2 };
enum { AF_MANUAL = 0, AF_AUTO = 1, AF_CONTINUOUS = 2 };
enum { AF_TRIGGER_START = 0, AF_TRIGGER_CANCEL = 1, AF_TRIGGER_NONE = -1 };

enum {
    SENSOR_LINE_US = 27,            /* exposures are whole lines */
    SENSOR_MARGIN_US = 4 * 27,      /* a frame lasts at least so much longer than its exposure */
    SENSOR_EXPOSURE_MAX = 10000000, /* µs */
    SENSOR_GAIN_MAX = 16,
    SENSOR_CROP_MIN = 64, /* pixels; smaller parts can't be shown */
    AF_WINDOWS_MAX = 4    /* the others are left out */
};

/* Settings that take effect some frames after they were sent, as registers of a sensor do. */
struct sensor_delayed {
    int32_t exposure_mode, gain_mode;
    int32_t exposure_us; /* 0: the value that it had when automatic control ended */
    float gain;          /* likewise */
    int64_t frame_us[2]; /* FrameDurationLimits */
    bool frame_set; /* by a user, and not by the rate alone: an exposure does not lengthen it */
};

struct sensor_settings {
    struct sensor_delayed delayed;
    /* Settings of the image processing, which take effect at once. */
    int32_t metering;
    float exposure_value, brightness, contrast, saturation;
    bool awb;
    int32_t awb_mode, temperature; /* temperature: K; 0: gains are set */
    float colour_gains[2];
    struct value_rectangle crop;
    int32_t af_mode, af_metering;
    unsigned af_window_count;
    struct value_rectangle af_windows[AF_WINDOWS_MAX];
    /* Triggers. */
    int32_t af_trigger;
    float lens; /* dioptres; NAN: the lens stays where it is */
};

/* What libcamera's defaults are for this mode and request; width and height are the picture's. */
void sensor_settings_init(struct sensor_settings *settings, const struct sensor_mode *mode,
                          unsigned width, unsigned height, const int64_t frame_us[2]);

/* Sets what is in the list; modes first, since values have no effect while the camera decides.
 * Unknown names and values of other types are passed over. True: some of it is delayed. What
 * happens once is only what this list has. */
bool sensor_settings_apply(struct sensor_settings *settings, const struct sensor_mode *mode,
                           const struct control_list *list);

#endif
