/*
 * A run of our libcamera source with what looks like a Pi's camera to it (pi_shim.cpp): one at a
 * time, by the test's thread.
 */
#ifndef PITETHER_TESTS_LIBCAMERA_PI_RUN_H
#define PITETHER_TESTS_LIBCAMERA_PI_RUN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "device/camera/libcamera/source.h"
#include "device/controls/assignments.h"

enum { FRAMES_MAX = 400, SENSOR_DELAY = 3 };

struct shot {
    struct metadata metadata;
    uint64_t applied, shown;
};

extern struct pi_run {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct shot shots[FRAMES_MAX]; /* under lock, as the following */
    unsigned count;
    struct control_list next; /* for take() */
    uint64_t change;          /* its number; 0: it was taken */
    struct metadata_names names;
    struct control_table table; /* of the run */
    struct camera_mode mode;    /* of the run */
    const char *first;          /* what it starts with */
    const char *sensor_mode;    /* as --mode; NULL: none */
    bool any_size;              /* the camera is to choose it */
    struct camera *camera;
    struct assignments read;
} pi;

/* The control of this name that the run's camera has; NULL: it has none. */
const struct control_info *info_of(const char *name);

/* Starts the camera with these settings; NULL: none. */
void start(const char *first, double fps, double min_fps);

/* A test's teardown: closes the camera, and forgets what the test has chosen. */
int finish(void **state);

/* Waits until there are so many frames. */
void wait_for(unsigned count);

/* Sets live, as change `number`; returns the index of the first frame that was given it. */
unsigned set(const char *text, uint64_t number);

void assert_reported(unsigned shot, const char *name, const char *expected);

#endif
