/*
 * libjpeg's raw data: samples as the JPEG has them, with neither its upsampling nor its colour
 * conversion. What is 4:2:0 already is decoded straight into the planes; other chroma goes through
 * a strip of one row of iMCUs, which stays in the cache while it is reduced.
 */
#include "host/jpeg/decoder.h"

#include <errno.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h> /* jpeglib.h needs FILE */
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

enum {
    SIDE_MAX = 16383,
    PIXELS_MAX = 1 << 26,   /* above the largest sensor on a Pi, 64 megapixels */
    SCANS_MAX = 32,         /* encoders write about 10; each costs a pass over the picture */
    IMCU_MAX = 2 * DCTSIZE, /* rows or columns of an iMCU, for the supported samplings */
    STRIDE_UNIT = 64,       /* a cache line, and a multiple of IMCU_MAX for chroma as well */
};

struct jpeg_decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf give_up;
    int error; /* why give_up() was called */

    uint8_t *memory; /* planes and strips point into it; grows, never shrinks */
    size_t memory_size;
    uint8_t *plane[3];
    size_t stride[3];
    uint8_t *strip[3]; /* chroma of one row of iMCUs as the JPEG has it; [0] is not used */
    size_t strip_stride;
};

_Noreturn static void give_up(struct jpeg_decoder *decoder, int error)
{
    decoder->error = error;
    longjmp(decoder->give_up, 1);
}

static void on_error(j_common_ptr jpeg)
{
    give_up(jpeg->client_data, jpeg->err->msg_code == JERR_OUT_OF_MEMORY ? -ENOMEM : -EBADMSG);
}

static void on_message(j_common_ptr jpeg, int level)
{
    /* Below 0 is a warning: the data is damaged, and libjpeg would fill in the rest. */
    if (level < 0)
        give_up(jpeg->client_data, -EBADMSG);
}

static void on_progress(j_common_ptr jpeg)
{
    if (((j_decompress_ptr)jpeg)->input_scan_number > SCANS_MAX)
        give_up(jpeg->client_data, -EFBIG);
}

struct jpeg_decoder *jpeg_decoder_create(void)
{
    struct jpeg_decoder *decoder = calloc(1, sizeof(*decoder));
    if (!decoder)
        return NULL;
    jpeg_std_error(&decoder->errors);
    decoder->errors.error_exit = on_error;
    decoder->errors.emit_message = on_message;
    decoder->progress.progress_monitor = on_progress;
    return decoder;
}

void jpeg_decoder_destroy(struct jpeg_decoder *decoder)
{
    if (!decoder)
        return;
    free(decoder->memory);
    free(decoder);
}

static size_t round_up(size_t value, size_t unit)
{
    return (value + unit - 1) / unit * unit;
}

/* Lays out the planes, in whole iMCUs since libjpeg writes whole blocks, and the strips. target:
 * the caller's planes, or NULL for the decoder's own. */
static void prepare_planes(struct jpeg_decoder *decoder, unsigned width, unsigned height,
                           uint8_t *const *target)
{
    size_t stride = round_up(width, STRIDE_UNIT);
    size_t luma = target ? 0 : stride * round_up(height, IMCU_MAX);
    size_t strip = stride * IMCU_MAX;
    size_t size = luma + luma / 2 + 2 * strip;
    if (size > decoder->memory_size) {
        free(decoder->memory);
        decoder->memory_size = 0;
        decoder->memory = aligned_alloc(STRIDE_UNIT, size);
        if (!decoder->memory)
            give_up(decoder, -ENOMEM);
        decoder->memory_size = size;
    }
    decoder->plane[0] = decoder->memory;
    decoder->plane[1] = decoder->plane[0] + luma;
    decoder->plane[2] = decoder->plane[1] + luma / 4;
    decoder->strip[1] = decoder->memory + luma + luma / 2;
    decoder->strip[2] = decoder->strip[1] + strip;
    decoder->stride[0] = decoder->strip_stride = stride;
    decoder->stride[1] = decoder->stride[2] = stride / 2;
    for (int c = 0; target && c < 3; c++)
        decoder->plane[c] = target[c];
}

static void check_header(struct jpeg_decoder *decoder, unsigned width, unsigned height)
{
    const struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    const jpeg_component_info *luma = &jpeg->comp_info[0];
    bool size_agrees = jpeg->image_width == width && jpeg->image_height == height;
    bool has_luma = jpeg->jpeg_color_space == JCS_YCbCr || jpeg->jpeg_color_space == JCS_GRAYSCALE;
    /* Luma at full size and factors of 1 or 2 leave chroma at full or half size each way. */
    bool sampling_known =
        luma->h_samp_factor == jpeg->max_h_samp_factor && jpeg->max_h_samp_factor <= 2 &&
        luma->v_samp_factor == jpeg->max_v_samp_factor && jpeg->max_v_samp_factor <= 2;
    /* A truncated arithmetic-coded scan causes no warning: its decoder may run on zeroes. */
    if (!size_agrees || !has_luma || !sampling_known || jpeg->arith_code)
        give_up(decoder, -EBADMSG);
}

/* Each is the mean of two samples, one below the other. */
static void average_rows(uint8_t *restrict to, const uint8_t *a, const uint8_t *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (uint8_t)((a[i] + b[i] + 1) / 2);
}

/* Each is the mean of two by two samples. `count` columns; the last stands for a missing one. */
static void average_squares(uint8_t *restrict to, const uint8_t *a, const uint8_t *b, size_t count)
{
    for (size_t i = 0; i < count / 2; i++)
        to[i] = (uint8_t)((a[2 * i] + a[2 * i + 1] + b[2 * i] + b[2 * i + 1] + 2) / 4);
    if (count % 2)
        to[count / 2] = (uint8_t)((a[count - 1] + b[count - 1] + 1) / 2);
}

static bool is_half_wide(const struct jpeg_decompress_struct *jpeg, int component)
{
    return jpeg->comp_info[component].h_samp_factor < jpeg->max_h_samp_factor;
}

static bool is_half_high(const struct jpeg_decompress_struct *jpeg, int component)
{
    return jpeg->comp_info[component].v_samp_factor < jpeg->max_v_samp_factor;
}

static bool goes_straight_to_plane(const struct jpeg_decompress_struct *jpeg, int component)
{
    return component == 0 || (is_half_wide(jpeg, component) && is_half_high(jpeg, component));
}

/* Reduces a strip of chroma to half size each way; it covers `rows` rows of luma from `top` on.
 * Padding is left out: at an odd edge the last real sample counts twice. */
static void reduce_strip(struct jpeg_decoder *decoder, int component, unsigned top, unsigned rows)
{
    const struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    unsigned width = jpeg->image_width;
    for (unsigned row = 0; row < (rows + 1) / 2; row++) {
        bool half_high = is_half_high(jpeg, component);
        const uint8_t *a =
            decoder->strip[component] + (half_high ? row : 2 * row) * decoder->strip_stride;
        const uint8_t *b = half_high || 2 * row + 1 == rows ? a : a + decoder->strip_stride;
        uint8_t *to = decoder->plane[component] + (top / 2 + row) * decoder->stride[component];
        if (is_half_wide(jpeg, component))
            average_rows(to, a, b, (width + 1) / 2);
        else
            average_squares(to, a, b, width);
    }
}

/* Where libjpeg is to write the component's part of the row of iMCUs at luma row `top`. */
static void point_rows(struct jpeg_decoder *decoder, int component, unsigned top, uint8_t **rows)
{
    const struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    uint8_t *first = decoder->strip[component];
    size_t stride = decoder->strip_stride;
    if (goes_straight_to_plane(jpeg, component)) {
        stride = decoder->stride[component];
        first = decoder->plane[component] + (component == 0 ? top : top / 2) * stride;
    }
    for (int i = 0; i < jpeg->comp_info[component].v_samp_factor * DCTSIZE; i++)
        rows[i] = first + (size_t)i * stride;
}

static void read_picture(struct jpeg_decoder *decoder)
{
    struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    unsigned imcu_rows = (unsigned)jpeg->max_v_samp_factor * DCTSIZE;
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *rows[3][IMCU_MAX];
        uint8_t **components[3] = { rows[0], rows[1], rows[2] };
        unsigned top = jpeg->output_scanline;
        for (int c = 0; c < jpeg->num_components; c++)
            point_rows(decoder, c, top, rows[c]);
        jpeg_read_raw_data(jpeg, components, imcu_rows);
        unsigned left = jpeg->output_height - top;
        for (int c = 1; c < jpeg->num_components; c++)
            if (!goes_straight_to_plane(jpeg, c))
                reduce_strip(decoder, c, top, left < imcu_rows ? left : imcu_rows);
    }
    if (jpeg->num_components == 1)
        for (int c = 1; c < 3; c++)
            memset(decoder->plane[c], 128, decoder->stride[c] * ((jpeg->output_height + 1) / 2));
}

/* Returns on success only. */
static void decode(struct jpeg_decoder *decoder, const uint8_t *data, size_t size, unsigned width,
                   unsigned height, uint8_t *const *target)
{
    struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    jpeg->progress = &decoder->progress;
    jpeg_mem_src(jpeg, data, size);
    jpeg_read_header(jpeg, TRUE);
    check_header(decoder, width, height);
    prepare_planes(decoder, width, height, target);
    jpeg->raw_data_out = TRUE;
    jpeg->out_color_space = jpeg->jpeg_color_space;
    jpeg->do_block_smoothing = FALSE; /* it guesses at missing data */
    jpeg_start_decompress(jpeg);
    read_picture(decoder);
    jpeg_finish_decompress(jpeg); /* notices a missing end */
}

static int decode_guarded(struct jpeg_decoder *decoder, const uint8_t *data, size_t size,
                          unsigned width, unsigned height, uint8_t *const *target)
{
    if (width == 0 || height == 0)
        return -EBADMSG;
    if (width > SIDE_MAX || height > SIDE_MAX || width * height > PIXELS_MAX)
        return -EFBIG;
    /* A new decompressor for each picture: it costs a few microseconds, and a kept one would decode
     * a picture without tables with those of the one before. */
    decoder->jpeg.err = &decoder->errors;
    decoder->jpeg.client_data = decoder;
    if (setjmp(decoder->give_up)) {
        jpeg_destroy_decompress(&decoder->jpeg);
        return decoder->error;
    }
    jpeg_create_decompress(&decoder->jpeg);
    decode(decoder, data, size, width, height, target);
    jpeg_destroy_decompress(&decoder->jpeg);
    return 0;
}

int jpeg_decode(struct jpeg_decoder *decoder, const uint8_t *data, size_t size, unsigned width,
                unsigned height, struct jpeg_planes *planes)
{
    int error = decode_guarded(decoder, data, size, width, height, NULL);
    if (error)
        return error;
    *planes = (struct jpeg_planes){ .width = width, .height = height };
    for (int c = 0; c < 3; c++) {
        planes->data[c] = decoder->plane[c];
        planes->stride[c] = decoder->stride[c];
    }
    return 0;
}

int jpeg_decode_into(struct jpeg_decoder *decoder, const uint8_t *data, size_t size, unsigned width,
                     unsigned height, uint8_t *const planes[3])
{
    return decode_guarded(decoder, data, size, width, height, planes);
}

size_t jpeg_plane_layout(unsigned width, unsigned height, size_t offsets[3], size_t strides[3])
{
    strides[0] = round_up(width, STRIDE_UNIT);
    strides[1] = strides[2] = strides[0] / 2;
    size_t luma = strides[0] * round_up(height, IMCU_MAX);
    offsets[0] = 0;
    offsets[1] = luma;
    offsets[2] = luma + luma / 4;
    return luma + luma / 2;
}
