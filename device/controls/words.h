/*
 * The words that people know from rpicam-apps (camera.md lists them), as one table: options of the
 * daemon, and names in a SET. Pure; any thread.
 */
#ifndef PITETHER_DEVICE_CONTROLS_WORDS_H
#define PITETHER_DEVICE_CONTROLS_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* The index in the table. */
enum word_index {
    WORD_SHUTTER,
    WORD_GAIN,
    WORD_ANALOGGAIN,
    WORD_EV,
    WORD_METERING,
    WORD_EXPOSURE,
    WORD_AWB,
    WORD_AWBGAINS,
    WORD_CCM,
    WORD_BRIGHTNESS,
    WORD_CONTRAST,
    WORD_SATURATION,
    WORD_SHARPNESS,
    WORD_DENOISE,
    WORD_FLICKER_PERIOD,
    WORD_ROI,
    WORD_AUTOFOCUS_MODE,
    WORD_AUTOFOCUS_RANGE,
    WORD_AUTOFOCUS_SPEED,
    WORD_AUTOFOCUS_WINDOW,
    WORD_LENS_POSITION,
    WORD_HDR,
    WORD_COUNT
};

/* A value that the control calls otherwise; both NULL: the end. */
struct word_value {
    const char *typed;   /* as the user writes it */
    const char *value;   /* as the control takes it; NULL: `refusal` */
    const char *control; /* another control that it is for; NULL: the word's */
    const char *trigger; /* to be set to 0 in addition, if the camera has it; or NULL */
    const char *refusal; /* why it can't be set */
};

struct word {
    const char *name;
    const char *controls[2]; /* which it sets: the first that the camera has; [1] may be NULL */
    const struct word_value *values; /* or NULL: all are the control's own */
};

extern const struct word control_words[WORD_COUNT];

/* By name (`size` bytes), without regard to case, with "_" for "-", too. NULL: there is none. */
const struct word *word_find(const char *name, size_t size);

/* What the word calls this value. NULL: nothing of its own. */
const struct word_value *word_value_find(const struct word *word, const char *typed);

/* Whether some word sets a control of this name (`size` bytes): so libcamera has it, even if the
 * camera does not. Returns the control's name, or NULL. */
const char *word_control_find(const char *name, size_t size);

#endif
