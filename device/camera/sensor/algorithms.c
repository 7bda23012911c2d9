#include "device/camera/sensor/algorithms.h"

#include <math.h>
#include <string.h>

/* The frames that each of them takes at least. */
enum { FRAMES_AT_LEAST = 6 };
enum { DIGITAL_GAIN_MAX = 512, LINES_AT_START = 5, GAIN_CODES = 1024 };

/* The gains for a colour temperature, which are 2 and 1.5 at the scene's. */
static void gains_of(int32_t temperature, float gains[2])
{
    gains[0] = (float)(SCENE_GAIN_RED * temperature / SCENE_TEMPERATURE);
    gains[1] = (float)(SCENE_GAIN_BLUE * SCENE_TEMPERATURE / temperature);
}

static int32_t temperature_of(float red_gain)
{
    double kelvin = round((double)red_gain / SCENE_GAIN_RED * SCENE_TEMPERATURE);
    return kelvin < 2000 ? 2000 : kelvin > 10000 ? 10000 : (int32_t)kelvin;
}

static int32_t whole_lines(double us, int64_t limit_us)
{
    double lines = floor(fmin(us, (double)limit_us) / SENSOR_LINE_US + 1e-6);
    return (int32_t)fmax(lines, 1) * SENSOR_LINE_US;
}

/* The sensor's register says 1024 / (1024 - code): the nearest gain, or the next lower one. */
static float possible_gain(double gain, bool lower)
{
    double rest = GAIN_CODES / fmax(1, fmin(gain, SENSOR_GAIN_MAX));
    return (float)(GAIN_CODES / (lower ? ceil(rest - 1e-6) : round(rest)));
}

/* How much more light the measured part needs than the mean of the picture: the spot is the dark
 * dial, and the matrix includes the white bar. */
static double metering_factor(int32_t metering)
{
    return metering == METERING_SPOT ? 2 : metering == METERING_MATRIX ? 0.75 : 1;
}

/* Moves on towards the target, by a part of the way in stops. True: it is there. */
static bool approach(double *value, double target, double part, double near)
{
    double stops = log2(target / *value);
    *value = fabs(stops) < near ? target : *value * exp2(stops * part);
    return *value == target;
}

/* An exposure that a user has set lengthens the frame, unless the user has set that, too. */
static void limit_frame(struct sensor_state *state)
{
    const struct sensor_delayed *set = &state->now.delayed;
    int64_t needed = (int64_t)set->exposure_us + SENSOR_MARGIN_US; /* 0: fits anyway */
    bool longer = set->exposure_mode == MODE_MANUAL && !set->frame_set && needed > set->frame_us[1];
    state->frame_us[0] = set->frame_us[0];
    state->frame_us[1] = longer ? needed : set->frame_us[1];
}

static void time_frame(struct sensor_state *state)
{
    state->duration_us = state->exposure_us + SENSOR_MARGIN_US;
    if (state->duration_us < state->frame_us[0])
        state->duration_us = state->frame_us[0];
    if (state->duration_us > state->frame_us[1])
        state->duration_us = state->frame_us[1];
}

static void expose(struct sensor_state *state)
{
    const struct sensor_delayed *set = &state->now.delayed;
    bool exposure_auto = set->exposure_mode == MODE_AUTO, gain_auto = set->gain_mode == MODE_AUTO;
    limit_frame(state);
    int64_t limit = state->frame_us[1] - SENSOR_MARGIN_US;
    double target = SCENE_EXPOSURE_US * exp2((double)state->now.exposure_value) *
                    metering_factor(state->now.metering);
    bool settled = approach(&state->total, target, 0.35, 0.02);
    double held_us = set->exposure_us > 0 ? set->exposure_us : state->exposure_us;
    double held_gain = (double)(set->gain > 0 ? set->gain : state->gain);
    double fixed_gain = gain_auto ? 1 : (double)possible_gain(held_gain, false);
    double wanted = state->total / fixed_gain;
    if (state->ae_frames < FRAMES_AT_LEAST)
        wanted *= (double)(state->ae_frames + LINES_AT_START) / (FRAMES_AT_LEAST + LINES_AT_START);
    state->exposure_us = whole_lines(exposure_auto ? wanted : held_us, limit);
    state->gain = (float)fixed_gain;
    if (gain_auto && state->ae_frames >= FRAMES_AT_LEAST)
        state->gain = possible_gain(state->total / state->exposure_us, true);
    state->ae = exposure_auto || gain_auto;
    state->digital_gain = 1;
    state->ae_state = AE_IDLE;
    if (state->ae) {
        double rest = state->total / state->exposure_us / (double)state->gain;
        state->digital_gain = (float)fmax(1, fmin(rest, DIGITAL_GAIN_MAX));
        state->ae_state =
            settled && state->ae_frames >= FRAMES_AT_LEAST ? AE_CONVERGED : AE_SEARCHING;
        state->ae_frames++;
    } else {
        state->total = (double)state->exposure_us * (double)state->gain;
    }
    time_frame(state);
}

static void balance(struct sensor_state *state)
{
    static const int32_t temperatures[] = { SCENE_TEMPERATURE, 2800, 3000, 4200, 3600, 5500, 6500 };
    const struct sensor_settings *set = &state->now;
    if (!set->awb) {
        state->awb_locked = true;
        memcpy(state->colour_gains, set->colour_gains, sizeof(state->colour_gains));
        if (set->temperature)
            gains_of(set->temperature, state->colour_gains);
        state->temperature =
            set->temperature ? set->temperature : temperature_of(state->colour_gains[0]);
        return;
    }
    bool known = set->awb_mode >= 0 &&
                 (size_t)set->awb_mode < sizeof(temperatures) / sizeof(temperatures[0]);
    float wanted[2];
    gains_of(temperatures[known ? set->awb_mode : 0], wanted);
    bool settled = true;
    for (unsigned i = 0; i < 2; i++) {
        double gain = fmax((double)state->colour_gains[i], 0.01);
        settled &= approach(&gain, (double)wanted[i], 0.4, 0.01);
        state->colour_gains[i] = (float)gain;
    }
    state->awb_locked = settled && ++state->awb_frames >= FRAMES_AT_LEAST;
    if (!settled)
        state->awb_frames = 0;
    state->temperature = temperature_of(state->colour_gains[0]);
}

/* Begins to look for the focus, or goes on; the lens moves towards it. */
static void scan(struct sensor_state *state)
{
    double lens = fmax((double)state->lens, 0.02);
    bool there = approach(&lens, SCENE_LENS, 0.5, 0.02);
    state->lens = (float)lens;
    state->af_frames++;
    state->af_state = there && state->af_frames >= FRAMES_AT_LEAST ? AF_FOCUSED : AF_SCANNING;
}

static void focus(struct sensor_state *state)
{
    const struct sensor_settings *set = &state->now;
    if (set->af_mode == AF_MANUAL) {
        state->af_state = AF_IDLE;
        state->af_frames = 0;
        state->lens = isnan(set->lens) ? state->lens : set->lens;
    } else if (set->af_mode == AF_CONTINUOUS) {
        if (state->af_state != AF_FOCUSED)
            scan(state);
    } else if (set->af_trigger == AF_TRIGGER_START) {
        state->af_frames = 0;
        scan(state);
    } else if (set->af_trigger == AF_TRIGGER_CANCEL) {
        state->af_state = AF_IDLE;
    } else if (state->af_state == AF_SCANNING) {
        scan(state);
    }
    state->focus_fom = (int32_t)lround(2000 / (1 + fabs((double)state->lens - SCENE_LENS)));
    /* Only once. */
    state->now.af_trigger = AF_TRIGGER_NONE;
    state->now.lens = NAN;
}

void sensor_algorithms_begin(struct sensor_state *state)
{
    static const float matrix[9] = { 1.62f,  -0.48f, -0.14f, -0.31f, 1.52f,
                                     -0.21f, -0.06f, -0.47f, 1.53f };
    state->total = state->exposure_us = SCENE_EXPOSURE_US;
    state->gain = 1;
    state->ae_frames = state->awb_frames = state->af_frames = 0;
    state->ae_state = AE_IDLE;
    state->af_state = AF_IDLE;
    state->af_pause = 0;
    state->colour_gains[0] = SCENE_GAIN_RED;
    state->colour_gains[1] = SCENE_GAIN_BLUE;
    state->lens = (float)SCENE_LENS;
    state->lux = 400;
    state->sensor_temperature = 42;
    memcpy(state->colour_matrix, matrix, sizeof(matrix));
    for (unsigned i = 0; i < 4; i++)
        state->black_levels[i] = 4096;
}

void sensor_algorithms_step(struct sensor_state *state)
{
    expose(state);
    balance(state);
    focus(state);
}
