#include "shared/controls/value.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/bytes.h"
#include "shared/base/text.h"

struct value value_of_bool(bool value)
{
    return (struct value){ .type = VALUE_BOOL, .count = 1, .bytes = { value } };
}

struct value value_of_int32(int32_t value)
{
    return (struct value){ .type = VALUE_INT32, .count = 1, .int32 = { value } };
}

struct value value_of_int64(int64_t value)
{
    return (struct value){ .type = VALUE_INT64, .count = 1, .int64 = { value } };
}

struct value value_of_float(float value)
{
    return (struct value){ .type = VALUE_FLOAT, .count = 1, .number = { value } };
}

struct value value_of_rectangle(struct value_rectangle value)
{
    return (struct value){ .type = VALUE_RECTANGLE, .count = 1, .rectangle = { value } };
}

struct value value_of_text(const char *text)
{
    struct value value = { .type = VALUE_TEXT };
    value.count = (uint16_t)text_whole_size(text, VALUE_COUNT_MAX);
    memcpy(value.text, text, value.count);
    return value;
}

struct value value_of_floats(const float *values, unsigned count)
{
    struct value value = { .type = VALUE_FLOAT, .array = true, .count = (uint16_t)count };
    memcpy(value.number, values, count * sizeof(values[0]));
    return value;
}

size_t value_element_size(unsigned type)
{
    static const uint8_t sizes[VALUE_TYPES] = { 0, 1, 1, 4, 8, 4, 1, 16, 8, 8 };
    return type < VALUE_TYPES ? sizes[type] : 0;
}

unsigned value_count_max(unsigned type)
{
    size_t size = value_element_size(type);
    if (size == 1)
        return VALUE_COUNT_MAX;
    return size ? (unsigned)(VALUE_BYTES_MAX / size) : 0;
}

/* The 4-byte words of element i that is no INT64: its parts in order. */
static uint32_t *words_of(struct value *value, unsigned i)
{
    size_t words = value_element_size(value->type) / 4;
    return (uint32_t *)value->int32 + i * words;
}

size_t value_encode(const struct value *value, uint8_t *out)
{
    size_t size = value_element_size(value->type);
    struct value copy = *value;
    for (unsigned i = 0; i < value->count; i++) {
        uint8_t *at = out + i * size;
        if (size == 1)
            *at = value->bytes[i];
        else if (value->type == VALUE_INT64)
            bytes_store(at, (uint64_t)value->int64[i], 8);
        else
            for (unsigned w = 0; w < size / 4; w++)
                bytes_store(at + 4 * w, words_of(&copy, i)[w], 4);
    }
    return size * value->count;
}

static void decode_element(struct value *value, unsigned i, const uint8_t *at, size_t size)
{
    if (value->type == VALUE_BOOL)
        value->bytes[i] = *at != 0;
    else if (size == 1)
        value->bytes[i] = *at;
    else if (value->type == VALUE_INT64)
        value->int64[i] = (int64_t)bytes_load(at, 8);
    else
        for (unsigned w = 0; w < size / 4; w++)
            words_of(value, i)[w] = (uint32_t)bytes_load(at + 4 * w, 4);
}

int value_decode(unsigned type, bool array, unsigned count, const uint8_t *bytes, size_t size,
                 struct value *value)
{
    size_t element = value_element_size(type);
    *value = (struct value){ .type = (uint8_t)type, .array = array, .count = (uint16_t)count };
    if (element == 0 || count > value_count_max(type) || count * element > size ||
        (!array && type != VALUE_TEXT && count != 1))
        return -EBADMSG;
    if (type == VALUE_TEXT) {
        char text[VALUE_BYTES_MAX + 1];
        text_copy(text, bytes, count, VALUE_BYTES_MAX);
        *value = value_of_text(text);
        value->array = array;
        return (int)count;
    }
    for (unsigned i = 0; i < count; i++)
        decode_element(value, i, bytes + i * element, element);
    return (int)(count * element);
}

bool value_equal(const struct value *one, const struct value *other)
{
    uint8_t bytes[2][VALUE_BYTES_MAX];
    if (one->type != other->type || one->count != other->count)
        return false;
    if (one->type == VALUE_FLOAT) {
        for (unsigned i = 0; i < one->count; i++) {
            float a = one->number[i], b = other->number[i];
            if (a != b && !(isnan(a) && isnan(b)))
                return false;
        }
        return true;
    }
    size_t size = value_encode(one, bytes[0]);
    return value_encode(other, bytes[1]) == size && memcmp(bytes[0], bytes[1], size) == 0;
}

double value_number(const struct value *value, unsigned i)
{
    if (i >= value->count)
        return NAN;
    switch (value->type) {
    case VALUE_BOOL:
    case VALUE_BYTE:
        return value->bytes[i];
    case VALUE_INT32:
        return value->int32[i];
    case VALUE_INT64:
        return (double)value->int64[i];
    case VALUE_FLOAT:
        return (double)value->number[i];
    default:
        return NAN;
    }
}

/* Makes the decimal separator of the program's locale, which may have several bytes, a point;
 * returns the length. */
static int write_point(char *text)
{
    size_t before = strspn(text, "+-0123456789abcdefin"), rest = strlen(text) - before;
    char *at = text + before;
    size_t after = rest - strcspn(at, "0123456789");
    if (after == 0)
        return (int)before;
    memmove(at + 1, at + rest - after, after + 1);
    *at = '.';
    return (int)(before + 1 + after);
}

/* With as few digits as read back as the same number; 9 always do (IEEE 754, 5.12.2). Numbers of
 * up to 9 digits without an exponent: 30, not 3e+01. */
static int format_float(float number, char *text, size_t size)
{
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(text, size, "%.*g", digits, (double)number);
        if (strtof(text, NULL) == number && (fabsf(number) >= 1e9f || !strstr(text, "e+")))
            break;
    }
    return write_point(text);
}

enum { ELEMENT_TEXT_MAX = 48 }; /* with the comma before it, and a zero */

static int format_element(const struct value *value, unsigned i, char *text, size_t size)
{
    struct value_rectangle box;
    switch (value->type) {
    case VALUE_BOOL:
        return snprintf(text, size, "%s", value->bytes[i] ? "true" : "false");
    case VALUE_BYTE:
        return snprintf(text, size, "%u", value->bytes[i]);
    case VALUE_INT32:
        return snprintf(text, size, "%" PRId32, value->int32[i]);
    case VALUE_INT64:
        return snprintf(text, size, "%" PRId64, value->int64[i]);
    case VALUE_FLOAT:
        return format_float(value->number[i], text, size);
    case VALUE_RECTANGLE:
        box = value->rectangle[i];
        return snprintf(text, size, "%" PRId32 ",%" PRId32 ",%" PRIu32 ",%" PRIu32, box.x, box.y,
                        box.width, box.height);
    case VALUE_SIZE:
        return snprintf(text, size, "%" PRIu32 "x%" PRIu32, value->size[i].width,
                        value->size[i].height);
    case VALUE_POINT:
        return snprintf(text, size, "%" PRId32 ",%" PRId32, value->point[i].x, value->point[i].y);
    default:
        return 0;
    }
}

size_t value_format(const struct value *value, char *text)
{
    size_t used = 0;
    text[0] = '\0';
    if (value->type == VALUE_NONE)
        return (size_t)snprintf(text, VALUE_TEXT_SIZE, "auto");
    if (value->type == VALUE_TEXT)
        return (size_t)snprintf(text, VALUE_TEXT_SIZE, "%.*s", value->count, value->text);
    for (unsigned i = 0; i < value->count && used + ELEMENT_TEXT_MAX < VALUE_TEXT_SIZE; i++) {
        if (i > 0)
            text[used++] = ',';
        used += (size_t)format_element(value, i, text + used, VALUE_TEXT_SIZE - used);
    }
    return used;
}
