/*
 * A camera's controls as the window knows them, and what it was told to set.
 */
#ifndef PITETHER_TESTS_UNIT_HOST_WINDOW_FIXTURE_H
#define PITETHER_TESTS_UNIT_HOST_WINDOW_FIXTURE_H

#include "host_support.h"

#include "host/sinks/window/camera.h"

enum { WINDOW_SETS_MAX = 16 };

struct window_fixture {
    struct pitether_control controls[32];
    unsigned count;
    struct camera camera;
    char sets[WINDOW_SETS_MAX][512]; /* in their order; the first has request 1 */
    unsigned set_count;
    int answer; /* of pitether_set() */
    struct frame_pool *pool;
};

struct pitether_value value_to_public(struct value value);

/* Without controls. */
int window_fixture_setup(void **state);
int window_fixture_teardown(void **state);

/* A control that can be set, with these limits; NAN: not known. The pointer is good for filling in
 * the rest. */
struct pitether_control *window_add(struct window_fixture *fixture, const char *name,
                                    enum pitether_value_type type, double min, double max,
                                    double def);
/* Enumerators from 0 on, up to a NULL. */
void window_add_words(struct pitether_control *control, const char *const *words);
/* ScalerCrop, whose whole is 4000 x 3000 at 8,16. */
void window_add_crop(struct window_fixture *fixture);
/* ExposureTime, AnalogueGain, ExposureValue, AwbMode, ColourGains, Contrast. */
void window_add_usual(struct window_fixture *fixture);

/* The camera lists them. */
void window_list(struct window_fixture *fixture);

/* What became of one control of a setting. */
void window_answer(struct window_fixture *fixture, uint32_t request, const char *name,
                   unsigned result, struct value now);
void window_refuse(struct window_fixture *fixture, uint32_t request, const char *text);

#endif
