#include "host/sinks/window/control_step.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "shared/controls/value.h"

_Static_assert(sizeof(struct value) == sizeof(struct pitether_value), "they are the same");

enum { PARTS = 40, PARTS_OF_DEFAULT = 10 };
#define WIDE 8.0 /* limits whose ratio is so large are far apart */
#define THIRD_OF_A_STOP (1.0 / 3)

double control_number(const struct pitether_value *value, unsigned i)
{
    struct value copy;
    memcpy(&copy, value, sizeof(copy));
    return value_number(&copy, i);
}

bool control_has_steps(const struct pitether_control *control)
{
    return control->type >= PITETHER_VALUE_BOOL && control->type <= PITETHER_VALUE_FLOAT;
}

/* The limit of one element: that of a single one holds for all. */
static double limit_of(const struct pitether_value *limit, unsigned element)
{
    return control_number(limit, limit->count > 1 ? element : 0);
}

struct scale {
    double min, max, def; /* NAN: not known */
    bool whole, wide;
};

static struct scale scale_of(const struct pitether_control *control, unsigned element)
{
    struct scale scale = { limit_of(&control->min, element), limit_of(&control->max, element),
                           limit_of(&control->def, element), control->type != PITETHER_VALUE_FLOAT,
                           false };
    if (!(scale.max >= scale.min)) /* some cameras report limits that can't be meant */
        scale.min = scale.max = NAN;
    scale.wide = scale.min > 0 && scale.max / scale.min >= WIDE;
    return scale;
}

/* The largest of 1, 2 or 5 times a power of ten that is not above the number. */
static double round_part(double number)
{
    double power = pow(10, floor(log10(number)));
    double digit = number / power;
    return power * (digit >= 5 ? 5 : digit >= 2 ? 2 : 1);
}

static double step_of(const struct scale *scale)
{
    double part =
        isnan(scale->min) || scale->max == scale->min ? 1 : (scale->max - scale->min) / PARTS;
    double of_default = fabs(scale->def) / PARTS_OF_DEFAULT;
    if (of_default > 0 && of_default < part)
        part = of_default;
    part = round_part(part);
    return scale->whole && part < 1 ? 1 : part;
}

/* Three significant digits: 9987 is no rounder than 9990, but harder to read. */
static double round_number(double number)
{
    if (number == 0)
        return 0;
    double power = pow(10, floor(log10(fabs(number))) - 2);
    return round(number / power) * power;
}

static double wide_step(const struct scale *scale, double from, int steps)
{
    double to = round_number(from * pow(2, steps * THIRD_OF_A_STOP));
    if (scale->whole)
        to = round(to);
    if (scale->whole && to == from)
        to += steps > 0 ? 1 : -1;
    return to;
}

static double clamped(const struct scale *scale, double number)
{
    if (number < scale->min)
        return scale->min;
    return number > scale->max ? scale->max : number;
}

static double next_enumerator(const struct pitether_control *control, double from, int steps)
{
    int count = control->enumerator_count, at = 0;
    while (at < count && control->enumerators[at].value != from)
        at++;
    if (at == count)
        return control->enumerators[0].value;
    return control->enumerators[((at + steps) % count + count) % count].value;
}

double control_stepped(const struct pitether_control *control, unsigned element, double from,
                       int steps)
{
    struct scale scale = scale_of(control, element);
    if (control->type == PITETHER_VALUE_BOOL)
        return from > 0 ? 0 : 1;
    if (control->enumerator_count > 0)
        return next_enumerator(control, from, steps);
    if (isnan(from))
        from = !isnan(scale.def) ? scale.def : !isnan(scale.min) ? scale.min : 0;
    if (scale.wide && from > 0)
        return clamped(&scale, wide_step(&scale, from, steps));
    double step = step_of(&scale);
    /* To the next multiple of a step, so that values are round ones. */
    double multiple = steps > 0 ? floor(from / step + 1e-6) : ceil(from / step - 1e-6);
    return clamped(&scale, (multiple + steps) * step);
}

void control_write_number(const struct pitether_control *control, double number, char *text)
{
    for (unsigned i = 0; i < control->enumerator_count; i++)
        if (control->enumerators[i].value == number) {
            snprintf(text, CONTROL_TEXT_MAX, "%s", control->enumerators[i].name);
            return;
        }
    if (control->type == PITETHER_VALUE_BOOL)
        snprintf(text, CONTROL_TEXT_MAX, "%s", number > 0 ? "true" : "false");
    else if (control->type == PITETHER_VALUE_FLOAT)
        snprintf(text, CONTROL_TEXT_MAX, "%.6g", number);
    else
        snprintf(text, CONTROL_TEXT_MAX, "%.0f", number);
}

double control_position(const struct pitether_control *control, unsigned element, double number)
{
    struct scale scale = scale_of(control, element);
    if (!(scale.max > scale.min) || isnan(number))
        return NAN;
    number = clamped(&scale, number);
    if (scale.wide)
        return log(number / scale.min) / log(scale.max / scale.min);
    return (number - scale.min) / (scale.max - scale.min);
}
