/*
 * The text of one value, as people write it: "10ms", "1/100", "spot", "1.8,1.5",
 * "0.25,0.25,0.5,0.5". Pure; any thread.
 */
#ifndef PITETHER_DEVICE_CONTROLS_VALUE_TEXT_H
#define PITETHER_DEVICE_CONTROLS_VALUE_TEXT_H

#include "shared/protocol/wire_controls.h"

/*
 * Reads the value of a control of the table:
 * - times (unit "µs"): 10ms, 0.5s, 500us, 1/100 (of a second), 10000 (µs)
 * - enumerators by name (enumerators.h) or number; true, on, yes, 1 and their opposites
 * - arrays with commas between the elements; FrameDurationLimits takes one value for both
 * - rectangles x,y,width,height in pixels, regions (regions.h) in fractions as well; sizes WxH;
 *   points x,y
 * OK with *value filled; CLAMPED if a number does not fit its type, and is the nearest that does;
 * BAD; or UNKNOWN: the control has no such enumerator. All but OK with why filled.
 */
NODISCARD enum wire_set_result value_text_read(const char *text, const struct control_table *table,
                                               const struct control_info *info, struct value *value,
                                               char why[WIRE_WHY_MAX + 1]);

/* Reads "10ms" and the like. 0 with *us in µs; -EINVAL: it is no time. */
NODISCARD int value_text_time(const char *text, double *us);

#endif
