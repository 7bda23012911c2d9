/*
 * Controls and their values as text for people. Pure; any thread.
 */
#ifndef PITETHER_HOST_CONTROLS_FORMAT_H
#define PITETHER_HOST_CONTROLS_FORMAT_H

#include <stddef.h>

#include "host/lib/pitether.h"

/* Of any value with its unit. Longer words, as only a hostile daemon lists them, are cut. */
enum { CONTROL_TEXT_SIZE = 1700 };

/* The value with its unit, e.g. "9987 µs"; "-": there is none. control: whose it is; NULL: not
 * known. text holds CONTROL_TEXT_SIZE bytes. */
void control_value_text(const struct pitether_value *value, const struct pitether_control *control,
                        char *text);

/* The value as pitether_set() takes it, never cut: numbers where the words are too long. control:
 * whose it is. text holds CONTROL_TEXT_SIZE bytes. */
void control_whole_text(const struct pitether_value *value, const struct pitether_control *control,
                        char *text);

/* As control_value_text(), with the enumerator's name short: without what all of them have in
 * front. */
void control_short_text(const struct pitether_value *value, const struct pitether_control *control,
                        char *text);

/* "int32", "float[2]", "rectangle[]" (any number) ... */
void control_type_text(unsigned type, bool array, unsigned elements, char *text, size_t size);

/* What became of one control, in a few words: "ok", "clamped: ..." */
void control_result_text(const struct pitether_change *change, char *text, size_t size);

#endif
