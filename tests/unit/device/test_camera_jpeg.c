/*
 * What passes as a camera's own JPEG is read by libjpeg without an error or a warning; what is cut
 * off, damaged or of a kind that not everybody reads is refused.
 */
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "device/encode/camera_jpeg.h"
#include "device/encode/jpeg_slice.h"
#include "shared/base/bytes.h"

enum { WIDTH = 70, HEIGHT = 50 };
enum { DHT = 0xC4, RST0 = 0xD0, SOI = 0xD8, EOI = 0xD9, SOS = 0xDA, DQT = 0xDB, APP0 = 0xE0 };

struct kind {
    const char *name;
    int h, v; /* of luma; 0: there is no chroma */
    unsigned restart_interval;
    bool optimized, progressive, arithmetic, several_scans;
};

static const struct kind good_kinds[] = {
    { "4:2:0", 2, 2, 0, false, false, false, false },
    { "4:2:2", 2, 1, 0, false, false, false, false },
    { "4:4:4", 1, 1, 0, false, false, false, false },
    { "4:4:0", 1, 2, 0, false, false, false, false },
    { "4:1:1", 4, 1, 0, false, false, false, false },
    { "grey", 0, 0, 0, false, false, false, false },
    { "tables of its own", 2, 1, 0, true, false, false, false },
    { "restarts in each row", 2, 2, (WIDTH + 15) / 16, false, false, false, false },
    { "restarts in each MCU", 2, 1, 1, false, false, false, false },
    { "restarts in grey", 0, 0, 5, false, false, false, false },
    { "an interval without a restart", 2, 2, 1000, false, false, false, false },
};

static const struct kind bad_kinds[] = {
    { "progressive", 2, 2, 0, false, true, false, false },
    { "arithmetic", 2, 2, 0, false, false, true, false },
    { "several scans", 2, 2, 0, false, false, false, true },
};

enum { GOOD = sizeof(good_kinds) / sizeof(good_kinds[0]) };

static void set_up(struct jpeg_compress_struct *jpeg, const struct kind *kind)
{
    static jpeg_scan_info scans[] = { { 1, { 0 }, 0, 63, 0, 0 }, { 2, { 1, 2 }, 0, 63, 0, 0 } };
    jpeg->image_width = WIDTH;
    jpeg->image_height = HEIGHT;
    jpeg->input_components = kind->h ? 3 : 1;
    jpeg->in_color_space = kind->h ? JCS_YCbCr : JCS_GRAYSCALE;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, 90, TRUE);
    if (kind->h) {
        jpeg->comp_info[0].h_samp_factor = kind->h;
        jpeg->comp_info[0].v_samp_factor = kind->v;
    }
    jpeg->restart_interval = kind->restart_interval;
    jpeg->optimize_coding = kind->optimized;
    jpeg->arith_code = kind->arithmetic;
    if (kind->progressive)
        jpeg_simple_progression(jpeg);
    if (kind->several_scans) {
        jpeg->scan_info = scans;
        jpeg->num_scans = 2;
    }
}

static struct bytes make(const struct kind *kind)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *memory = NULL;
    unsigned long size = 0;
    uint32_t seed = 7;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &memory, &size);
    set_up(&jpeg, kind);
    jpeg_start_compress(&jpeg, TRUE);
    for (unsigned y = 0; y < HEIGHT; y++) {
        JSAMPLE row[3 * WIDTH], *rows[] = { row };
        for (unsigned x = 0; x < sizeof(row); x++)
            row[x] = (JSAMPLE)(x + y + random_next(&seed) % 40);
        jpeg_write_scanlines(&jpeg, rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return (struct bytes){ .data = memory, .size = size };
}

/* What becomes of it on its way through the encoder; 0 or a negative errno. It lies right before
 * memory that can't be read. */
static int pass(const uint8_t *data, size_t size, struct bytes *result)
{
    struct guarded memory;
    struct slice out = { 0 };
    guarded_make(&memory, size);
    memcpy(memory.data, data, size);
    struct picture picture = { .format = PIXEL_JPEG,
                               .width = WIDTH,
                               .height = HEIGHT,
                               .planes = { { memory.data, 0, size } } };
    struct slice_plan plan = slice_plan(&picture, 4);
    struct jpeg_slicer *slicer = jpeg_slicer_create();
    int error = jpeg_slice_encode(slicer, &picture, &plan, 0, 80, &out);
    if (!error)
        join_slices(&out, 1, result);
    free(out.buffer);
    jpeg_slicer_destroy(slicer);
    guarded_free(&memory);
    return error;
}

static void expect_refused(const uint8_t *data, size_t size)
{
    struct bytes result;
    assert_int_equal(pass(data, size, &result), -EBADMSG);
}

/* It passes, and then it is this one, which everybody reads. */
static void expect_passed(const struct bytes *given, const struct bytes *wanted)
{
    struct bytes result;
    struct decoded decoded;
    struct camera_jpeg found;
    const char *why = NULL;
    assert_int_equal(pass(given->data, given->size, &result), 0);
    assert_same_bytes(&result, wanted);
    assert_true(decode(result.data, result.size, &decoded));
    struct picture picture = { .format = PIXEL_JPEG,
                               .width = WIDTH,
                               .height = HEIGHT,
                               .planes = { { result.data, 0, result.size } } };
    assert_int_equal(camera_jpeg_read(&found, &picture, &why), 0);
    assert_true(found.missing_dc == 0 && found.missing_ac == 0);
    assert_int_equal(found.begin, 0);
    assert_int_equal(found.end, result.size);
    decoded_free(&decoded);
    bytes_free(&result);
}

/* The bytes with `size` others put in at an offset. */
static struct bytes with(const struct bytes *jpeg, size_t at, const void *more, size_t size)
{
    struct bytes result = { .data = malloc(jpeg->size + size), .size = jpeg->size + size };
    assert_non_null(result.data);
    memcpy(result.data, jpeg->data, at);
    memcpy(result.data + at, more, size);
    memcpy(result.data + at + size, jpeg->data + at, jpeg->size - at);
    return result;
}

/* The first segment of a kind behind an offset; SOS is always there. */
static size_t find(const struct bytes *jpeg, uint8_t marker, size_t from)
{
    size_t at = from;
    while (jpeg->data[at + 1] != marker && jpeg->data[at + 1] != SOS)
        at += 2 + bytes_load(jpeg->data + at + 2, 2);
    return at;
}

static size_t segment_size(const struct bytes *jpeg, size_t at)
{
    return 2 + bytes_load(jpeg->data + at + 2, 2);
}

static void cut_out(struct bytes *jpeg, size_t at, size_t size)
{
    memmove(jpeg->data + at, jpeg->data + at + size, jpeg->size - at - size);
    jpeg->size -= size;
}

static struct bytes copy_of_bytes(const struct bytes *jpeg)
{
    return with(jpeg, 0, "", 0);
}

static void whole_ones_pass(void **state)
{
    (void)state;
    for (unsigned i = 0; i < GOOD; i++) {
        struct bytes jpeg = make(&good_kinds[i]);
        expect_passed(&jpeg, &jpeg);
        bytes_free(&jpeg);
    }
}

static void padding_is_left_out(void **state)
{
    (void)state;
    static const uint8_t zeros[5000], stale[] = { 1, 2, 0xFF, 0xD9, 0xFF, 0xD8, 3 };
    uint8_t ones[100];
    memset(ones, 0xFF, sizeof(ones));
    for (unsigned i = 0; i < GOOD; i++) {
        struct bytes jpeg = make(&good_kinds[i]), padded[] = {
            with(&jpeg, 0, zeros, sizeof(zeros)),         with(&jpeg, 0, ones, sizeof(ones)),
            with(&jpeg, jpeg.size, zeros, sizeof(zeros)), with(&jpeg, jpeg.size, ones, 100),
            with(&jpeg, jpeg.size, stale, sizeof(stale)),
        };
        for (unsigned k = 0; k < sizeof(padded) / sizeof(padded[0]); k++) {
            expect_passed(&padded[k], &jpeg);
            bytes_free(&padded[k]);
        }
        struct bytes behind_something = with(&jpeg, 0, "x", 1);
        expect_refused(behind_something.data, behind_something.size);
        bytes_free(&behind_something);
        bytes_free(&jpeg);
    }
}

static void cut_ones_are_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < GOOD; i++) {
        struct bytes jpeg = make(&good_kinds[i]);
        for (size_t size = 1; size < jpeg.size; size++)
            expect_refused(jpeg.data, size);
        /* As a camera's buffer has them: the rest is empty, or what was there before. */
        for (size_t size = 1; size < jpeg.size; size += 7) {
            struct bytes rest = copy_of_bytes(&jpeg);
            memset(rest.data + size, 0, rest.size - size);
            expect_refused(rest.data, rest.size);
            bytes_free(&rest);
        }
        bytes_free(&jpeg);
    }
}

/* Without one table, or all; as AVI files have them, with a segment of their own in place of
 * JFIF's. */
static void usual_tables_are_added(void **state)
{
    (void)state;
    static const uint8_t avi1[] = { 0xFF, APP0, 0, 16, 'A', 'V', 'I', '1', 0,
                                    0,    0,    0, 0,  0,   0,   0,   0,   0 };
    for (unsigned i = 0; i < GOOD; i++) {
        if (good_kinds[i].optimized)
            continue;
        struct bytes jpeg = make(&good_kinds[i]);
        unsigned tables = good_kinds[i].h ? 4 : 2;
        cut_out(&jpeg, 2, segment_size(&jpeg, 2));
        struct bytes avi = with(&jpeg, 2, avi1, sizeof(avi1)), bare = copy_of_bytes(&avi);
        for (unsigned k = 0; k < tables; k++) {
            size_t at = find(&bare, DHT, 2);
            assert_int_equal(bare.data[at + 1], DHT);
            cut_out(&bare, at, segment_size(&bare, at));
        }
        /* libjpeg writes the restart interval behind the tables. */
        struct bytes wanted = copy_of_bytes(&bare);
        size_t scan = find(&wanted, SOS, 2);
        for (size_t at = 2, size; avi.data[at + 1] != SOS; at += size) {
            size = segment_size(&avi, at);
            if (avi.data[at + 1] != DHT)
                continue;
            struct bytes longer = with(&wanted, scan, avi.data + at, size);
            bytes_free(&wanted);
            wanted = longer;
            scan += size;
        }
        expect_passed(&bare, &wanted);
        /* One of them alone goes to the same place, and that one is the last if it is the last. */
        struct bytes most = copy_of_bytes(&wanted);
        size_t last = find(&most, DHT, 2);
        for (unsigned k = 1; k < tables; k++)
            last = find(&most, DHT, last + segment_size(&most, last));
        cut_out(&most, last, segment_size(&most, last));
        expect_passed(&most, &wanted);
        bytes_free(&most);
        bytes_free(&wanted);
        bytes_free(&bare);
        bytes_free(&avi);
        bytes_free(&jpeg);
    }
}

static void what_not_everybody_reads_is_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(bad_kinds) / sizeof(bad_kinds[0]); i++) {
        struct bytes jpeg = make(&bad_kinds[i]);
        expect_refused(jpeg.data, jpeg.size);
        bytes_free(&jpeg);
    }
}

static void lost_restarts_are_seen(void **state)
{
    (void)state;
    struct bytes jpeg = make(&good_kinds[8]);
    size_t first = find(&jpeg, SOS, 2), second;
    while (jpeg.data[first] != 0xFF || jpeg.data[first + 1] != RST0)
        first++;
    second = first + 2;
    while (jpeg.data[second] != 0xFF || jpeg.data[second + 1] != RST0 + 1)
        second++;
    struct bytes less = copy_of_bytes(&jpeg), doubled = copy_of_bytes(&jpeg);
    cut_out(&less, first, second - first);
    expect_refused(less.data, less.size);
    doubled.data[second + 1] = RST0;
    expect_refused(doubled.data, doubled.size);
    /* The last eight: what is left is in order. */
    struct bytes short_one = copy_of_bytes(&jpeg);
    size_t end = jpeg.size - 2, begin = end;
    for (unsigned seen = 0; seen < 8; begin--)
        seen += jpeg.data[begin - 1] == 0xFF && jpeg.data[begin] >= RST0 && jpeg.data[begin] < SOI;
    cut_out(&short_one, begin, end - begin);
    expect_refused(short_one.data, short_one.size);
    /* Where there is to be none. */
    struct bytes plain = make(&good_kinds[0]);
    struct bytes surprise = with(&plain, plain.size - 2, "\xFF\xD0", 2);
    expect_refused(surprise.data, surprise.size);
    bytes_free(&surprise);
    bytes_free(&plain);
    bytes_free(&short_one);
    bytes_free(&doubled);
    bytes_free(&less);
    bytes_free(&jpeg);
}

static void needed_tables_are_seen(void **state)
{
    (void)state;
    for (unsigned i = 0; i < GOOD; i++) {
        struct bytes jpeg = make(&good_kinds[i]);
        size_t at = find(&jpeg, DQT, 2);
        cut_out(&jpeg, at, segment_size(&jpeg, at));
        expect_refused(jpeg.data, jpeg.size);
        bytes_free(&jpeg);
    }
}

/* Whatever is wrong in the header: it is refused, or libjpeg doesn't mind. */
static void damaged_headers(void **state)
{
    (void)state;
    unsigned passed = 0, refused = 0;
    uint32_t seed = 3;
    for (unsigned i = 0; i < GOOD; i++) {
        struct bytes jpeg = make(&good_kinds[i]);
        size_t header = find(&jpeg, SOS, 2);
        header += segment_size(&jpeg, header);
        for (unsigned round = 0; round < 4000; round++) {
            struct bytes damaged = copy_of_bytes(&jpeg), result;
            for (unsigned k = 1 + random_next(&seed) % 3; k > 0; k--)
                damaged.data[random_next(&seed) % header] = (uint8_t)random_next(&seed);
            int error = pass(damaged.data, damaged.size, &result);
            assert_true(error == 0 || error == -EBADMSG);
            if (error) {
                refused++;
            } else {
                passed++;
                if (!decode_begins(result.data, result.size))
                    fail_msg("%s, round %u: libjpeg can't read it", good_kinds[i].name, round);
                bytes_free(&result);
            }
            bytes_free(&damaged);
        }
        bytes_free(&jpeg);
    }
    assert_true(passed > 1000 && refused > 1000);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_ones_pass),
        cmocka_unit_test(padding_is_left_out),
        cmocka_unit_test(cut_ones_are_refused),
        cmocka_unit_test(usual_tables_are_added),
        cmocka_unit_test(what_not_everybody_reads_is_refused),
        cmocka_unit_test(lost_restarts_are_seen),
        cmocka_unit_test(needed_tables_are_seen),
        cmocka_unit_test(damaged_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
