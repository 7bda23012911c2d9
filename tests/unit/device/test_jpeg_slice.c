/*
 * Whatever the cut, the joined slices are one JPEG with the pixels of the uncut one.
 */
#include "device/encode/jpeg_slice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/bytes.h"
#include "support.h"

static const struct {
    unsigned width, height;
} sizes[] = { { 16, 16 },   { 17, 33 },    { 33, 17 },    { 64, 64 },
              { 321, 241 }, { 1000, 562 }, { 1920, 1080 } };

static const unsigned slice_counts[] = { 1, 2, 3, 4, 8, 64 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { SOF0 = 0xC0, DRI = 0xDD, RST0 = 0xD0, DHT = 0xC4, SOS = 0xDA, EOI = 0xD9 };

/* Offset behind the marker of a segment in the header, 0 if there is none. */
static size_t find_segment(const struct bytes *jpeg, int marker)
{
    for (size_t at = 2; at + 4 < jpeg->size;) {
        assert_int_equal(jpeg->data[at], 0xFF);
        if (jpeg->data[at + 1] == marker)
            return at + 2;
        if (jpeg->data[at + 1] == SOS)
            return 0;
        at += 2 + bytes_load(jpeg->data + at + 2, 2);
    }
    return 0;
}

/* The header has the whole height, and restart markers follow in turn up to EOI, the last thing. */
static void check_markers(const struct bytes *jpeg, const struct picture *picture,
                          const struct slice_plan *plan)
{
    size_t sof = find_segment(jpeg, SOF0), dri = find_segment(jpeg, DRI);
    assert_true(sof > 0);
    assert_int_equal(bytes_load(jpeg->data + sof + 3, 2), picture->height);
    assert_int_equal(bytes_load(jpeg->data + sof + 5, 2), picture->width);
    assert_int_equal(dri > 0, plan->count > 1);
    if (dri)
        assert_int_equal(bytes_load(jpeg->data + dri + 2, 2), plan->restart_interval);
    size_t sos = find_segment(jpeg, SOS);
    unsigned restarts = 0;
    for (size_t at = sos + bytes_load(jpeg->data + sos, 2); at + 1 < jpeg->size; at++) {
        if (jpeg->data[at] != 0xFF || jpeg->data[at + 1] == 0)
            continue;
        if (at + 2 == jpeg->size) {
            assert_int_equal(jpeg->data[at + 1], EOI);
            break;
        }
        assert_int_equal(jpeg->data[at + 1], RST0 + restarts++ % 8);
    }
    assert_int_equal(jpeg->data[jpeg->size - 1], EOI);
    assert_int_equal(restarts, plan->count - 1);
}

/* Each slice in a slicer that has not seen the others, as with threads, and in any order. */
static void check_slices_alone(const struct picture *picture, const struct slice_plan *plan,
                               const struct bytes *joined)
{
    struct slice out[FRAME_SLICES_MAX] = { { 0 } };
    for (unsigned i = plan->count; i-- > 0;) {
        struct jpeg_slicer *slicer = jpeg_slicer_create();
        assert_int_equal(jpeg_slice_encode(slicer, picture, plan, i, 80, &out[i]), 0);
        jpeg_slicer_destroy(slicer);
        const uint8_t *end = out[i].data + out[i].size;
        assert_int_equal(end[-2], 0xFF);
        assert_int_equal(end[-1], i + 1 == plan->count ? EOI : RST0 + (int)(i % 8));
    }
    struct bytes alone;
    join_slices(out, plan->count, &alone);
    assert_same_bytes(&alone, joined);
    bytes_free(&alone);
    for (unsigned i = 0; i < plan->count; i++)
        free(out[i].buffer);
}

static void check_cut(const struct picture *picture, unsigned slices, const struct decoded *uncut)
{
    struct slice_plan plan = slice_plan(picture, slices);
    struct bytes joined;
    struct decoded pixels;
    encode_joined(picture, slices, 80, &joined);
    check_markers(&joined, picture, &plan);
    assert_true(decode(joined.data, joined.size, &pixels));
    assert_same_pixels(&pixels, uncut);
    if (picture->width < 400)
        check_slices_alone(picture, &plan, &joined);
    decoded_free(&pixels);
    bytes_free(&joined);
}

static void cut_pictures_have_the_uncut_pixels(void **state)
{
    (void)state;
    for (unsigned format = 0; format < RAW_FORMATS; format++)
        for (unsigned i = 0; i < COUNT(sizes); i++) {
            struct own_picture own;
            struct bytes whole;
            struct decoded uncut;
            own_picture_make(&own, format, sizes[i].width, sizes[i].height, 0, 0, CONTENT_DETAIL);
            encode_joined(&own.picture, 1, 80, &whole);
            assert_true(decode(whole.data, whole.size, &uncut));
            for (unsigned s = 0; s < COUNT(slice_counts); s++)
                check_cut(&own.picture, slice_counts[s], &uncut);
            decoded_free(&uncut);
            bytes_free(&whole);
            own_picture_free(&own);
        }
}

/* T.871, 7: what a picture's sample becomes in the file. */
static double expected_sample(const struct picture *picture, unsigned component, unsigned x,
                              unsigned y)
{
    if (picture->format != PIXEL_RGB && picture->format != PIXEL_BGR) {
        unsigned across = picture->width / component_width(picture, component);
        unsigned down = picture->height / component_height(picture, component);
        return *picture_sample(picture, component, x / across, y / down);
    }
    double r = *picture_sample(picture, 0, x, y), g = *picture_sample(picture, 1, x, y);
    double b = *picture_sample(picture, 2, x, y), luma = 0.299 * r + 0.587 * g + 0.114 * b;
    return component == 0   ? luma
           : component == 1 ? (b - luma) / 1.772 + 128
                            : (r - luma) / 1.402 + 128;
}

/* The pixels of each format end where they belong: even sizes, so that chroma falls on pairs. */
static void pixels_are_the_pictures(void **state)
{
    (void)state;
    for (unsigned format = 0; format < RAW_FORMATS; format++) {
        struct own_picture own;
        struct bytes jpeg;
        struct decoded pixels;
        own_picture_make(&own, format, 90, 70, 0, 0, CONTENT_SMOOTH);
        encode_joined(&own.picture, 3, 100, &jpeg);
        assert_true(decode(jpeg.data, jpeg.size, &pixels));
        assert_int_equal(pixels.components, component_count(&own.picture));
        /* The gradients' jump back is not smooth, so a few samples may be far off. */
        unsigned far = 0;
        for (unsigned c = 0; c < pixels.components; c++)
            for (unsigned y = 0; y < 70; y++)
                for (unsigned x = 0; x < 90; x++) {
                    double error =
                        expected_sample(&own.picture, c, x, y) - decoded_sample(&pixels, c, x, y);
                    far += error > 3 || error < -3;
                }
        assert_in_range(far, 0, 90 * 70 / 50);
        decoded_free(&pixels);
        bytes_free(&jpeg);
        own_picture_free(&own);
    }
}

static void padding_changes_nothing(void **state)
{
    (void)state;
    static const size_t paddings[] = { 1, 15, 64 };
    for (unsigned format = 0; format < RAW_FORMATS; format++)
        for (unsigned i = 0; i < 5; i++)
            for (unsigned p = 0; p < COUNT(paddings); p++) {
                struct own_picture compact, padded;
                struct bytes one, other;
                own_picture_make(&compact, format, sizes[i].width, sizes[i].height, 0, 0x00,
                                 CONTENT_DETAIL);
                own_picture_make(&padded, format, sizes[i].width, sizes[i].height, paddings[p],
                                 0xE7, CONTENT_DETAIL);
                encode_joined(&compact.picture, 3, 80, &one);
                encode_joined(&padded.picture, 3, 80, &other);
                assert_same_bytes(&one, &other);
                bytes_free(&one);
                bytes_free(&other);
                own_picture_free(&compact);
                own_picture_free(&padded);
            }
}

static void flips_are_the_flipped_picture(void **state)
{
    (void)state;
    for (unsigned format = 0; format < RAW_FORMATS; format++)
        for (unsigned i = 0; i < 5; i++)
            for (int flip = 1; flip < 4; flip++) {
                struct own_picture own, mirrored;
                struct bytes one, other;
                own_picture_make(&own, format, sizes[i].width, sizes[i].height, 5, 0x55,
                                 CONTENT_DETAIL);
                own_picture_mirror(&mirrored, &own.picture, flip & 1, flip & 2);
                own.picture.hflip = flip & 1;
                own.picture.vflip = flip & 2;
                encode_joined(&own.picture, 2, 80, &one);
                encode_joined(&mirrored.picture, 2, 80, &other);
                assert_same_bytes(&one, &other);
                bytes_free(&one);
                bytes_free(&other);
                own_picture_free(&own);
                own_picture_free(&mirrored);
            }
}

/* Noise at the best quality is larger than the picture and any first guess at a buffer. */
static void buffers_grow(void **state)
{
    (void)state;
    for (unsigned format = 0; format < RAW_FORMATS; format++)
        for (int quality = 1; quality <= 100; quality += 99) {
            struct own_picture own;
            struct bytes whole, cut;
            struct decoded one, other;
            own_picture_make(&own, format, 1000, 562, 0, 0, CONTENT_NOISE);
            encode_joined(&own.picture, 1, quality, &whole);
            encode_joined(&own.picture, 4, quality, &cut);
            assert_true(decode(whole.data, whole.size, &one));
            assert_true(decode(cut.data, cut.size, &other));
            assert_same_pixels(&one, &other);
            if (quality == 100)
                assert_true(whole.size > 4 * 64 * 1024);
            decoded_free(&one);
            decoded_free(&other);
            bytes_free(&whole);
            bytes_free(&cut);
            own_picture_free(&own);
        }
}

static void encode_again(struct jpeg_slicer *slicer, struct slice *out,
                         const struct picture *picture, int quality)
{
    struct bytes fresh;
    struct slice_plan plan = slice_plan(picture, 1);
    encode_joined(picture, 1, quality, &fresh);
    assert_int_equal(jpeg_slice_encode(slicer, picture, &plan, 0, quality, out), 0);
    struct bytes again = { (uint8_t *)out->data, out->size };
    assert_same_bytes(&again, &fresh);
    bytes_free(&fresh);
}

/* Nothing of one picture is left in the slicer or the slice when the next one comes. */
static void slicers_have_no_memory(void **state)
{
    (void)state;
    uint32_t seed = 7;
    struct jpeg_slicer *slicer = jpeg_slicer_create();
    struct slice out = { 0 };
    for (int round = 0; round < 60; round++) {
        struct own_picture own;
        unsigned size = random_next(&seed) % 5;
        own_picture_make(&own, random_next(&seed) % RAW_FORMATS, sizes[size].width,
                         sizes[size].height, 0, 0, CONTENT_DETAIL);
        own.picture.hflip = random_next(&seed) & 64;
        own.picture.limited_range = random_next(&seed) & 64;
        encode_again(slicer, &out, &own.picture, random_next(&seed) & 64 ? 30 : 90);
        own_picture_free(&own);
    }
    free(out.buffer);
    jpeg_slicer_destroy(slicer);
}

static void check_size(enum pixel_format format, unsigned width, unsigned height)
{
    static const unsigned cuts[] = { 1, 4, 64 };
    struct own_picture own;
    struct bytes whole;
    struct decoded uncut;
    own_picture_make(&own, format, width, height, 0, 0, CONTENT_SMOOTH);
    encode_joined(&own.picture, 1, 80, &whole);
    assert_true(decode(whole.data, whole.size, &uncut));
    assert_int_equal(uncut.width, width);
    assert_int_equal(uncut.height, height);
    for (unsigned i = 0; i < COUNT(cuts); i++)
        check_cut(&own.picture, cuts[i], &uncut);
    decoded_free(&uncut);
    bytes_free(&whole);
    own_picture_free(&own);
}

static void extreme_sizes_work(void **state)
{
    (void)state;
    static const enum pixel_format formats[] = { PIXEL_YUV420, PIXEL_YUV444, PIXEL_GREY, PIXEL_YUYV,
                                                 PIXEL_BGR };
    for (unsigned i = 0; i < COUNT(formats); i++) {
        check_size(formats[i], 16383, 16);
        check_size(formats[i], 16, 16383);
    }
    check_size(PIXEL_YUV420, 4608, 2592);
    check_size(PIXEL_YUV444, 4608, 2592);
}

static void check_plan(const struct picture *picture, unsigned wanted)
{
    struct slice_plan plan = slice_plan(picture, wanted);
    assert_in_range(plan.count, 1, FRAME_SLICES_MAX);
    assert_true(plan.count <= plan.mcu_rows);
    assert_true(plan.restart_interval <= 65535);
    /* All slices have rows, and together they have them all. */
    assert_true((plan.count - 1) * plan.slice_mcu_rows < plan.mcu_rows);
    assert_true(plan.count * plan.slice_mcu_rows >= plan.mcu_rows);
    assert_int_equal(plan.restart_interval > 0, plan.count > 1);
}

static void plans_cover_the_picture(void **state)
{
    (void)state;
    static const unsigned sides[] = { 16, 17, 479, 1080, 8191, 16383 };
    static const unsigned wanted[] = { 1, 2, 3, 5, 8, 63, 64, 65, 1000, UINT32_MAX };
    for (unsigned format = 0; format < RAW_FORMATS; format++)
        for (unsigned w = 0; w < COUNT(sides); w++)
            for (unsigned h = 0; h < COUNT(sides); h++)
                for (unsigned i = 0; i < COUNT(wanted); i++) {
                    struct picture picture = { .format = format,
                                               .width = sides[w],
                                               .height = sides[h] };
                    check_plan(&picture, wanted[i]);
                }
    struct picture jpeg = { .format = PIXEL_JPEG, .width = 640, .height = 480 };
    assert_int_equal(slice_plan(&jpeg, 8).count, 1);
}

static int pass_through(const uint8_t *jpeg, size_t size, unsigned width, unsigned height,
                        struct bytes *result)
{
    struct guarded memory;
    struct slice out = { 0 };
    guarded_make(&memory, size);
    memcpy(memory.data, jpeg, size);
    struct picture picture = { .format = PIXEL_JPEG,
                               .width = width,
                               .height = height,
                               .planes = { { memory.data, 0, size } } };
    struct slice_plan plan = slice_plan(&picture, 4);
    struct jpeg_slicer *slicer = jpeg_slicer_create();
    int error = jpeg_slice_encode(slicer, &picture, &plan, 0, 80, &out);
    if (!error && result)
        join_slices(&out, 1, result);
    free(out.buffer);
    jpeg_slicer_destroy(slicer);
    guarded_free(&memory);
    return error;
}

static void make_jpeg(struct bytes *jpeg, unsigned slices, unsigned width, unsigned height)
{
    struct own_picture own;
    own_picture_make(&own, PIXEL_YUV420, width, height, 0, 0, CONTENT_DETAIL);
    encode_joined(&own.picture, slices, 80, jpeg);
    own_picture_free(&own);
}

static void jpegs_pass_through(void **state)
{
    (void)state;
    struct bytes jpeg, result;
    make_jpeg(&jpeg, 2, 64, 48);
    assert_int_equal(pass_through(jpeg.data, jpeg.size, 64, 48, &result), 0);
    assert_same_bytes(&jpeg, &result);
    bytes_free(&result);
    for (int filler = 0; filler < 256; filler += 85) {
        uint8_t *padded = malloc(jpeg.size + 4096);
        assert_non_null(padded);
        memcpy(padded, jpeg.data, jpeg.size);
        memset(padded + jpeg.size, filler, 4096);
        assert_int_equal(pass_through(padded, jpeg.size + 4096, 64, 48, &result), 0);
        assert_same_bytes(&jpeg, &result);
        bytes_free(&result);
        free(padded);
    }
    bytes_free(&jpeg);
}

/* The same without its Huffman tables. */
static void strip_tables(const struct bytes *jpeg, struct bytes *stripped)
{
    size_t at = 2;
    stripped->data = malloc(jpeg->size);
    assert_non_null(stripped->data);
    memcpy(stripped->data, jpeg->data, stripped->size = at);
    for (uint8_t marker = 0; marker != SOS;) {
        size_t length = 2 + bytes_load(jpeg->data + at + 2, 2);
        marker = jpeg->data[at + 1];
        if (marker == SOS)
            length = jpeg->size - at;
        if (marker != DHT) {
            memcpy(stripped->data + stripped->size, jpeg->data + at, length);
            stripped->size += length;
        }
        at += length;
    }
}

static void tables_that_cameras_leave_out_are_added(void **state)
{
    (void)state;
    struct bytes jpeg, stripped, result;
    make_jpeg(&jpeg, 1, 64, 48);
    strip_tables(&jpeg, &stripped);
    assert_true(stripped.size < jpeg.size);
    assert_int_equal(pass_through(stripped.data, stripped.size, 64, 48, &result), 0);
    assert_same_bytes(&jpeg, &result);
    bytes_free(&result);
    bytes_free(&stripped);
    bytes_free(&jpeg);
}

static void broken_jpegs_are_refused(void **state)
{
    (void)state;
    struct bytes jpeg;
    make_jpeg(&jpeg, 2, 64, 48);
    assert_int_equal(pass_through(jpeg.data, jpeg.size, 65, 48, NULL), -EBADMSG);
    assert_int_equal(pass_through(jpeg.data, jpeg.size, 64, 47, NULL), -EBADMSG);
    assert_int_equal(pass_through(jpeg.data, jpeg.size, 48, 64, NULL), -EBADMSG);
    for (size_t size = 1; size < jpeg.size; size++)
        assert_int_equal(pass_through(jpeg.data, size, 64, 48, NULL), -EBADMSG);
    static const uint8_t empty[] = { 0xFF, 0xD8, 0xFF, 0xD9 };
    static const uint8_t no_sof[] = { 0xFF, 0xD8, 0xFF, 0xFE, 0, 2, 0xFF, 0xD9 };
    static const uint8_t short_sof[] = { 0xFF, 0xD8, 0xFF, 0xC0, 0, 5, 8, 0, 0xFF, 0xD9 };
    static const uint8_t long_sof[] = { 0xFF, 0xD8, 0xFF, 0xC0, 0xFF, 0xFF, 8, 0, 0xFF, 0xD9 };
    static const uint8_t filler[] = { 0xFF, 0xD8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xD9 };
    assert_int_equal(pass_through(empty, sizeof(empty), 64, 48, NULL), -EBADMSG);
    assert_int_equal(pass_through(no_sof, sizeof(no_sof), 64, 48, NULL), -EBADMSG);
    assert_int_equal(pass_through(short_sof, sizeof(short_sof), 64, 48, NULL), -EBADMSG);
    assert_int_equal(pass_through(long_sof, sizeof(long_sof), 64, 48, NULL), -EBADMSG);
    /* Its height is the asked one, and its width lies behind the end. */
    assert_int_equal(pass_through(long_sof, sizeof(long_sof), 64, 0xFF, NULL), -EBADMSG);
    assert_int_equal(pass_through(filler, sizeof(filler), 64, 48, NULL), -EBADMSG);
    bytes_free(&jpeg);
}

/* Any bytes with the right ones at both ends: refused or taken, never read out of bounds. */
static void garbage_does_no_harm(void **state)
{
    (void)state;
    uint32_t seed = 99;
    struct bytes jpeg;
    make_jpeg(&jpeg, 2, 64, 48);
    for (int round = 0; round < 3000; round++) {
        uint8_t copy[200];
        memcpy(copy, jpeg.data, sizeof(copy));
        for (unsigned i = random_next(&seed) % 20; i > 0; i--)
            copy[2 + random_next(&seed) % (sizeof(copy) - 4)] = (uint8_t)random_next(&seed);
        copy[sizeof(copy) - 2] = 0xFF;
        copy[sizeof(copy) - 1] = EOI;
        int error = pass_through(copy, sizeof(copy), 64, 48, NULL);
        assert_true(error == 0 || error == -EBADMSG);
    }
    for (int round = 0; round < 1000; round++) {
        uint8_t noise[64];
        for (unsigned i = 0; i < sizeof(noise); i++)
            noise[i] = (uint8_t)(random_next(&seed) % 3 ? random_next(&seed) : 0xFF);
        assert_int_equal(pass_through(noise, sizeof(noise), 64, 48, NULL), -EBADMSG);
    }
    bytes_free(&jpeg);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_pictures_have_the_uncut_pixels),
        cmocka_unit_test(pixels_are_the_pictures),
        cmocka_unit_test(padding_changes_nothing),
        cmocka_unit_test(flips_are_the_flipped_picture),
        cmocka_unit_test(buffers_grow),
        cmocka_unit_test(slicers_have_no_memory),
        cmocka_unit_test(extreme_sizes_work),
        cmocka_unit_test(plans_cover_the_picture),
        cmocka_unit_test(jpegs_pass_through),
        cmocka_unit_test(tables_that_cameras_leave_out_are_added),
        cmocka_unit_test(broken_jpegs_are_refused),
        cmocka_unit_test(garbage_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
