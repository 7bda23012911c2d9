/*
 * What the tests of --controls and its like share: a camera's controls, and a frame of it.
 */
#ifndef PITETHER_TESTS_UNIT_HOST_VIEW_FIXTURE_H
#define PITETHER_TESTS_UNIT_HOST_VIEW_FIXTURE_H

#include "host/controls/view.h"
#include "host_support.h"

struct pitether_value int_value(int32_t number);
struct pitether_value float_value(float number);

/* Adds a control that may be set, of that type; good until the next one. */
struct pitether_control *view_add(struct control_view *view, const char *name, unsigned type);

/* ExposureTime (1 to 66666 µs, 9000 is set), AfMode (Manual is the default of three), ColourGains
 * (two floats), vendor::Words (read only, an INT32), of camera "imx708", stream "front". */
void view_fill(struct control_view *view);

/* Gives the view a frame with this id, which reports ExposureTime (9987) if `exposure`, and
 * SensorTemperature (41.25). */
void view_add_frame(struct control_view *view, struct frame_pool *pool, uint64_t id, bool exposure);

/* What was written to a file that this opens; text_of() closes it, and its text is the caller's. */
FILE *text_begin(void);
char *text_of(FILE *file);

#endif
