/*
 * The parallel decoder gives the pixels and the errors of the plain one, for whatever it is fed.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jpeglib.h>

#include "host/jpeg/parallel.h"
#include "host/jpeg/split.h"

enum { THREADS = 3 };

struct picture_case {
    unsigned width, height;
    int h, v; /* of luma; chroma has 1, 1 */
    int components;
    int restart_rows; /* rows of MCUs between restart markers; 0: none */
};

static const struct picture_case cases[] = {
    { 640, 480, 2, 2, 3, 5 },    { 641, 479, 2, 2, 3, 4 }, { 321, 243, 2, 1, 3, 3 },
    { 333, 201, 1, 1, 3, 2 },    { 333, 201, 1, 2, 3, 3 }, { 200, 100, 1, 1, 1, 2 },
    { 1920, 1080, 2, 2, 3, 17 }, { 64, 64, 2, 2, 3, 0 },   { 2000, 16, 2, 2, 3, 1 },
    { 16, 2000, 2, 2, 3, 1 },
};

/* A JPEG of a picture that is nowhere flat; free() it. */
static uint8_t *make(const struct picture_case *wanted, size_t *size)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *out = NULL;
    unsigned long out_size = 0;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &out, &out_size);
    jpeg.image_width = wanted->width;
    jpeg.image_height = wanted->height;
    jpeg.input_components = wanted->components;
    jpeg.in_color_space = wanted->components == 3 ? JCS_YCbCr : JCS_GRAYSCALE;
    jpeg_set_defaults(&jpeg);
    jpeg.comp_info[0].h_samp_factor = wanted->h;
    jpeg.comp_info[0].v_samp_factor = wanted->v;
    jpeg.restart_in_rows = wanted->restart_rows;
    jpeg_start_compress(&jpeg, TRUE);
    uint8_t *row = malloc((size_t)wanted->width * 3);
    assert_non_null(row);
    while (jpeg.next_scanline < jpeg.image_height) {
        unsigned y = jpeg.next_scanline;
        for (unsigned x = 0; x < wanted->width * (unsigned)wanted->components; x++)
            row[x] = (uint8_t)(x * 3 + y * 5 + (x ^ y) % 61);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    free(row);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    *size = out_size;
    return out;
}

static void assert_same(const struct jpeg_planes *a, const struct jpeg_planes *b)
{
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    for (int c = 0; c < 3; c++) {
        unsigned width = c ? (a->width + 1) / 2 : a->width;
        unsigned height = c ? (a->height + 1) / 2 : a->height;
        for (unsigned y = 0; y < height; y++)
            assert_memory_equal(a->data[c] + y * a->stride[c], b->data[c] + y * b->stride[c],
                                width);
    }
}

struct decoders {
    struct jpeg_decoder *plain;
    struct jpeg_parallel *parallel;
};

static int setup(void **state)
{
    static struct decoders decoders;
    decoders.plain = jpeg_decoder_create();
    decoders.parallel = jpeg_parallel_create(THREADS);
    *state = &decoders;
    return decoders.plain && decoders.parallel ? 0 : -1;
}

static int teardown(void **state)
{
    struct decoders *decoders = *state;
    jpeg_decoder_destroy(decoders->plain);
    jpeg_parallel_destroy(decoders->parallel);
    return 0;
}

/* Both decoders' words on the same bytes, and their pictures if it is one. Returns the error. */
static int compare(struct decoders *decoders, const uint8_t *data, size_t size, unsigned width,
                   unsigned height)
{
    struct jpeg_planes plain, parallel;
    int wanted = jpeg_decode(decoders->plain, data, size, width, height, &plain);
    int got = jpeg_parallel_decode(decoders->parallel, data, size, width, height, &parallel);
    assert_int_equal(!got, !wanted);
    if (!wanted)
        assert_same(&parallel, &plain);
    return got;
}

static void same_pixels(void **state)
{
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t size;
        uint8_t *jpeg = make(&cases[i], &size);
        assert_int_equal(compare(*state, jpeg, size, cases[i].width, cases[i].height), 0);
        free(jpeg);
    }
}

static void pieces_are_found(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t size;
        struct jpeg_split split;
        uint8_t *jpeg = make(&cases[i], &size);
        unsigned rows = cases[i].components == 1 ? 8 : 8 * (unsigned)cases[i].v;
        unsigned piece = rows * (unsigned)cases[i].restart_rows;
        unsigned count = piece ? (cases[i].height + piece - 1) / piece : 0;
        int result = jpeg_split(jpeg, size, &split);
        if (count < 2 || count > JPEG_PIECES_MAX) {
            assert_int_equal(result < 0, 1);
        } else {
            assert_int_equal(result, 0);
            assert_int_equal(split.piece_count, count);
            assert_int_equal(split.piece_height, piece);
            assert_int_equal(jpeg_split_height(&split, count - 1),
                             cases[i].height - (count - 1) * piece);
        }
        free(jpeg);
    }
}

/* Whatever is broken: no crash, and no picture where the plain decoder gives none. */
static void damage_is_found(void **state)
{
    size_t size;
    uint8_t *jpeg = make(&cases[1], &size);
    uint8_t *copy = malloc(size);
    assert_non_null(copy);
    for (size_t cut = 0; cut < size; cut += 197)
        assert_int_not_equal(compare(*state, jpeg, cut, cases[1].width, cases[1].height), 0);
    unsigned refused = 0;
    for (size_t at = 2; at < size; at += 101) {
        struct jpeg_planes planes;
        struct decoders *decoders = *state;
        memcpy(copy, jpeg, size);
        copy[at] ^= 0xFF;
        refused += jpeg_parallel_decode(decoders->parallel, copy, size, cases[1].width,
                                        cases[1].height, &planes) != 0;
    }
    assert_true(refused > 0);
    assert_int_equal(compare(*state, jpeg, size, cases[1].width, cases[1].height + 1), -EBADMSG);
    assert_int_equal(compare(*state, jpeg, size, cases[1].width, cases[1].height), 0);
    free(copy);
    free(jpeg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_pixels),
        cmocka_unit_test(pieces_are_found),
        cmocka_unit_test(damage_is_found),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
