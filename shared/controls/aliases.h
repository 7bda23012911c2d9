/*
 * The names that rpicam-apps' options have for controls and their values, such as "shutter" for
 * ExposureTime, as one table: they are options of the daemon, and may be used in a SET. Pure; any
 * thread.
 */
#ifndef PITETHER_SHARED_CONTROLS_ALIASES_H
#define PITETHER_SHARED_CONTROLS_ALIASES_H

#include <stdbool.h>
#include <stddef.h>

/* The index in the table. */
enum alias_index {
    ALIAS_SHUTTER,
    ALIAS_GAIN,
    ALIAS_ANALOGGAIN,
    ALIAS_EV,
    ALIAS_METERING,
    ALIAS_EXPOSURE,
    ALIAS_AWB,
    ALIAS_AWBGAINS,
    ALIAS_CCM,
    ALIAS_BRIGHTNESS,
    ALIAS_CONTRAST,
    ALIAS_SATURATION,
    ALIAS_SHARPNESS,
    ALIAS_DENOISE,
    ALIAS_FLICKER_PERIOD,
    ALIAS_ROI,
    ALIAS_AUTOFOCUS_MODE,
    ALIAS_AUTOFOCUS_RANGE,
    ALIAS_AUTOFOCUS_SPEED,
    ALIAS_AUTOFOCUS_WINDOW,
    ALIAS_LENS_POSITION,
    ALIAS_HDR,
    ALIAS_COUNT
};

/* A value for which the control has another name. typed NULL: the end of the list. */
struct alias_value {
    const char *typed;   /* as the user writes it */
    const char *value;   /* as the control takes it; NULL: `refusal` */
    const char *control; /* the control that is set to it; NULL: the alias's own */
    const char *trigger; /* to be set to 0 in addition, if the camera has it; or NULL */
    const char *refusal; /* why it can't be set */
};

struct alias {
    const char *name;
    const char *controls[2]; /* it sets the first of these that the camera has; [1] may be NULL */
    const struct alias_value *values; /* names of values; NULL: only the control's own names */
};

extern const struct alias control_aliases[ALIAS_COUNT];

/* Finds an alias by its name (`size` bytes), without regard to case; "_" stands for "-". NULL:
 * there is none. */
const struct alias *alias_find(const char *name, size_t size);

/* The alias's entry for a value that the user typed. NULL: it has none, so the control's own names
 * hold. */
const struct alias_value *alias_value_find(const struct alias *alias, const char *typed);

/* The name of the control that some alias sets and that is called so (`size` bytes), or NULL. With
 * it an error can tell a control that this camera lacks from a name that means nothing. */
const char *alias_control_find(const char *name, size_t size);

#endif
