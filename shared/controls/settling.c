#include "shared/controls/settling.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define STEADY_WITHIN 0.01

/* Values of the states (libcamera, control_ids_core.yaml and control_ids_draft.yaml). */
enum { STATE_SEARCHING = 1, AE_DRAFT_STATE_PRECAPTURE = 5, AF_STATE_SCANNING = 1 };

/* AeState is of libcamera 0.5 and later, AeLocked of those before; either may be a draft. */
const char *const settling_names[SETTLING_NUMBERS] = {
    [SETTLING_AE_STATE] = "AeState",
    [SETTLING_AE_DRAFT_STATE] = "draft::AeState",
    [SETTLING_AE_LOCKED] = "AeLocked",
    [SETTLING_AWB_STATE] = "AwbState",
    [SETTLING_AWB_DRAFT_STATE] = "draft::AwbState",
    [SETTLING_AWB_LOCKED] = "AwbLocked",
    [SETTLING_AF_STATE] = "AfState",
    [SETTLING_EXPOSURE] = "ExposureTime",
    [SETTLING_ANALOGUE_GAIN] = "AnalogueGain",
    [SETTLING_DIGITAL_GAIN] = "DigitalGain",
};

/* What a reported number says while it has not settled. */
static const struct {
    enum settling_number number;
    int value;
} unsettled[] = {
    { SETTLING_AE_STATE, STATE_SEARCHING },
    { SETTLING_AE_DRAFT_STATE, STATE_SEARCHING },
    { SETTLING_AE_DRAFT_STATE, AE_DRAFT_STATE_PRECAPTURE },
    { SETTLING_AE_LOCKED, false },
    { SETTLING_AWB_STATE, STATE_SEARCHING },
    { SETTLING_AWB_DRAFT_STATE, STATE_SEARCHING },
    { SETTLING_AWB_LOCKED, false },
    { SETTLING_AF_STATE, AF_STATE_SCANNING },
};

static const enum settling_number exposure_numbers[] = { SETTLING_EXPOSURE, SETTLING_ANALOGUE_GAIN,
                                                         SETTLING_DIGITAL_GAIN };
enum { EXPOSURE_NUMBERS = sizeof(exposure_numbers) / sizeof(exposure_numbers[0]) };

void settling_begin(struct settling *settling, uint64_t limit_ns)
{
    *settling = (struct settling){ .limit_ns = limit_ns };
}

/* No state contradicts it. */
static bool states_are_settled(const double numbers[SETTLING_NUMBERS])
{
    for (size_t i = 0; i < sizeof(unsettled) / sizeof(unsettled[0]); i++)
        if (numbers[unsettled[i].number] == unsettled[i].value)
            return false;
    return true;
}

static bool tells_state_of_exposure(const double numbers[SETTLING_NUMBERS])
{
    return !isnan(numbers[SETTLING_AE_STATE]) || !isnan(numbers[SETTLING_AE_DRAFT_STATE]) ||
           !isnan(numbers[SETTLING_AE_LOCKED]);
}

static bool is_steady(double reference, double number)
{
    if (isnan(reference) || isnan(number))
        return isnan(reference) && isnan(number);
    return reference == number || fabs(number - reference) <= STEADY_WITHIN * fabs(reference);
}

/* Compares with the first frame of those in a row: a slow change adds up. */
static bool exposure_is_steady(struct settling *settling, const double numbers[SETTLING_NUMBERS])
{
    bool steady = settling->steady > 0, told = false;
    for (unsigned i = 0; i < EXPOSURE_NUMBERS; i++) {
        double number = numbers[exposure_numbers[i]];
        steady = steady && is_steady(settling->reference[exposure_numbers[i]], number);
        told = told || !isnan(number);
    }
    if (!steady) {
        memcpy(settling->reference, numbers, sizeof(settling->reference));
        settling->steady = 0;
    }
    settling->steady++;
    return !told || settling->steady >= SETTLING_STEADY;
}

enum settling_state settling_add(struct settling *settling, const double numbers[SETTLING_NUMBERS],
                                 uint64_t time_ns)
{
    if (!settling->begun || time_ns < settling->begin_ns)
        settling->begin_ns = time_ns;
    settling->begun = true;
    bool exposure = exposure_is_steady(settling, numbers) || tells_state_of_exposure(numbers);
    if (exposure && states_are_settled(numbers))
        return SETTLING_DONE;
    return time_ns - settling->begin_ns >= settling->limit_ns ? SETTLING_GAVE_UP : SETTLING_WAITS;
}
