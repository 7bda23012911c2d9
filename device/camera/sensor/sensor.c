#include "device/camera/sensor/sensor.h"

#include <math.h>
#include <string.h>

#include "device/camera/sensor/algorithms.h"

/* Of the picture's width, for each dioptre that the lens is off. */
#define BLUR_PER_DIOPTRE 0.003

void sensor_configure(struct sensor *sensor, const struct sensor_mode *mode, unsigned width,
                      unsigned height, double fps, double min_fps)
{
    static const struct control_list nothing;
    const double longest = SENSOR_EXPOSURE_MAX + SENSOR_MARGIN_US;
    double slowest = min_fps > 0 && min_fps < fps ? min_fps : fps;
    sensor->mode = mode;
    sensor->width = width;
    sensor->height = height;
    sensor->frame_us[0] = (int64_t)fmax(1, round(1e6 / fps));
    sensor->frame_us[1] = (int64_t)fmax(1, round(fmin(1e6 / slowest, longest)));
    if (sensor->frame_us[1] < sensor->frame_us[0])
        sensor->frame_us[1] = sensor->frame_us[0];
    sensor_begin(sensor, &nothing);
}

void sensor_begin(struct sensor *sensor, const struct control_list *list)
{
    sensor->count = 0;
    sensor->applied = 0;
    sensor_settings_init(&sensor->asked, sensor->mode, sensor->width, sensor->height,
                         sensor->frame_us);
    sensor_settings_apply(&sensor->asked, sensor->mode, list);
    sensor_algorithms_begin(&sensor->state);
    sensor->state.now = sensor->asked;
}

static bool is_due(struct sensor_faults *faults, enum fault_kind kind, uint32_t sequence,
                   struct fault *fault)
{
    if (!faults_take(&faults->script, kind, sequence, fault))
        return false;
    if (fault->count == 0)
        fault->count = UINT32_MAX;
    return true;
}

static void look_for_faults(struct sensor_faults *faults, uint32_t sequence)
{
    struct fault fault;
    if (is_due(faults, FAULT_IGNORE, sequence, &fault))
        faults->ignore = fault.count;
    if (is_due(faults, FAULT_CLAMP, sequence, &fault))
        faults->clamp = fault.count;
    if (is_due(faults, FAULT_REJECT, sequence, &fault))
        faults->reject = fault.count;
    if (is_due(faults, FAULT_SLOW, sequence, &fault))
        faults->slow = fault.count;
    faults->unreported |= is_due(faults, FAULT_UNREPORTED, sequence, &fault);
    faults->unshown |= is_due(faults, FAULT_UNSHOWN, sequence, &fault);
}

/* Takes one of so many. */
static bool use(uint32_t *left)
{
    if (*left == 0)
        return false;
    if (*left != UINT32_MAX)
        --*left;
    return true;
}

/* A full queue's last change is replaced: the new one's settings have all of it, and its number
 * stands for both. */
static struct sensor_change *append(struct sensor *sensor)
{
    if (sensor->count < SENSOR_QUEUE_MAX)
        sensor->count++;
    return &sensor->queue[(sensor->first + sensor->count - 1) % SENSOR_QUEUE_MAX];
}

bool sensor_send(struct sensor *sensor, uint32_t sequence, uint64_t number,
                 const struct control_list *list)
{
    struct sensor_faults *faults = &sensor->faults;
    look_for_faults(faults, sequence);
    sensor->applied = number;
    if (use(&faults->reject))
        return false;
    if (use(&faults->ignore))
        return true;
    bool delayed = sensor_settings_apply(&sensor->asked, sensor->mode, list);
    if (use(&faults->clamp) && control_list_find(list, "ExposureTime"))
        sensor->asked.delayed.exposure_us /= 2;
    struct sensor_change *change = append(sensor);
    uint32_t at_once = sequence + faults->slow;
    *change = (struct sensor_change){ .number = number,
                                      .at_once = at_once,
                                      .delayed = at_once + (delayed ? SENSOR_DELAY : 0),
                                      .settings = sensor->asked };
    return true;
}

/* What happens once stays due if a later change begins with the same frame. */
static void begin_change(struct sensor *sensor, struct sensor_change *change)
{
    const struct sensor_settings before = sensor->state.now;
    struct sensor_settings *now = &sensor->state.now;
    *now = change->settings;
    now->delayed = before.delayed;
    if (isnan(now->lens))
        now->lens = before.lens;
    if (now->af_trigger == AF_TRIGGER_NONE)
        now->af_trigger = before.af_trigger;
    change->begun = true;
}

uint64_t sensor_expose(struct sensor *sensor, uint32_t sequence)
{
    uint64_t shown = 0;
    look_for_faults(&sensor->faults, sequence);
    while (sensor->count > 0) {
        struct sensor_change *change = &sensor->queue[sensor->first];
        if (sequence < change->at_once)
            break;
        if (!change->begun)
            begin_change(sensor, change);
        if (sequence < change->delayed)
            break;
        sensor->state.now.delayed = change->settings.delayed;
        shown = change->number;
        sensor->first = (sensor->first + 1) % SENSOR_QUEUE_MAX;
        sensor->count--;
    }
    sensor_algorithms_step(&sensor->state);
    return sensor->faults.unshown || sensor->faults.unreported ? 0 : shown;
}

void sensor_look(const struct sensor *sensor, struct card_look *look)
{
    const struct sensor_state *state = &sensor->state;
    struct value_rectangle whole = sensor_mode_crop(sensor->mode, sensor->width, sensor->height);
    const struct value_rectangle *crop = &state->now.crop;
    look->zoom = (struct zoom){ .left = (double)(crop->x - whole.x) / whole.width,
                                .top = (double)(crop->y - whole.y) / whole.height,
                                .width = (double)crop->width / whole.width,
                                .height = (double)crop->height / whole.height };
    look->blur = fabs((double)state->lens - SCENE_LENS) * BLUR_PER_DIOPTRE;
    const struct tone_settings tone = {
        .light = state->exposure_us * (double)state->gain * (double)state->digital_gain /
                 SCENE_EXPOSURE_US,
        .red = (double)state->colour_gains[0] / SCENE_GAIN_RED,
        .blue = (double)state->colour_gains[1] / SCENE_GAIN_BLUE,
        .brightness = (double)state->now.brightness,
        .contrast = (double)state->now.contrast,
        .saturation = (double)state->now.saturation,
    };
    tone_make(&look->tone, &tone);
}
