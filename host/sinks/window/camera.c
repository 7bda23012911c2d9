#include "host/sinks/window/camera.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/sinks/window/control_text.h"
#include "shared/base/clock.h"

#define LONG_WAIT (3 * CLOCK_SECOND)

/* What people look for first; the others follow in the order of their names. */
static const char *const first[] = { "ExposureTime",
                                     "AnalogueGain",
                                     "ExposureValue",
                                     "ExposureTimeMode",
                                     "AnalogueGainMode",
                                     "AeEnable",
                                     "AeMeteringMode",
                                     "AeExposureMode",
                                     "AeConstraintMode",
                                     "AwbEnable",
                                     "AwbMode",
                                     "ColourTemperature",
                                     "ColourGains",
                                     "AfMode",
                                     "LensPosition",
                                     "AfRange",
                                     "AfSpeed",
                                     "Brightness",
                                     "Contrast",
                                     "Saturation",
                                     "Sharpness",
                                     "Gamma",
                                     "draft::NoiseReductionMode",
                                     "HdrMode",
                                     "FrameDurationLimits",
                                     "ScalerCrop" };
enum { FIRST = sizeof(first) / sizeof(*first) };

static unsigned rank_of(const char *name)
{
    unsigned rank = 0;
    while (rank < FIRST && strcmp(first[rank], name) != 0)
        rank++;
    return rank;
}

static int compare(const void *one, const void *other)
{
    const struct pitether_control *a = one, *b = other;
    unsigned rank = rank_of(a->name), other_rank = rank_of(b->name);
    return rank != other_rank ? (rank < other_rank ? -1 : 1) : strcmp(a->name, b->name);
}

void camera_clear(struct camera *camera)
{
    free(camera->controls);
    camera->controls = NULL;
    camera->count = 0;
}

int camera_take_controls(struct camera *camera, const struct pitether_controls *controls)
{
    struct pitether_control *copy = malloc((controls->count + 1) * sizeof(*copy));
    unsigned count = 0;
    if (!copy)
        return -ENOMEM;
    for (size_t i = 0; i < controls->count; i++)
        if (controls->controls[i].settable)
            copy[count++] = controls->controls[i];
    qsort(copy, count, sizeof(*copy), compare);
    free(camera->controls);
    camera->controls = copy;
    camera->count = count;
    camera->lists++;
    camera->version++;
    return 0;
}

static struct pitether_control *find(const struct camera *camera, const char *name)
{
    for (unsigned i = 0; i < camera->count; i++)
        if (strcmp(camera->controls[i].name, name) == 0)
            return &camera->controls[i];
    return NULL;
}

const struct pitether_control *camera_find(const struct camera *camera, const char *name)
{
    return find(camera, name);
}

bool camera_has_word(const struct camera *camera, const char *name, const char *word)
{
    const struct pitether_control *control = find(camera, name);
    for (unsigned i = 0; control && i < control->enumerator_count; i++) {
        const char *has = control->enumerators[i].name;
        size_t size = strlen(has), wanted = strlen(word);
        if (size >= wanted && strcmp(has + size - wanted, word) == 0)
            return true;
    }
    return false;
}

struct pitether_value camera_value(const struct pitether_control *control,
                                   const struct pitether_frame *frame)
{
    struct pitether_value value;
    if (frame && pitether_frame_value(frame, control->name, &value) && value.count > 0)
        return value;
    return control->set.type != PITETHER_VALUE_NONE ? control->set : control->def;
}

void camera_say(struct camera *camera, bool failed, const char *text)
{
    snprintf(camera->message, sizeof(camera->message), "%s", text);
    camera->failed = failed;
    camera->messages++;
    camera->version++;
}

static bool is_done(unsigned result)
{
    return result == PITETHER_SET_OK || result == PITETHER_SET_UNREPORTED ||
           result == PITETHER_SET_REPLACED;
}

/* The change that is shown to the user: first one that was not done as it was asked for. */
static const struct pitether_change *to_be_told(const struct pitether_changed *changed)
{
    for (size_t i = 0; i < changed->count; i++)
        if (!is_done(changed->changes[i].result) &&
            changed->changes[i].result != PITETHER_SET_UNSET)
            return &changed->changes[i];
    return changed->count > 0 ? &changed->changes[0] : NULL;
}

/* A zoom, or a mark where the camera focuses. */
static bool shows_itself(const struct camera *camera, const struct pitether_changed *changed)
{
    return changed->request != 0 && (changed->request == camera->quiet ||
                                     strcmp(changed->changes[0].name, "ScalerCrop") == 0);
}

static void tell_change(struct camera *camera, const struct pitether_changed *changed)
{
    const struct pitether_change *change = to_be_told(changed);
    char text[CAMERA_MESSAGE_MAX], value[CONTROL_TEXT_MAX] = "", frame[40] = "";
    const char *by = changed->request == 0 ? changed->by : "";
    if (!change || (is_done(change->result) && shows_itself(camera, changed)))
        return;
    const struct pitether_control *control = find(camera, change->name);
    if (change->asked.type == PITETHER_VALUE_NONE)
        snprintf(value, sizeof(value), "auto");
    else
        control_text(control,
                     change->now.type != PITETHER_VALUE_NONE ? &change->now : &change->asked,
                     CONTROL_ALL_ELEMENTS, value, sizeof(value));
    if (changed->status == PITETHER_CHANGED_DONE && changed->first_id != UINT64_MAX)
        snprintf(frame, sizeof(frame), " from frame %" PRIu64 " on", changed->first_id);
    if (is_done(change->result))
        snprintf(text, sizeof(text), "%s %s%s%s%s", change->name, value, frame, *by ? ", by " : "",
                 by);
    else
        snprintf(text, sizeof(text), "%s: %s", change->name, change->why);
    camera_say(camera, !is_done(change->result), text);
}

static void keep_changes(struct camera *camera, const struct pitether_changed *changed)
{
    for (size_t i = 0; i < changed->count; i++) {
        struct pitether_control *control = find(camera, changed->changes[i].name);
        unsigned result = changed->changes[i].result;
        if (control && (is_done(result) || result == PITETHER_SET_CLAMPED))
            control->set = changed->changes[i].asked.type == PITETHER_VALUE_NONE ||
                                   changed->changes[i].now.type == PITETHER_VALUE_NONE
                               ? changed->changes[i].asked
                               : changed->changes[i].now;
    }
    camera->version++;
}

bool camera_waits(const struct camera *camera)
{
    return camera->outgoing.unanswered_count > 0 || camera->outgoing.waiting_count > 0;
}

void camera_check(struct camera *camera, uint64_t now)
{
    if (!camera_waits(camera))
        camera->waits_since = 0;
    else if (camera->waits_since == 0)
        camera->waits_since = now;
    if (camera->waits_since > 0 && !camera->told_wait && now - camera->waits_since >= LONG_WAIT) {
        camera->told_wait = true;
        camera_say(camera, true, "what was set has not been answered yet: it may not be in force");
    }
}

static void say_why_not(struct camera *camera, int result)
{
    camera_say(camera, true,
               result == -EBUSY ? "not set: the camera has not answered yet, try again"
               : result == -EINVAL
                   ? "not set: the value is too long, or has a character that can't be seen"
                   : "not set: the stream has ended");
}

static void send(struct camera *camera)
{
    char text[OUTGOING_TEXT_SIZE];
    uint32_t request = 0;
    if (!outgoing_text(&camera->outgoing, text))
        return;
    int result = camera->set(camera->user, text, &request);
    if (result == -EBUSY) /* the answers to others come first */
        return;
    if (!result) {
        outgoing_sent(&camera->outgoing, request);
        return;
    }
    outgoing_clear(&camera->outgoing);
    say_why_not(camera, result);
}

void camera_take_changed(struct camera *camera, const struct pitether_changed *changed)
{
    bool own = outgoing_answered(&camera->outgoing, changed->request);
    if (own) {
        camera->waits_since = 0;
        camera->told_wait = false;
    }
    camera->refused = changed->status == PITETHER_CHANGED_NOT_ALLOWED ||
                      (camera->refused && changed->request == 0);
    if (changed->status == PITETHER_CHANGED_DONE)
        keep_changes(camera, changed);
    if (changed->status == PITETHER_CHANGED_DONE || changed->status == PITETHER_CHANGED_REJECTED)
        tell_change(camera, changed);
    else if (own || changed->request != 0)
        camera_say(camera, true, changed->text);
    send(camera);
}

void camera_set(struct camera *camera, const char *name, const char *value)
{
    if (outgoing_put(&camera->outgoing, name, value))
        send(camera);
    else
        say_why_not(camera, -EBUSY);
    camera->version++;
}

void camera_set_together(struct camera *camera, const char *assignments)
{
    uint32_t request;
    int result = camera->set(camera->user, assignments, &request);
    if (!result)
        camera->quiet = request;
    else
        say_why_not(camera, result);
}
