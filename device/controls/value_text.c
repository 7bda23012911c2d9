#include "device/controls/value_text.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "device/controls/regions.h"
#include "shared/base/text.h"
#include "shared/controls/enumerators.h"

enum { NUMBERS_MAX = VALUE_BYTES_MAX, ELEMENT_TEXT_MAX = 48 };

/* A value while it is read. */
struct reading {
    const struct control_table *table;
    const struct control_info *info;
    char *why; /* WIRE_WHY_MAX + 1 bytes */
    unsigned count;
    double numbers[NUMBERS_MAX];
};

static enum wire_set_result reject(const struct reading *reading, enum wire_set_result result,
                                   const char *format, ...) PRINTF_LIKE(3, 4);

static enum wire_set_result reject(const struct reading *reading, enum wire_set_result result,
                                   const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reading->why, WIRE_WHY_MAX + 1, format, arguments);
    va_end(arguments);
    text_trim(reading->why);
    return result;
}

/* A decimal number at the beginning of the text; *end is behind it. */
static bool parse_decimal(const char *text, double *number, const char **end)
{
    size_t size = strspn(text, "+-.0123456789eE");
    char digits[ELEMENT_TEXT_MAX + 1], *stop;
    if (size > ELEMENT_TEXT_MAX)
        return false;
    memcpy(digits, text, size);
    digits[size] = '\0';
    *number = strtod(digits, &stop);
    *end = text + (stop - digits);
    return stop != digits && isfinite(*number);
}

static bool parse_number(const char *text, double *number)
{
    const char *end;
    return parse_decimal(text, number, &end) && *end == '\0';
}

int value_text_time(const char *text, double *us)
{
    static const struct {
        const char *name;
        double us;
    } units[] = { { "", 1 },     { "us", 1 },  { "µs", 1 },   { "\xCE\xBCs", 1 },
                  { "ms", 1e3 }, { "s", 1e6 }, { "ns", 1e-3 } };
    const char *end;
    double divisor;
    if (!parse_decimal(text, us, &end))
        return -EINVAL;
    if (*end == '/') {
        if (!parse_decimal(end + 1, &divisor, &end) || !(divisor > 0) ||
            (*end && strcmp(end, "s") != 0))
            return -EINVAL;
        *us = *us / divisor * 1e6;
        return isfinite(*us) ? 0 : -EINVAL;
    }
    end += strspn(end, " ");
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(end, units[i].name) == 0) {
            *us *= units[i].us;
            return 0;
        }
    return -EINVAL;
}

static bool parse_bool(const char *text, double *number)
{
    static const char *const words[] = { "false", "true", "off", "on", "no", "yes", "0", "1" };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcasecmp(text, words[i]) == 0) {
            *number = i & 1;
            return true;
        }
    return false;
}

/* How many bytes of the text an error shows. */
static int shown(const char *text)
{
    return (int)text_whole_size(text, 16);
}

static enum wire_set_result read_enumerator(const struct reading *reading, const char *text,
                                            double *number)
{
    const struct control_info *info = reading->info;
    char words[WIRE_WHY_MAX - 30];
    int32_t value;
    if (enumerator_read(info, text, &value) == 0) {
        *number = value;
        return WIRE_SET_OK;
    }
    if (parse_number(text, number) && fabs(*number) <= INT32_MAX && *number == rint(*number) &&
        control_word(info, (int64_t)*number))
        return WIRE_SET_OK;
    enumerator_list(info, words, sizeof(words));
    return reject(reading, WIRE_SET_UNKNOWN, "'%.*s' is not one of %s", shown(text), text, words);
}

static bool is_time(const struct control_info *info)
{
    return strcmp(info->unit, "µs") == 0;
}

static bool is_whole(unsigned type)
{
    return type != VALUE_FLOAT && type != VALUE_RECTANGLE;
}

static enum wire_set_result read_number(const struct reading *reading, const char *text,
                                        double *number)
{
    const struct control_info *info = reading->info;
    if (info->type == VALUE_BOOL)
        return parse_bool(text, number)
                   ? WIRE_SET_OK
                   : reject(reading, WIRE_SET_BAD, "'%.*s' is neither true nor false", shown(text),
                            text);
    if (info->enumerator_count > 0)
        return read_enumerator(reading, text, number);
    if (is_time(info)) {
        if (value_text_time(text, number))
            return reject(reading, WIRE_SET_BAD,
                          "'%.*s' is not a time: give 10ms, 0.5s, 1/100 or microseconds",
                          shown(text), text);
        if (is_whole(info->type))
            *number = round(*number);
        return WIRE_SET_OK;
    }
    if (!parse_number(text, number))
        return reject(reading, WIRE_SET_BAD, "'%.*s' is not a number", shown(text), text);
    if (is_whole(info->type) && *number != rint(*number))
        return reject(reading, WIRE_SET_BAD, "'%.*s' is not a whole number", shown(text), text);
    return WIRE_SET_OK;
}

static enum wire_set_result read_size(struct reading *reading, const char *text)
{
    const char *end;
    double *sides = reading->numbers + reading->count;
    if (!parse_decimal(text, &sides[0], &end) || (*end != 'x' && *end != 'X') ||
        !parse_number(end + 1, &sides[1]) || sides[0] != rint(sides[0]) ||
        sides[1] != rint(sides[1]))
        return reject(reading, WIRE_SET_BAD, "'%.*s' is not a size: give WIDTHxHEIGHT", shown(text),
                      text);
    reading->count += 2;
    return WIRE_SET_OK;
}

/* The text between two commas, without the spaces around it. */
static enum wire_set_result read_piece(struct reading *reading, const char *piece, size_t size)
{
    char text[ELEMENT_TEXT_MAX + 1];
    while (size > 0 && *piece == ' ')
        piece++, size--;
    while (size > 0 && piece[size - 1] == ' ')
        size--;
    if (size == 0)
        return reject(reading, WIRE_SET_BAD, "a value is missing");
    if (size > ELEMENT_TEXT_MAX || reading->count + 2 > NUMBERS_MAX)
        return reject(reading, WIRE_SET_BAD, "the value is too long");
    memcpy(text, piece, size);
    text[size] = '\0';
    if (reading->info->type == VALUE_SIZE)
        return read_size(reading, text);
    return read_number(reading, text, &reading->numbers[reading->count++]);
}

static enum wire_set_result read_pieces(struct reading *reading, const char *text)
{
    enum wire_set_result result;
    size_t size;
    do {
        size = strcspn(text, ",");
        result = read_piece(reading, text, size);
        text += size + 1;
    } while (result == WIRE_SET_OK && text[-1] == ',');
    return result;
}

/* How many numbers make up an element. */
static unsigned parts_of(unsigned type)
{
    return type == VALUE_RECTANGLE ? 4 : type == VALUE_SIZE || type == VALUE_POINT ? 2 : 1;
}

/* One value may stand for both limits of the frame's duration, and for the crops of all streams.
 * */
static bool takes_one_for_all(const struct control_info *info)
{
    return strcmp(info->name, "FrameDurationLimits") == 0 ||
           strcmp(info->name, "rpi::ScalerCrops") == 0;
}

static void repeat(struct reading *reading, unsigned parts, unsigned elements)
{
    while (reading->count < parts * elements && reading->count < NUMBERS_MAX) {
        reading->numbers[reading->count] = reading->numbers[reading->count - parts];
        reading->count++;
    }
}

static enum wire_set_result check_count(struct reading *reading)
{
    const struct control_info *info = reading->info;
    static const char *const shapes[] = {
        [1] = "one value", [2] = "x,y", [4] = "x,y,width,height"
    };
    unsigned parts = parts_of(info->type), count = reading->count;
    if (info->size > 1 && count == parts && takes_one_for_all(info))
        repeat(reading, parts, info->size);
    else if (!info->array && count != parts)
        return reject(reading, WIRE_SET_BAD, "takes %s, not %u numbers", shapes[parts], count);
    else if (info->array && info->size > 0 && count != parts * info->size)
        return reject(reading, WIRE_SET_BAD, "takes %u numbers, not %u", parts * info->size, count);
    if (reading->count % parts || reading->count / parts > value_count_max(info->type))
        return reject(reading, WIRE_SET_BAD, "%u numbers are not as many as it takes", count);
    return WIRE_SET_OK;
}

/* The nearest number that the type can hold. */
static double fit(double number, double min, double max, bool *fits)
{
    if (number >= min && number <= max)
        return number;
    *fits = false;
    return number < min ? min : max;
}

static void store(struct value *value, unsigned i, const double *parts, bool *fits)
{
    static const double int64_max = 9223372036854774784.0; /* the largest double below 2^63 */
    switch (value->type) {
    case VALUE_BOOL:
        value->bytes[i] = parts[0] != 0;
        break;
    case VALUE_BYTE:
        value->bytes[i] = (uint8_t)fit(parts[0], 0, UINT8_MAX, fits);
        break;
    case VALUE_INT32:
        value->int32[i] = (int32_t)fit(parts[0], INT32_MIN, INT32_MAX, fits);
        break;
    case VALUE_INT64:
        value->int64[i] = (int64_t)fit(parts[0], -int64_max, int64_max, fits);
        break;
    case VALUE_FLOAT:
        value->number[i] = (float)fit(parts[0], -(double)FLT_MAX, (double)FLT_MAX, fits);
        break;
    case VALUE_RECTANGLE:
        value->rectangle[i].x = (int32_t)fit(parts[0], INT32_MIN, INT32_MAX, fits);
        value->rectangle[i].y = (int32_t)fit(parts[1], INT32_MIN, INT32_MAX, fits);
        value->rectangle[i].width = (uint32_t)fit(parts[2], 0, INT32_MAX, fits);
        value->rectangle[i].height = (uint32_t)fit(parts[3], 0, INT32_MAX, fits);
        break;
    case VALUE_SIZE:
        value->size[i].width = (uint32_t)fit(parts[0], 0, INT32_MAX, fits);
        value->size[i].height = (uint32_t)fit(parts[1], 0, INT32_MAX, fits);
        break;
    default:
        value->point[i].x = (int32_t)fit(parts[0], INT32_MIN, INT32_MAX, fits);
        value->point[i].y = (int32_t)fit(parts[1], INT32_MIN, INT32_MAX, fits);
    }
}

/* Reads a rectangle in pixels or, for a region, in fractions. */
static enum wire_set_result read_rectangle(struct reading *reading, double *numbers)
{
    const struct value_rectangle *area = region_area(reading->table, reading->info);
    if (region_is_fraction(numbers)) {
        if (!area)
            return reject(reading, WIRE_SET_BAD, "give x,y,width,height in pixels");
        region_scale(numbers, area);
    }
    for (unsigned i = 0; i < 4; i++)
        if (numbers[i] != rint(numbers[i]))
            return reject(reading, WIRE_SET_BAD, "give whole pixels, or fractions from 0 to 1");
    return WIRE_SET_OK;
}

static enum wire_set_result store_all(struct reading *reading, struct value *value)
{
    const struct control_info *info = reading->info;
    unsigned parts = parts_of(info->type);
    bool fits = true;
    *value = (struct value){ .type = info->type, .array = info->array };
    value->count = (uint16_t)(reading->count / parts);
    for (unsigned i = 0; i < value->count; i++) {
        double *numbers = &reading->numbers[i * parts];
        if (info->type == VALUE_RECTANGLE && read_rectangle(reading, numbers) != WIRE_SET_OK)
            return WIRE_SET_BAD;
        store(value, i, numbers, &fits);
    }
    return fits ? WIRE_SET_OK : reject(reading, WIRE_SET_CLAMPED, "the number is too large");
}

enum wire_set_result value_text_read(const char *text, const struct control_table *table,
                                     const struct control_info *info, struct value *value,
                                     char why[WIRE_WHY_MAX + 1])
{
    struct reading reading = { .table = table, .info = info, .why = why };
    enum wire_set_result result = WIRE_SET_OK;
    if (info->type == VALUE_TEXT) {
        *value = value_of_text(text);
        value->array = info->array;
        return WIRE_SET_OK;
    }
    if (info->type == VALUE_NONE || info->type >= VALUE_TYPES)
        return reject(&reading, WIRE_SET_BAD, "its type is unknown");
    const char *comma = strchr(text, ',');
    if (!info->array && parts_of(info->type) == 1 && comma && comma[1])
        return reject(&reading, WIRE_SET_BAD, "takes one value, not several");
    result = read_pieces(&reading, text);
    if (result == WIRE_SET_OK)
        result = check_count(&reading);
    return result == WIRE_SET_OK ? store_all(&reading, value) : result;
}
