/*
 * A picture cut into slices, compressed, joined and decoded by libjpeg alone gives the pixels of
 * the picture compressed in one piece; and what a camera gives as a JPEG is passed on only if
 * libjpeg would begin to decode it, and at most gets the Huffman tables that it lacks.
 *
 * The input: the picture's format and size, what is to be done with it, and its first samples; or
 * a camera's JPEG.
 */
#include "device/encode/jpeg_slice.h"

#include <errno.h>

#include "fuzz.h"
#include "shared/base/log.h"
#include "tests/unit/device/support.h"

/* Mostly small, since a large picture takes the time of many small ones, which have as many edges.
 */
enum { SIDE_OFTEN = 40, SIDE_STEP = 25, LARGE = 0xF8 };

static unsigned input_side(struct input *input)
{
    unsigned choice = (unsigned)input_number(input, 1);
    unsigned steps = choice < LARGE ? 0 : choice - LARGE + 1;
    return PICTURE_MIN_SIDE + choice % SIDE_OFTEN + steps * SIDE_STEP;
}

static void put_samples(struct own_picture *own, struct input *input)
{
    for (int plane = 0; plane < 3; plane++) {
        size_t size;
        const uint8_t *samples = input_bytes(input, own->planes[plane].size, &size);
        if (size > 0)
            memcpy(own->planes[plane].data, samples, size);
    }
}

static void check_slices(struct input *input)
{
    enum pixel_format format = (enum pixel_format)(input_number(input, 1) % RAW_FORMATS);
    unsigned width = input_side(input), height = input_side(input);
    unsigned slices = 1 + (unsigned)input_number(input, 1) % (FRAME_SLICES_MAX + 1);
    int quality = 1 + (int)input_number(input, 1) % 100;
    size_t padding = (size_t)input_number(input, 1) % 64;
    uint64_t flags = input_number(input, 1);
    struct own_picture own;
    own_picture_make(&own, format, width, height, padding, 0xA5, (enum content)(flags % 3));
    own.picture.hflip = flags & 0x10;
    own.picture.vflip = flags & 0x20;
    own.picture.limited_range = flags & 0x40;
    own.picture.encoding = flags & 0x80 ? COLOUR_BT709 : COLOUR_BT601;
    put_samples(&own, input);
    struct bytes joined, single;
    struct decoded one, other;
    encode_joined(&own.picture, slices, quality, &joined);
    encode_joined(&own.picture, 1, quality, &single);
    CHECK(decode(joined.data, joined.size, &one) && decode(single.data, single.size, &other));
    CHECK(one.width == width && one.height == height);
    assert_same_pixels(&one, &other);
    decoded_free(&one);
    decoded_free(&other);
    bytes_free(&joined);
    bytes_free(&single);
    own_picture_free(&own);
}

/* Whether it is the bytes, from `begin` on and as far as needed, with so many put in at `same`. */
static bool is_copy_with(const struct slice *out, const uint8_t *bytes, size_t size, size_t same,
                         size_t tables)
{
    if (out->size < same + tables || out->size - tables > size)
        return false;
    return memcmp(out->data + same + tables, bytes + same, out->size - tables - same) == 0;
}

/* What the camera gave, but for what was around it, and for some of the four tables. */
static bool is_copy(const struct slice *out, const uint8_t *bytes, size_t size)
{
    enum { DHT = 0xC4, SOI = 0xD8, DC_SIZE = 33, AC_SIZE = 183 };
    size_t same = 0;
    while (size >= 2 && !(bytes[0] == 0xFF && bytes[1] == SOI)) {
        CHECK(*bytes == 0 || *bytes == 0xFF);
        bytes++;
        size--;
    }
    while (same < out->size && same < size && out->data[same] == bytes[same])
        same++;
    if (same == out->size)
        return true;
    for (size_t put_in = 1; put_in < 9 && out->data[same] == DHT; put_in++)
        if (is_copy_with(out, bytes, size, same, put_in % 3 * DC_SIZE + put_in / 3 * AC_SIZE))
            return true;
    return false;
}

static void check_camera_jpeg(struct input *input)
{
    static struct jpeg_slicer *slicer;
    if (!slicer)
        slicer = jpeg_slicer_create();
    CHECK(slicer);
    struct picture picture = { .format = PIXEL_JPEG,
                               .width = (unsigned)input_number(input, 2),
                               .height = (unsigned)input_number(input, 2) };
    uint8_t *bytes = copy_of(input->at, input->left);
    picture.planes[0] = (struct plane){ .data = bytes, .size = input->left };
    struct slice_plan plan = slice_plan(&picture, 4);
    struct slice out = { .buffer = NULL };
    CHECK(plan.count == 1);
    int error = jpeg_slice_encode(slicer, &picture, &plan, 0, 80, &out);
    CHECK(error == 0 || error == -EBADMSG);
    if (!error) {
        CHECK(out.size > 4 && is_copy(&out, bytes, input->left));
        CHECK(out.data[0] == 0xFF && out.data[1] == 0xD8);
        CHECK(out.data[out.size - 2] == 0xFF && out.data[out.size - 1] == 0xD9);
        CHECK(decode_begins(out.data, out.size));
    }
    free(out.buffer);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { data, size };
    log_setup("fuzz", LOG_LEVEL_ERROR);
    if (input_number(&input, 1) & 1)
        check_camera_jpeg(&input);
    else
        check_slices(&input);
    return 0;
}
