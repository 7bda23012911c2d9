/*
 * Values of controls and of metadata: what a camera can be set to, and what it reports of a frame.
 * They have libcamera's types (libcamera, controls.h, enum ControlType). Pure; any thread.
 */
#ifndef PITETHER_SHARED_CONTROLS_VALUE_H
#define PITETHER_SHARED_CONTROLS_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/attributes.h"

/* The numbers are the protocol's. */
enum value_type {
    VALUE_NONE = 0, /* there is none; where something is to be set: leave it to the camera */
    VALUE_BOOL = 1,
    VALUE_BYTE = 2,
    VALUE_INT32 = 3,
    VALUE_INT64 = 4,
    VALUE_FLOAT = 5,
    VALUE_TEXT = 6, /* UTF-8, fit for a terminal; its elements are bytes */
    VALUE_RECTANGLE = 7,
    VALUE_SIZE = 8,
    VALUE_POINT = 9,
    VALUE_TYPES = 10 /* one more than the last */
};

enum {
    VALUE_BYTES_MAX = 256, /* encoded, of all elements together */
    VALUE_COUNT_MAX = 255, /* elements */
    /* What value_format() needs at most, with the zero: VALUE_COUNT_MAX times "false,", and space
     * for the longest element, a rectangle. */
    VALUE_TEXT_SIZE = 1600
};

struct value_rectangle {
    int32_t x, y;
    uint32_t width, height;
};

struct value_size {
    uint32_t width, height;
};

struct value_point {
    int32_t x, y;
};

struct value {
    uint8_t type;   /* enum value_type */
    bool array;     /* it has any number of elements; otherwise one, or it is a text */
    uint16_t count; /* elements; of VALUE_NONE 0 */
    union {
        uint8_t bytes[VALUE_BYTES_MAX]; /* BOOL (0 or 1) and BYTE */
        int32_t int32[VALUE_BYTES_MAX / 4];
        int64_t int64[VALUE_BYTES_MAX / 8];
        float number[VALUE_BYTES_MAX / 4];
        char text[VALUE_BYTES_MAX]; /* count bytes, without a zero */
        struct value_rectangle rectangle[VALUE_BYTES_MAX / 16];
        struct value_size size[VALUE_BYTES_MAX / 8];
        struct value_point point[VALUE_BYTES_MAX / 8];
    };
};

/* Scalars. */
struct value value_of_bool(bool value);
struct value value_of_int32(int32_t value);
struct value value_of_int64(int64_t value);
struct value value_of_float(float value);
struct value value_of_rectangle(struct value_rectangle value);
struct value value_of_text(const char *text);
/* An array of count floats, at most VALUE_BYTES_MAX / 4. */
struct value value_of_floats(const float *values, unsigned count);

/* The bytes of one element on the wire; 0: there is no such type, or it is VALUE_NONE. */
size_t value_element_size(unsigned type);

/* How many elements of the type a value holds at most. */
unsigned value_count_max(unsigned type);

/* Writes the elements one after the other, big-endian (floats as IEEE 754 binary32, section 3.6),
 * and returns their size in bytes, at most VALUE_BYTES_MAX. */
size_t value_encode(const struct value *value, uint8_t *out);

/* Reads count elements of the type; `size` bytes are there. Returns how many bytes were used, or
 * -EBADMSG: an unknown type, too many or too few, or more than one of what is no array. A BOOL is
 * true unless it is 0; a TEXT is made fit for a terminal. */
NODISCARD int value_decode(unsigned type, bool array, unsigned count, const uint8_t *bytes,
                           size_t size, struct value *value);

/* The same type, count and elements; floats that are both NaN are equal. */
bool value_equal(const struct value *one, const struct value *other);

/* Element i of BOOL, BYTE, INT32, INT64 or FLOAT; NAN: there is none, or it is no number. */
double value_number(const struct value *value, unsigned i);

/* Writes the value as --control takes it: "true", "9987", "1.25", a rectangle as
 * "x,y,width,height", a size as "WIDTHxHEIGHT", a point as "x,y", arrays with commas between their
 * elements; floats with as few digits as tell them apart, and a point in them whatever the locale;
 * VALUE_NONE as "auto". Returns the length; text holds VALUE_TEXT_SIZE bytes. */
size_t value_format(const struct value *value, char *text);

#endif
