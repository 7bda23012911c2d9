#include "device/stream/decision.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "device/controls/pairs.h"

/* How far a reported value may be from the one that was set: the greater one of the two. */
struct tolerance {
    const char *name;
    double ratio, least;
};

static const struct tolerance tolerances[] = {
    /* In microseconds. A sensor's exposure is a whole number of lines, rounded down: a line takes
     * 10 to 50 us in the modes that are used for video (OV5647 at 640x480: 16 us, IMX477 at full
     * size: 24 us), and libcamera reports what that gives. */
    { "ExposureTime", 0.01, 50 },
    /* A sensor's gain is a code with coarse steps at its upper end: the IMX219's is 256 / (256 -
     * code), whose last step, from 10.24 to 10.67, is 4 %; so what comes is up to 2 % off. */
    { "AnalogueGain", 0.02, 0 },
    { "DigitalGain", 0.02, 0 },
    { "ColourGains", 0.02, 0 },
    /* In microseconds: a frame is a whole number of lines long. */
    { "FrameDurationLimits", 0.01, 50 },
};

/* Of floats, which an image processor keeps with fewer bits: 16 are enough. */
static const double rounding = 1.0 / 65536;

static double tolerance_of(const struct change_item *item, double number)
{
    for (size_t i = 0; i < sizeof(tolerances) / sizeof(tolerances[0]); i++)
        if (strcmp(tolerances[i].name, item->name) == 0)
            return fmax(fabs(number) * tolerances[i].ratio, tolerances[i].least);
    return item->given.type == VALUE_FLOAT ? fmax(fabs(number), 1) * rounding : 0;
}

/* The numbers that a value consists of. */
static unsigned parts_of(const struct value *value)
{
    switch (value->type) {
    case VALUE_RECTANGLE:
        return 4 * value->count;
    case VALUE_SIZE:
    case VALUE_POINT:
        return 2 * value->count;
    default:
        return value->count;
    }
}

static double part_of_rectangle(const struct value_rectangle *rectangle, unsigned i)
{
    const double parts[] = { rectangle->x, rectangle->y, rectangle->width, rectangle->height };
    return parts[i];
}

static double part(const struct value *value, unsigned i)
{
    switch (value->type) {
    case VALUE_RECTANGLE:
        return part_of_rectangle(&value->rectangle[i / 4], i % 4);
    case VALUE_SIZE:
        return i % 2 ? value->size[i / 2].height : value->size[i / 2].width;
    case VALUE_POINT:
        return i % 2 ? value->point[i / 2].y : value->point[i / 2].x;
    case VALUE_TEXT:
        return value->text[i];
    default:
        return value_number(value, i);
    }
}

/* Infinite where they can't be compared. */
static double distance(const struct value *one, const struct value *other)
{
    double sum = 0;
    unsigned count = parts_of(one);
    if (count == 0 || count != parts_of(other))
        return INFINITY;
    for (unsigned i = 0; i < count; i++)
        sum += fabs(part(one, i) - part(other, i));
    return isnan(sum) ? INFINITY : sum;
}

/* The limits of a frame's duration are met by a duration between them. NONE: `now` is none. */
static struct value nearest_duration(const struct value *limits, const struct value *now)
{
    if (now->type != VALUE_INT64 || now->count == 0)
        return (struct value){ .type = VALUE_NONE };
    int64_t lowest = limits->int64[0], highest = limits->int64[limits->count - 1];
    int64_t duration = now->int64[0];
    return value_of_int64(duration < lowest ? lowest : duration > highest ? highest : duration);
}

static bool is_duration(const struct change_item *item)
{
    return strcmp(item->name, "FrameDurationLimits") == 0 && item->given.type == VALUE_INT64 &&
           item->given.count > 0;
}

/* Whether a frame's report can be compared with what was set: limits of the frame's duration that
 * were given back are those of the camera or of the requested rate. */
static bool is_compared(const struct change_item *item)
{
    return item->given.type != VALUE_NONE &&
           !(is_duration(item) && change_item_is_given_back(item));
}

/* What a frame reports of the item once it is in force. */
static struct value target_of(const struct change_item *item, const struct value *now)
{
    return is_duration(item) ? nearest_duration(&item->given, now) : item->given;
}

static bool is_near(const struct change_item *item, const struct value *target,
                    const struct value *value)
{
    unsigned count = parts_of(target);
    bool near = count > 0 && count == parts_of(value);
    for (unsigned i = 0; near && i < count; i++)
        near = fabs(part(value, i) - part(target, i)) <= tolerance_of(item, part(target, i));
    return near;
}

static const char *reported_name(const struct change_item *item)
{
    return is_duration(item) ? "FrameDuration" : item->name;
}

/* What the frame reports of the item: NONE if it does not. */
static struct value reading(const struct change_item *item, const struct metadata *metadata,
                            const struct metadata_names *names)
{
    struct value value = { .type = VALUE_NONE };
    if (names && metadata_find(metadata, names, reported_name(item), &value))
        return value;
    return (struct value){ .type = VALUE_NONE };
}

/* Whether a value that was read shows the item. Where the tolerance would also hold for values on
 * the way there, it must be nearer to the new one than to the one before. */
static bool shows(const struct change_item *item, const struct value *before,
                  const struct value *now)
{
    struct value target = target_of(item, now);
    if (!is_near(item, &target, now))
        return false;
    return is_near(item, &target, before) || before->type == VALUE_NONE ||
           distance(now, &target) <= distance(now, before);
}

static void look(struct change_item *item, const struct change *change,
                 const struct decision_frame *frame)
{
    struct value now = reading(item, frame->metadata, frame->names);
    struct value before = reading(item, &change->before, frame->names);
    /* A Pi reports most settings once: with the frame of the request that brought them. */
    if (now.type == VALUE_NONE && item->now.type != VALUE_NONE)
        return;
    bool reported = now.type != VALUE_NONE || before.type != VALUE_NONE;
    bool waits = is_compared(item) && reported;
    bool reached = !waits || shows(item, &before, &now);
    if (change->looks == 1 || reached != item->reached ||
        (!reached && !value_equal(&now, &item->now)))
        item->since = frame->id;
    item->reached = reached;
    item->now = now;
}

static void set_result(struct change_item *item, enum wire_set_result result, const char *why)
{
    item->result = (uint8_t)result;
    if (!item->limited || !item->why[0])
        snprintf(item->why, sizeof(item->why), "%s", why);
}

/* A value is reported that is not the one that was set. If it is new and lasts, the camera took it
 * in the place of the one that was set; if it goes on changing, it does not depend on what was
 * set. */
static void judge_other(struct change_item *item, const struct value *before,
                        const struct decision_frame *frame, bool shown)
{
    bool lasts = shown || frame->id >= item->since + DECISION_LASTS;
    if (value_equal(before, &item->now))
        set_result(item, WIRE_SET_IGNORED, "the camera did not change it");
    else if (lasts && before->type == item->now.type)
        set_result(item, WIRE_SET_CLAMPED, "the camera took another value");
    else
        set_result(item, WIRE_SET_IGNORED, "the camera did something else");
}

static void judge(struct change_item *item, const struct change *change,
                  const struct decision_frame *frame, bool shown)
{
    struct value before = reading(item, &change->before, frame->names);
    struct value target = target_of(item, &item->now);
    if (item->replaced)
        return;
    bool compared = is_compared(item);
    if (compared && item->now.type == VALUE_NONE)
        set_result(item, WIRE_SET_UNREPORTED, "the camera does not report it");
    else if (compared && !is_near(item, &target, &item->now))
        judge_other(item, &before, frame, shown);
    else if (item->limited)
        item->result = WIRE_SET_CLAMPED;
    else
        item->result = WIRE_SET_OK;
}

/* The first frame from which on all controls that took effect were in force. */
static uint64_t first_frame(const struct change *change)
{
    bool any = false;
    uint64_t first = 0;
    for (unsigned i = 0; i < change->count; i++) {
        const struct change_item *item = &change->items[i];
        if (item->replaced || item->result == WIRE_SET_IGNORED)
            continue;
        any = true;
        if (item->since > first)
            first = item->since;
    }
    return any ? first : CHANGE_NO_FRAME;
}

static bool all_reached(const struct change *change)
{
    for (unsigned i = 0; i < change->count; i++)
        if (!change->items[i].replaced && !change->items[i].reached)
            return false;
    return true;
}

static void decide(struct change *change, const struct decision_frame *frame, bool shown)
{
    for (unsigned i = 0; i < change->count; i++)
        judge(&change->items[i], change, frame, shown);
    uint64_t first = first_frame(change);
    change->first_frame_id = shown && first != CHANGE_NO_FRAME ? frame->id : first;
    change->decided = true;
}

void decision_look(struct change *change, const struct decision_frame *frame)
{
    bool shown = frame->shown >= change->number;
    if (!shown && frame->applied < change->number) {
        if (frame->names)
            change->before = *frame->metadata;
        return;
    }
    change->looks++;
    for (unsigned i = 0; i < change->count; i++)
        if (!change->items[i].replaced)
            look(&change->items[i], change, frame);
    bool found = shown || (!frame->exact && all_reached(change));
    if (found || change->looks == DECISION_LOOKS)
        decide(change, frame, shown);
}

static void replace(struct change_item *item)
{
    item->replaced = true;
    set_result(item, WIRE_SET_REPLACED, "a later change replaced it");
}

static void decide_if_replaced(struct change *change)
{
    for (unsigned i = 0; i < change->count; i++)
        if (!change->items[i].replaced)
            return;
    change->first_frame_id = CHANGE_NO_FRAME;
    change->decided = true;
}

/* Sets the same control, or one without which it has no effect. */
static bool replaces(const struct change_item *later, const char *name)
{
    return strcmp(later->name, name) == 0 ||
           (later->given.type != VALUE_NONE && pair_supersedes(later->name, &later->given, name));
}

void decision_replace(struct change *earlier, const struct change *later)
{
    for (unsigned i = 0; i < earlier->count; i++)
        for (unsigned k = 0; k < later->count; k++)
            if (replaces(&later->items[k], earlier->items[i].name))
                replace(&earlier->items[i]);
    decide_if_replaced(earlier);
}

void decision_overtake(struct change *decided, const struct change *later)
{
    for (unsigned i = 0; i < decided->count; i++) {
        struct change_item *item = &decided->items[i];
        for (unsigned k = 0; !item->reached && !item->replaced && k < later->count; k++)
            if (replaces(&later->items[k], item->name))
                replace(item);
    }
    if (first_frame(decided) == CHANGE_NO_FRAME)
        decided->first_frame_id = CHANGE_NO_FRAME;
}

void decision_refuse(struct change *change)
{
    for (unsigned i = 0; i < change->count; i++)
        if (!change->items[i].replaced)
            set_result(&change->items[i], WIRE_SET_IGNORED, "the camera refused it");
    change->first_frame_id = CHANGE_NO_FRAME;
    change->decided = true;
}

void decision_lose(struct change *change)
{
    change->status = WIRE_CHANGED_LOST;
    snprintf(change->text, sizeof(change->text),
             "the camera stopped before a frame showed it; it is set again at the next start");
    for (unsigned i = 0; i < change->count; i++)
        if (!change->items[i].replaced)
            set_result(&change->items[i], WIRE_SET_UNREPORTED, "no frame showed it");
    change->decided = true;
}
