#include "device/encode/jpeg_slice.h"

#include <errno.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "device/encode/camera_jpeg.h"
#include "device/image/mcu_rows.h"
#include "shared/base/bytes.h"
#include "shared/base/log.h"
#include "shared/jpeg/markers.h"

enum { RESTART_INTERVAL_MAX = 65535, SLICE_FIRST_CAPACITY = 16 * 1024 };

struct jpeg_slicer {
    struct jpeg_compress_struct compress;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr destination;
    jmp_buf failed;
    struct log_limit failed_limit;
    struct slice *out;
    struct mcu_rows rows;
    /* What `compress` is set up for; its tables are rebuilt only when this changes. */
    enum pixel_format format;
    bool transposed;
    int quality;
    bool ready;
};

static unsigned mcu_height(const struct picture *picture)
{
    return 8 * picture_coded_sampling(picture).v;
}

struct slice_plan slice_plan(const struct picture *picture, unsigned slices)
{
    if (picture->format == PIXEL_JPEG)
        return (struct slice_plan){ .count = 1 };
    struct sampling sampling = picture_coded_sampling(picture);
    unsigned mcu_width = 8 * sampling.h, height = 8 * sampling.v;
    unsigned columns = (picture_coded_width(picture) + mcu_width - 1) / mcu_width;
    unsigned rows = (picture_coded_height(picture) + height - 1) / height;
    if (slices > FRAME_SLICES_MAX)
        slices = FRAME_SLICES_MAX;
    if (slices > rows)
        slices = rows;
    unsigned slice_rows = (rows + slices - 1) / slices;
    if (slice_rows > RESTART_INTERVAL_MAX / columns)
        slice_rows = RESTART_INTERVAL_MAX / columns;
    struct slice_plan plan = {
        .count = (rows + slice_rows - 1) / slice_rows,
        .mcu_rows = rows,
        .slice_mcu_rows = slice_rows,
    };
    if (slices == 1 || plan.count > FRAME_SLICES_MAX) {
        /* One segment needs no restart markers, so their limit is none. */
        plan.count = 1;
        plan.slice_mcu_rows = rows;
    }
    plan.restart_interval = plan.count > 1 ? columns * plan.slice_mcu_rows : 0;
    return plan;
}

static struct jpeg_slicer *slicer_of(j_common_ptr common)
{
    return common->client_data;
}

static void on_error(j_common_ptr common)
{
    char message[JMSG_LENGTH_MAX];
    common->err->format_message(common, message);
    log_warning_limited(&slicer_of(common)->failed_limit, "libjpeg: %s", message);
    longjmp(slicer_of(common)->failed, 1);
}

static void on_message(j_common_ptr common)
{
    (void)common;
}

static void destination_begin(j_compress_ptr compress)
{
    struct slice *out = slicer_of((j_common_ptr)compress)->out;
    compress->dest->next_output_byte = out->buffer;
    compress->dest->free_in_buffer = out->capacity;
}

static int slice_reserve(struct slice *out, size_t capacity)
{
    if (out->capacity >= capacity)
        return 0;
    uint8_t *buffer = realloc(out->buffer, capacity);
    if (!buffer)
        return -ENOMEM;
    out->buffer = buffer;
    out->capacity = capacity;
    return 0;
}

static boolean destination_full(j_compress_ptr compress)
{
    struct jpeg_slicer *slicer = slicer_of((j_common_ptr)compress);
    size_t used = slicer->out->capacity;
    if (slice_reserve(slicer->out, 2 * used))
        longjmp(slicer->failed, ENOMEM);
    compress->dest->next_output_byte = slicer->out->buffer + used;
    compress->dest->free_in_buffer = slicer->out->capacity - used;
    return TRUE;
}

static void destination_end(j_compress_ptr compress)
{
    struct slice *out = slicer_of((j_common_ptr)compress)->out;
    out->size = out->capacity - compress->dest->free_in_buffer;
}

static int create_compress(struct jpeg_slicer *slicer)
{
    if (setjmp(slicer->failed))
        return -ENOMEM;
    jpeg_create_compress(&slicer->compress);
    slicer->compress.in_color_space = JCS_YCbCr;
    jpeg_set_defaults(&slicer->compress); /* for the Huffman tables that a camera's JPEG may lack */
    return 0;
}

struct jpeg_slicer *jpeg_slicer_create(void)
{
    struct jpeg_slicer *slicer = calloc(1, sizeof(*slicer));
    if (!slicer)
        return NULL;
    slicer->compress.err = jpeg_std_error(&slicer->errors);
    slicer->compress.client_data = slicer;
    slicer->errors.error_exit = on_error;
    slicer->errors.output_message = on_message;
    if (create_compress(slicer)) {
        jpeg_slicer_destroy(slicer);
        return NULL;
    }
    slicer->destination.init_destination = destination_begin;
    slicer->destination.empty_output_buffer = destination_full;
    slicer->destination.term_destination = destination_end;
    slicer->compress.dest = &slicer->destination;
    return slicer;
}

void jpeg_slicer_destroy(struct jpeg_slicer *slicer)
{
    if (!slicer)
        return;
    jpeg_destroy_compress(&slicer->compress);
    mcu_rows_clear(&slicer->rows);
    free(slicer);
}

static bool is_rgb(enum pixel_format format)
{
    return format == PIXEL_RGB || format == PIXEL_BGR;
}

static void set_up(struct jpeg_slicer *slicer, const struct picture *picture, int quality)
{
    struct jpeg_compress_struct *compress = &slicer->compress;
    if (slicer->ready && slicer->format == picture->format &&
        slicer->transposed == picture->transpose && slicer->quality == quality)
        return;
    struct sampling sampling = picture_coded_sampling(picture);
    slicer->ready = false;
    compress->input_components = (int)sampling.components;
    compress->in_color_space = sampling.components == 1       ? JCS_GRAYSCALE
                               : picture->format == PIXEL_RGB ? JCS_EXT_RGB
                               : picture->format == PIXEL_BGR ? JCS_EXT_BGR
                                                              : JCS_YCbCr;
    jpeg_set_defaults(compress);
    jpeg_set_quality(compress, quality, TRUE);
    compress->dct_method = JDCT_ISLOW;
    compress->raw_data_in = !is_rgb(picture->format);
    compress->comp_info[0].h_samp_factor = (int)sampling.h;
    compress->comp_info[0].v_samp_factor = (int)sampling.v;
    slicer->format = picture->format;
    slicer->transposed = picture->transpose;
    slicer->quality = quality;
    slicer->ready = true;
}

static int write_planar(struct jpeg_slicer *slicer, const struct picture *picture, unsigned first,
                        unsigned count)
{
    JSAMPARRAY planes[3] = { slicer->rows.rows[0], slicer->rows.rows[1], slicer->rows.rows[2] };
    for (unsigned row = first; row < first + count; row++) {
        if (mcu_rows_load(&slicer->rows, picture, row))
            return -ENOMEM;
        jpeg_write_raw_data(&slicer->compress, planes, mcu_height(picture));
    }
    return 0;
}

static int write_rgb(struct jpeg_slicer *slicer, const struct picture *picture, unsigned first,
                     unsigned count)
{
    for (unsigned y = first; y < first + count; y += MCU_ROWS_MAX) {
        unsigned rows = first + count - y < MCU_ROWS_MAX ? first + count - y : MCU_ROWS_MAX;
        if (rgb_rows_load(&slicer->rows, picture, y, rows))
            return -ENOMEM;
        jpeg_write_scanlines(&slicer->compress, slicer->rows.rows[0], rows);
    }
    return 0;
}

/* The frame header, or else the scan header, of a JPEG that libjpeg made. */
static int find_header(const struct slice *jpeg, bool frame, struct jpeg_segment *segment)
{
    size_t at = 2;
    do {
        if (jpeg_read_segment(jpeg->buffer, jpeg->size, &at, segment))
            return -EIO;
        if (frame && jpeg_marker_is_frame(segment->marker))
            return 0;
    } while (segment->marker != MARKER_SOS);
    return frame ? -EIO : 0;
}

/* Turns a whole small JPEG into its place in the larger one. */
static int join(struct slice *out, const struct picture *picture, const struct slice_plan *plan,
                unsigned index)
{
    enum { HEIGHT_OFFSET = 5 }; /* within a SOF segment, from its marker on (T.81, B.2.2) */
    struct jpeg_segment segment;
    size_t begin = 0;
    int error = find_header(out, index == 0, &segment);
    if (error)
        return error;
    if (index == 0)
        bytes_store(out->buffer + segment.offset + HEIGHT_OFFSET, picture_coded_height(picture), 2);
    else
        begin = (size_t)(segment.content + segment.size - out->buffer);
    if (index + 1 < plan->count)
        out->buffer[out->size - 1] = (uint8_t)(MARKER_RST0 + index % 8);
    out->data = out->buffer + begin;
    out->size -= begin;
    return 0;
}

/* A DHT segment (T.81, B.2.4.2): marker, length, class and number, codes of each length, values. */
enum { DHT_HEAD = 5, DHT_CODES = 16, DHT_MAX = DHT_HEAD + DHT_CODES + 256 };

static size_t write_dht(const JHUFF_TBL *table, unsigned id, uint8_t *to)
{
    size_t values = 0;
    for (unsigned i = 1; i <= DHT_CODES; i++)
        values += table->bits[i];
    to[0] = 0xFF;
    to[1] = MARKER_DHT;
    bytes_store(to + 2, DHT_HEAD - 2 + DHT_CODES + values, 2);
    to[4] = (uint8_t)id;
    memcpy(to + DHT_HEAD, table->bits + 1, DHT_CODES);
    memcpy(to + DHT_HEAD + DHT_CODES, table->huffval, values);
    return DHT_HEAD + DHT_CODES + values;
}

/* The standard tables (T.81, K.3), which are libjpeg's defaults. */
static size_t write_missing_tables(const struct jpeg_compress_struct *compress,
                                   const struct camera_jpeg *jpeg, uint8_t *to)
{
    enum { AC = 0x10 };
    size_t size = 0;
    for (unsigned id = 0; id < 2; id++) {
        if (jpeg->missing_dc >> id & 1)
            size += write_dht(compress->dc_huff_tbl_ptrs[id], id, to + size);
        if (jpeg->missing_ac >> id & 1)
            size += write_dht(compress->ac_huff_tbl_ptrs[id], AC | id, to + size);
    }
    return size;
}

/* The camera's JPEG without the padding that may be around it. */
static int copy_jpeg(const struct jpeg_slicer *slicer, const struct picture *picture,
                     struct slice *out)
{
    struct camera_jpeg jpeg;
    const char *why;
    int error = camera_jpeg_read(&jpeg, picture, &why);
    if (error)
        return error;
    if (slice_reserve(out, jpeg.end - jpeg.begin + 4 * DHT_MAX))
        return -ENOMEM;
    const uint8_t *from = picture->planes[0].data;
    size_t head = jpeg.scan - jpeg.begin, rest = jpeg.end - jpeg.scan;
    memcpy(out->buffer, from + jpeg.begin, head);
    size_t tables = write_missing_tables(&slicer->compress, &jpeg, out->buffer + head);
    memcpy(out->buffer + head + tables, from + jpeg.scan, rest);
    out->data = out->buffer;
    out->size = head + tables + rest;
    return 0;
}

int jpeg_slice_encode(struct jpeg_slicer *slicer, const struct picture *picture,
                      const struct slice_plan *plan, unsigned index, int quality, struct slice *out)
{
    if (picture->format == PIXEL_JPEG)
        return copy_jpeg(slicer, picture, out);
    if (slice_reserve(out, SLICE_FIRST_CAPACITY))
        return -ENOMEM;
    struct jpeg_compress_struct *compress = &slicer->compress;
    slicer->out = out;
    int code = setjmp(slicer->failed);
    if (code) {
        jpeg_abort_compress(compress);
        return code == ENOMEM ? -ENOMEM : -EIO;
    }
    set_up(slicer, picture, quality);
    unsigned unit = mcu_height(picture);
    unsigned first = index * plan->slice_mcu_rows;
    unsigned left = plan->mcu_rows - first;
    unsigned rows = left < plan->slice_mcu_rows ? left : plan->slice_mcu_rows;
    unsigned height = picture_coded_height(picture);
    unsigned bottom = (first + rows) * unit < height ? (first + rows) * unit : height;
    compress->image_width = picture_coded_width(picture);
    compress->image_height = bottom - first * unit;
    compress->restart_interval = plan->restart_interval;
    /* Only the first slice keeps its header, so only that one needs the tables in it. */
    jpeg_start_compress(compress, index == 0);
    int error = is_rgb(picture->format)
                    ? write_rgb(slicer, picture, first * unit, compress->image_height)
                    : write_planar(slicer, picture, first, rows);
    if (error) {
        jpeg_abort_compress(compress);
        return error;
    }
    jpeg_finish_compress(compress);
    return join(out, picture, plan, index);
}
