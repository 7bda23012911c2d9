/*
 * Pictures made here with libjpeg, decoded by the module and by libjpeg's own scanline interface;
 * then everything that can be wrong with a JPEG.
 */
#include "host/jpeg/decoder.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <cmocka.h>

struct sampling {
    const char *name;
    J_COLOR_SPACE colours; /* JCS_YCbCr, JCS_GRAYSCALE, JCS_RGB or JCS_CMYK */
    int luma_h, luma_v, chroma_h, chroma_v;
};

static const struct sampling sampling_420 = { "4:2:0", JCS_YCbCr, 2, 2, 1, 1 };

static const struct sampling samplings[] = {
    { "4:2:0", JCS_YCbCr, 2, 2, 1, 1 },
    { "4:2:2", JCS_YCbCr, 2, 1, 1, 1 },
    { "4:2:2 in tall iMCUs", JCS_YCbCr, 2, 2, 1, 2 },
    { "4:4:0", JCS_YCbCr, 1, 2, 1, 1 },
    { "4:4:4", JCS_YCbCr, 1, 1, 1, 1 },
    { "4:4:4 in wide iMCUs", JCS_YCbCr, 2, 1, 2, 1 },
    { "grey", JCS_GRAYSCALE, 1, 1, 0, 0 },
    { "grey in large iMCUs", JCS_GRAYSCALE, 2, 2, 0, 0 },
};

static const struct {
    unsigned width, height;
} sizes[] = { { 16, 16 }, { 17, 33 }, { 321, 241 }, { 1, 1 }, { 8, 7 }, { 639, 480 } };

/* How a picture is to be coded, apart from its size and its sampling. */
struct coding {
    const char *name;
    bool progressive;
    unsigned restart;  /* MCUs */
    bool single_bands; /* one scan for each coefficient: 64 scans; greyscale only */
    bool no_tables;
    bool arithmetic;
};

static const struct coding baseline = { .name = "baseline" };

static const struct coding codings[] = {
    { .name = "baseline" },
    { .name = "restarts", .restart = 3 },
    { .name = "progressive", .progressive = true },
};

struct jpeg {
    uint8_t *data;
    size_t size;
};

/* A smooth picture with a little noise, the same each time; a chroma edge in the middle. */
static uint8_t sample_at(unsigned x, unsigned y, unsigned component)
{
    unsigned noise = (x * 7919u + y * 104729u + component * 31u) % 13u;
    switch (component) {
    case 0:
        return (uint8_t)(20 + (x * 3 + y * 2) % 200 + noise);
    case 1:
        return (uint8_t)(((x / 40 + y / 24) % 2 ? 60 : 190) + noise);
    case 2:
        return (uint8_t)(40 + (y * 5) % 150 + noise);
    default:
        return (uint8_t)(x + y);
    }
}

static void set_single_bands(struct jpeg_compress_struct *jpeg, jpeg_scan_info *scans)
{
    for (int i = 0; i < DCTSIZE2; i++)
        scans[i] = (jpeg_scan_info){ .comps_in_scan = 1, .Ss = i, .Se = i };
    jpeg->scan_info = scans;
    jpeg->num_scans = DCTSIZE2;
}

static void set_sampling(struct jpeg_compress_struct *jpeg, const struct sampling *sampling)
{
    for (int c = 0; c < jpeg->num_components; c++) {
        bool chroma = sampling->colours == JCS_YCbCr && c > 0;
        jpeg->comp_info[c].h_samp_factor = chroma ? sampling->chroma_h : sampling->luma_h;
        jpeg->comp_info[c].v_samp_factor = chroma ? sampling->chroma_v : sampling->luma_v;
    }
}

static struct jpeg encode(unsigned width, unsigned height, const struct sampling *sampling,
                          const struct coding *coding)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    jpeg_scan_info scans[DCTSIZE2];
    unsigned char *data = NULL;
    unsigned long size = 0;
    jpeg.err = jpeg_std_error(&errors); /* exits the test on any error */
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &data, &size);
    jpeg.image_width = width;
    jpeg.image_height = height;
    jpeg.in_color_space = sampling->colours;
    jpeg.input_components = sampling->colours == JCS_GRAYSCALE ? 1
                            : sampling->colours == JCS_CMYK    ? 4
                                                               : 3;
    jpeg_set_defaults(&jpeg);
    jpeg_set_colorspace(&jpeg, sampling->colours);
    jpeg_set_quality(&jpeg, 90, TRUE);
    set_sampling(&jpeg, sampling);
    jpeg.restart_interval = coding->restart;
    jpeg.arith_code = coding->arithmetic;
    if (coding->progressive)
        jpeg_simple_progression(&jpeg);
    if (coding->single_bands)
        set_single_bands(&jpeg, scans);
    if (coding->no_tables)
        jpeg_suppress_tables(&jpeg, TRUE);
    jpeg_start_compress(&jpeg, !coding->no_tables);
    uint8_t *row = malloc((size_t)width * 4);
    assert_non_null(row);
    for (unsigned y = 0; y < height; y++) {
        for (unsigned i = 0; i < width * (unsigned)jpeg.input_components; i++)
            row[i] = sample_at(i / (unsigned)jpeg.input_components, y,
                               i % (unsigned)jpeg.input_components);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    free(row);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return (struct jpeg){ data, size };
}

/* The picture as libjpeg itself decodes it: 3 samples a pixel, chroma repeated to full size. */
static uint8_t *reference(const struct jpeg *from, unsigned width, unsigned height)
{
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, from->data, from->size);
    jpeg_read_header(&jpeg, TRUE);
    bool grey = jpeg.num_components == 1;
    jpeg.out_color_space = grey ? JCS_GRAYSCALE : JCS_YCbCr;
    jpeg.do_fancy_upsampling = FALSE;
    jpeg.do_block_smoothing = FALSE;
    jpeg_start_decompress(&jpeg);
    assert_int_equal(jpeg.output_width, width);
    assert_int_equal(jpeg.output_height, height);
    uint8_t *picture = malloc((size_t)width * height * 3);
    assert_non_null(picture);
    while (jpeg.output_scanline < height) {
        uint8_t *row = picture + (size_t)jpeg.output_scanline * width * 3;
        jpeg_read_scanlines(&jpeg, &row, 1);
        for (unsigned x = width; grey && x-- > 0;) {
            row[3 * x] = row[x];
            row[3 * x + 1] = row[3 * x + 2] = 128;
        }
    }
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
    return picture;
}

/* Twice the mean of the pixels that share a chroma sample; at an odd edge the last counts twice. */
static int chroma_twice(const uint8_t *picture, unsigned width, unsigned height, unsigned x,
                        unsigned y, int component)
{
    int sum = 0;
    for (unsigned i = 0; i < 4; i++) {
        unsigned column = 2 * x + i % 2 < width ? 2 * x + i % 2 : width - 1;
        unsigned row = 2 * y + i / 2 < height ? 2 * y + i / 2 : height - 1;
        sum += picture[((size_t)row * width + column) * 3 + (unsigned)component];
    }
    return sum / 2;
}

static void compare(const struct jpeg_planes *planes, const uint8_t *picture, const char *what)
{
    unsigned width = planes->width, height = planes->height;
    for (unsigned y = 0; y < height; y++)
        for (unsigned x = 0; x < width; x++)
            if (planes->data[0][y * planes->stride[0] + x] != picture[((size_t)y * width + x) * 3])
                fail_msg("%s, %ux%u: luma differs at %u,%u", what, width, height, x, y);
    for (int c = 1; c < 3; c++)
        for (unsigned y = 0; y < (height + 1) / 2; y++)
            for (unsigned x = 0; x < (width + 1) / 2; x++) {
                int is = 2 * planes->data[c][y * planes->stride[c] + x];
                int wanted = chroma_twice(picture, width, height, x, y, c);
                if (abs(is - wanted) > 1)
                    fail_msg("%s, %ux%u: chroma %d at %u,%u is %d/2, not %d/2", what, width, height,
                             c, x, y, is, wanted);
            }
}

static struct jpeg_decoder *new_decoder(void)
{
    struct jpeg_decoder *decoder = jpeg_decoder_create();
    assert_non_null(decoder);
    return decoder;
}

/* Decodes a copy of exactly that size, so that a read past its end is seen by ASan, and checks that
 * planes are touched on success only. */
static int decode_copy(struct jpeg_decoder *decoder, const uint8_t *data, size_t size,
                       unsigned width, unsigned height)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    if (size)
        memcpy(copy, data, size);
    struct jpeg_planes planes, before;
    memset(&planes, 0x5a, sizeof(planes));
    before = planes;
    int result = jpeg_decode(decoder, copy, size, width, height, &planes);
    free(copy);
    if (result == 0) {
        assert_int_equal(planes.width, width);
        assert_int_equal(planes.height, height);
    } else {
        assert_memory_equal(&planes, &before, sizeof(planes));
    }
    return result;
}

static void assert_decodes(struct jpeg_decoder *decoder, unsigned width, unsigned height,
                           const struct sampling *sampling, const struct coding *coding)
{
    struct jpeg jpeg = encode(width, height, sampling, coding);
    uint8_t *picture = reference(&jpeg, width, height);
    struct jpeg_planes planes;
    char what[80];
    snprintf(what, sizeof(what), "%s, %s", sampling->name, coding->name);
    int result = jpeg_decode(decoder, jpeg.data, jpeg.size, width, height, &planes);
    if (result != 0)
        fail_msg("%s, %ux%u: %d", what, width, height, result);
    assert_int_equal(planes.width, width);
    assert_int_equal(planes.height, height);
    compare(&planes, picture, what);
    free(picture);
    free(jpeg.data);
}

static void every_kind_decodes(void **state)
{
    (void)state;
    struct jpeg_decoder *decoder = new_decoder();
    for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++)
        for (size_t i = 0; i < sizeof(samplings) / sizeof(*samplings); i++)
            for (size_t c = 0; c < sizeof(codings) / sizeof(*codings); c++)
                assert_decodes(decoder, sizes[s].width, sizes[s].height, &samplings[i],
                               &codings[c]);
    jpeg_decoder_destroy(decoder);
}

/* In the steady state the planes stay where they are. */
static void memory_is_kept(void **state)
{
    (void)state;
    struct jpeg_decoder *decoder = new_decoder();
    struct jpeg jpeg = encode(640, 480, &sampling_420, &baseline);
    struct jpeg_planes first, next;
    assert_int_equal(jpeg_decode(decoder, jpeg.data, jpeg.size, 640, 480, &first), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(jpeg_decode(decoder, jpeg.data, jpeg.size, 640, 480, &next), 0);
        assert_memory_equal(&first, &next, sizeof(first));
    }
    free(jpeg.data);
    jpeg_decoder_destroy(decoder);
}

static void truncated(void **state)
{
    (void)state;
    struct jpeg_decoder *decoder = new_decoder();
    for (size_t c = 0; c < sizeof(codings) / sizeof(*codings); c++) {
        struct jpeg jpeg = encode(321, 241, &sampling_420, &codings[c]);
        for (size_t size = 0; size < jpeg.size; size += 97)
            assert_int_equal(decode_copy(decoder, jpeg.data, size, 321, 241), -EBADMSG);
        for (size_t size = jpeg.size - 8; size < jpeg.size; size++)
            assert_int_equal(decode_copy(decoder, jpeg.data, size, 321, 241), -EBADMSG);
        assert_int_equal(decode_copy(decoder, jpeg.data, jpeg.size, 321, 241), 0);
        free(jpeg.data);
    }
    jpeg_decoder_destroy(decoder);
}

/* Damage need not show (a changed coefficient is a JPEG like any other), but it must stay within
 * the picture, and the decoder must be as good as before. */
static void corrupted(void **state)
{
    (void)state;
    struct jpeg_decoder *decoder = new_decoder();
    unsigned refused = 0, taken = 0;
    for (size_t i = 0; i < sizeof(samplings) / sizeof(*samplings); i++)
        for (size_t c = 0; c < sizeof(codings) / sizeof(*codings); c++) {
            struct jpeg jpeg = encode(99, 67, &samplings[i], &codings[c]);
            for (size_t at = i; at < jpeg.size; at += at < 700 ? 1 : 29) {
                uint8_t kept = jpeg.data[at];
                jpeg.data[at] ^= (uint8_t)(1u << at % 8) | 0x10;
                int result = decode_copy(decoder, jpeg.data, jpeg.size, 99, 67);
                assert_true(result == 0 || result == -EBADMSG || result == -EFBIG);
                *(result ? &refused : &taken) += 1;
                jpeg.data[at] = kept;
            }
            assert_int_equal(decode_copy(decoder, jpeg.data, jpeg.size, 99, 67), 0);
            free(jpeg.data);
        }
    assert_true(refused > 100 && taken > 100);
    jpeg_decoder_destroy(decoder);
}

/* Every k-th byte at once. */
static void riddled(void **state)
{
    (void)state;
    struct jpeg_decoder *decoder = new_decoder();
    for (size_t c = 0; c < sizeof(codings) / sizeof(*codings); c++)
        for (size_t k = 2; k < 1500; k = k * 5 / 4 + 1) {
            struct jpeg jpeg = encode(321, 241, &sampling_420, &codings[c]);
            for (size_t at = k; at < jpeg.size; at += k)
                jpeg.data[at] ^= 0x55;
            assert_int_equal(decode_copy(decoder, jpeg.data, jpeg.size, 321, 241), -EBADMSG);
            free(jpeg.data);
        }
    jpeg_decoder_destroy(decoder);
}

static void size_must_be_as_said(void **state)
{
    (void)state;
    struct jpeg_decoder *decoder = new_decoder();
    struct jpeg jpeg = encode(64, 48, &sampling_420, &baseline);
    static const unsigned wrong[][2] = { { 63, 48 }, { 64, 47 }, { 65, 48 }, { 64, 49 },
                                         { 48, 64 }, { 0, 48 },  { 64, 0 } };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_int_equal(decode_copy(decoder, jpeg.data, jpeg.size, wrong[i][0], wrong[i][1]),
                         -EBADMSG);
    assert_int_equal(decode_copy(decoder, jpeg.data, jpeg.size, 64, 48), 0);
    free(jpeg.data);
    jpeg_decoder_destroy(decoder);
}

/* Writes another size into the frame header. */
static void patch_size(struct jpeg *jpeg, unsigned width, unsigned height)
{
    for (size_t i = 2; i + 9 < jpeg->size; i++) {
        uint8_t *marker = jpeg->data + i;
        if (marker[0] == 0xff && (marker[1] == 0xc0 || marker[1] == 0xc2)) {
            marker[5] = (uint8_t)(height >> 8);
            marker[6] = (uint8_t)height;
            marker[7] = (uint8_t)(width >> 8);
            marker[8] = (uint8_t)width;
            return;
        }
    }
    fail_msg("no frame header");
}

static void huge_sizes(void **state)
{
    (void)state;
    struct jpeg_decoder *decoder = new_decoder();
    struct jpeg jpeg = encode(64, 48, &sampling_420, &codings[2]);
    static const unsigned huge[][2] = { { 65500, 48 },    { 64, 65500 },      { 65500, 65500 },
                                        { 65535, 65535 }, { 16384, 16 },      { 16, 16384 },
                                        { 16383, 16383 }, { 0x80000000u, 2 }, { 8193, 8192 } };
    for (size_t i = 0; i < sizeof(huge) / sizeof(*huge); i++) {
        patch_size(&jpeg, huge[i][0], huge[i][1]);
        assert_int_equal(decode_copy(decoder, jpeg.data, jpeg.size, huge[i][0], huge[i][1]),
                         -EFBIG);
        assert_int_equal(decode_copy(decoder, jpeg.data, jpeg.size, 64, 48), -EBADMSG);
    }
    patch_size(&jpeg, 16383, 16); /* within the bounds, but the data ends soon */
    assert_int_equal(decode_copy(decoder, jpeg.data, jpeg.size, 16383, 16), -EBADMSG);
    free(jpeg.data);
    jpeg_decoder_destroy(decoder);
}

static void long_and_thin(void **state)
{
    (void)state;
    struct jpeg_decoder *decoder = new_decoder();
    for (size_t i = 0; i < sizeof(samplings) / sizeof(*samplings); i++) {
        assert_decodes(decoder, 16383, 3, &samplings[i], &baseline);
        assert_decodes(decoder, 3, 16383, &samplings[i], &baseline);
    }
    jpeg_decoder_destroy(decoder);
}

static void refused_kinds(void **state)
{
    (void)state;
    static const struct sampling refused[] = {
        { "RGB", JCS_RGB, 1, 1, 0, 0 },
        { "CMYK", JCS_CMYK, 1, 1, 0, 0 },
        { "4:1:1", JCS_YCbCr, 4, 1, 1, 1 },
        { "luma below chroma", JCS_YCbCr, 1, 1, 2, 2 },
    };
    struct jpeg_decoder *decoder = new_decoder();
    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
        struct jpeg jpeg = encode(64, 48, &refused[i], &baseline);
        int result = decode_copy(decoder, jpeg.data, jpeg.size, 64, 48);
        if (result != -EBADMSG)
            fail_msg("%s: %d", refused[i].name, result);
        free(jpeg.data);
    }
    struct jpeg jpeg = encode(64, 48, &sampling_420, &(struct coding){ .arithmetic = true });
    assert_int_equal(decode_copy(decoder, jpeg.data, jpeg.size, 64, 48), -EBADMSG);
    free(jpeg.data);
    jpeg_decoder_destroy(decoder);
}

static void too_many_scans(void **state)
{
    (void)state;
    struct jpeg_decoder *decoder = new_decoder();
    struct jpeg jpeg = encode(64, 48, &samplings[6], &(struct coding){ .single_bands = true });
    assert_int_equal(decode_copy(decoder, jpeg.data, jpeg.size, 64, 48), -EFBIG);
    free(jpeg.data);
    jpeg_decoder_destroy(decoder);
}

/* A picture without quantisation tables must not be decoded with those of the one before. */
static void tables_are_not_inherited(void **state)
{
    (void)state;
    struct jpeg_decoder *decoder = new_decoder();
    struct jpeg with = encode(64, 48, &sampling_420, &baseline);
    struct jpeg without = encode(64, 48, &sampling_420, &(struct coding){ .no_tables = true });
    assert_int_equal(decode_copy(decoder, with.data, with.size, 64, 48), 0);
    assert_int_equal(decode_copy(decoder, without.data, without.size, 64, 48), -EBADMSG);
    free(with.data);
    free(without.data);
    jpeg_decoder_destroy(decoder);
}

static void not_a_jpeg(void **state)
{
    (void)state;
    struct jpeg_decoder *decoder = new_decoder();
    struct jpeg_planes planes;
    assert_int_equal(jpeg_decode(decoder, NULL, 0, 64, 48, &planes), -EBADMSG);
    static const uint8_t beginning[] = { 0xff, 0xd8, 0xff, 0xd9 };
    for (size_t size = 0; size <= sizeof(beginning); size++)
        assert_int_equal(decode_copy(decoder, beginning, size, 64, 48), -EBADMSG);
    uint8_t garbage[5000];
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof(garbage); i++) {
        random = random * 1664525u + 1013904223u;
        garbage[i] = (uint8_t)(random >> 24);
    }
    assert_int_equal(decode_copy(decoder, garbage, sizeof(garbage), 64, 48), -EBADMSG);
    memcpy(garbage, beginning, 3);
    assert_int_equal(decode_copy(decoder, garbage, sizeof(garbage), 64, 48), -EBADMSG);
    jpeg_decoder_destroy(decoder);
    jpeg_decoder_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_decodes),
        cmocka_unit_test(memory_is_kept),
        cmocka_unit_test(truncated),
        cmocka_unit_test(corrupted),
        cmocka_unit_test(riddled),
        cmocka_unit_test(size_must_be_as_said),
        cmocka_unit_test(huge_sizes),
        cmocka_unit_test(long_and_thin),
        cmocka_unit_test(refused_kinds),
        cmocka_unit_test(too_many_scans),
        cmocka_unit_test(tables_are_not_inherited),
        cmocka_unit_test(not_a_jpeg),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
