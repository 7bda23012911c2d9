/*
 * What the tests of the device's modules share: pictures in memory of their own that end at a page
 * which can't be read, and a decoder that takes libjpeg's every warning for an error.
 */
#ifndef PITETHER_TESTS_UNIT_DEVICE_SUPPORT_H
#define PITETHER_TESTS_UNIT_DEVICE_SUPPORT_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device/camera/camera.h"
#include "device/encode/frame.h"
#include "device/encode/jpeg_slice.h"
#include "device/image/picture.h"

/* The formats that are compressed here: all but PIXEL_JPEG, which is the last one. */
enum { RAW_FORMATS = PIXEL_JPEG };

/* The same numbers on every machine: no test depends on chance. */
uint32_t random_next(uint32_t *state);

/* Memory whose end is the begin of a page that can't be touched. */
struct guarded {
    uint8_t *data;
    size_t size;
    void *mapping;
    size_t mapping_size;
};

void guarded_make(struct guarded *memory, size_t size);
void guarded_free(struct guarded *memory);

struct own_picture {
    struct picture picture;
    struct guarded planes[3];
};

enum content {
    CONTENT_SMOOTH, /* gradients that survive compression */
    CONTENT_DETAIL, /* gradients with noise on them */
    CONTENT_NOISE,
};

/* A picture whose rows are `padding` bytes longer than need be; the padding, and all else that is
 * not part of the picture, is `poison`. The last row lacks its padding. */
void own_picture_make(struct own_picture *own, enum pixel_format format, unsigned width,
                      unsigned height, size_t padding, int poison, enum content content);
void own_picture_free(struct own_picture *own);

/* The number of samples of a component (0..2) across and down. */
unsigned component_width(const struct picture *picture, unsigned component);
unsigned component_height(const struct picture *picture, unsigned component);
unsigned component_count(const struct picture *picture);
/* A sample of Y, U, V, or of R, G, B. */
uint8_t *picture_sample(const struct picture *picture, unsigned component, unsigned x, unsigned y);

/* Makes `to` a compact copy of `from`, mirrored sample by sample. */
void own_picture_mirror(struct own_picture *to, const struct picture *from, bool across, bool down);

struct bytes {
    uint8_t *data;
    size_t size;
};

void bytes_free(struct bytes *bytes);
void assert_same_bytes(const struct bytes *one, const struct bytes *other);

/* Compresses with so many slices asked for, in a slicer of its own, and joins them. */
void encode_joined(const struct picture *picture, unsigned slices, int quality,
                   struct bytes *joined);

/* The published slices of a frame in a row. */
void join_slices(const struct slice *slices, unsigned count, struct bytes *joined);

/* A decoded JPEG: the file's own components side by side, no colour conversion, chroma repeated. */
struct decoded {
    unsigned width, height, components;
    uint8_t *samples;
};

/* False if libjpeg has anything to complain of. */
bool decode(const uint8_t *jpeg, size_t size, struct decoded *decoded);
/* The same for the header alone: whether libjpeg would begin to decode it. */
bool decode_begins(const uint8_t *jpeg, size_t size);
void decoded_free(struct decoded *decoded);
uint8_t decoded_sample(const struct decoded *decoded, unsigned component, unsigned x, unsigned y);
void assert_same_pixels(const struct decoded *one, const struct decoded *other);

enum { RECORDED_MAX = 4096 };

/* A sink that writes down what a source does, and keeps the captures if it is told to. */
struct recorder {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* The rest is under lock. */
    unsigned captures, losses; /* the first RECORDED_MAX of each are in the arrays */
    uint32_t sequences[RECORDED_MAX];
    int marks[RECORDED_MAX]; /* what mark() said of the captures */
    uint32_t lost[RECORDED_MAX];
    enum wire_drop_reason reasons[RECORDED_MAX];
    unsigned stills_lost;
    unsigned ends;
    int end_error;
    unsigned keep; /* how many captures are still to be kept; the others go back at once */
    struct raw_frame *kept[RECORDED_MAX];
    unsigned kept_count;
    bool disordered; /* a sequence number that is not higher than the one before */
    bool stopped;    /* set by the test once stop has returned: no call may come any more */
    bool late;       /* one came all the same */
    uint32_t last;   /* the highest sequence number so far */
    int (*mark)(const struct raw_frame *capture);
};

void recorder_init(struct recorder *recorder, int (*mark)(const struct raw_frame *capture));
void recorder_destroy(struct recorder *recorder);
struct camera_sink recorder_sink(struct recorder *recorder);
/* Waits until there are at least so many of each; fails after a long time without, and at once if
 * the source ends when it should not. */
void recorder_wait(struct recorder *recorder, unsigned captures, unsigned losses, unsigned ends);
void recorder_keep(struct recorder *recorder, unsigned count);
/* Gives back the captures that were kept. */
void recorder_release(struct recorder *recorder);
/* What must hold once a source has been stopped: call between its stop and the next start. */
void recorder_check(struct recorder *recorder);

#endif
