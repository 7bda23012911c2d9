/*
 * A JPEG that nobody vouches for: decoded on several cores it gives the pixels that one gives, and
 * its pieces lie within it; the check of its markers reads no byte beyond it.
 *
 * The input: what the sender lies about the size, the JPEG.
 */
#include "host/jpeg/decoder.h"

#include <errno.h>

#include "fuzz.h"
#include "host/jpeg/parallel.h"
#include "host/jpeg/split.h"
#include "shared/base/bytes.h"
#include "shared/jpeg/jpeg_check.h"
#include "shared/jpeg/markers.h"

/* Larger pictures are decoded no differently, but slower. */
enum { THREADS = 3, PIXELS_MAX = 128 * 1024, PIXELS_REFUSED = 1 << 26 };

/* What the first SOF says. */
static void find_size(const uint8_t *jpeg, size_t size, unsigned *width, unsigned *height)
{
    *width = *height = 0;
    for (size_t at = 2; at + 9 <= size; at++)
        if (jpeg[at] == 0xFF && jpeg[at + 1] >= 0xC0 && jpeg[at + 1] <= 0xC2) {
            *height = (unsigned)bytes_load(jpeg + at + 5, 2);
            *width = (unsigned)bytes_load(jpeg + at + 7, 2);
            return;
        }
}

static void check_same(const struct jpeg_planes *one, const struct jpeg_planes *other)
{
    CHECK(one->width == other->width && one->height == other->height);
    for (int c = 0; c < 3; c++) {
        unsigned width = c ? (one->width + 1) / 2 : one->width;
        unsigned height = c ? (one->height + 1) / 2 : one->height;
        for (unsigned y = 0; y < height; y++)
            CHECK(memcmp(one->data[c] + y * one->stride[c], other->data[c] + y * other->stride[c],
                         width) == 0);
    }
}

static void check_split(const uint8_t *jpeg, size_t size)
{
    struct jpeg_split split;
    if (jpeg_split(jpeg, size, &split))
        return;
    CHECK(split.piece_count >= 2 && split.piece_count <= JPEG_PIECES_MAX);
    CHECK(split.header_size <= JPEG_HEADER_MAX && split.height_offset + 2 <= split.header_size);
    unsigned height = 0;
    for (unsigned i = 0; i < split.piece_count; i++) {
        size_t room = split.header_size + split.pieces[i].size + 2;
        CHECK(split.pieces[i].offset + split.pieces[i].size + 2 <= size);
        uint8_t *piece = malloc(room);
        CHECK(piece && jpeg_split_piece(&split, jpeg, i, piece) == room);
        free(piece);
        CHECK(jpeg_split_height(&split, i) > 0);
        height += jpeg_split_height(&split, i);
    }
    CHECK(height == split.height);
}

/* Segments follow one another and lie within the JPEG; so do the markers behind them. */
static void check_markers(const uint8_t *jpeg, size_t size)
{
    struct jpeg_segment segment;
    size_t at = 2, before = at;
    for (; jpeg_read_segment(jpeg, size, &at, &segment) == 0; before = at) {
        CHECK(segment.offset >= before && segment.content == jpeg + segment.offset + 4);
        CHECK(at == segment.offset + 4 + segment.size && at <= size);
    }
    for (at = before; jpeg_find_marker(jpeg, size, &at) > 0; before = at)
        CHECK(at >= before + 2 && at <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct jpeg_decoder *plain;
    static struct jpeg_parallel *parallel;
    if (!plain)
        plain = jpeg_decoder_create();
    if (!parallel)
        parallel = jpeg_parallel_create(THREADS);
    CHECK(plain && parallel);
    struct input input = { data, size };
    unsigned lie = (unsigned)input_number(&input, 1), width, height;
    find_size(input.at, input.left, &width, &height);
    if (width * height > PIXELS_MAX && width * height <= PIXELS_REFUSED)
        return -1;
    uint8_t *jpeg = copy_of(input.at, input.left);
    struct jpeg_planes one, several;
    check_markers(jpeg, input.left);
    check_split(jpeg, input.left);
    /* It has one size at most. */
    CHECK(jpeg_check(jpeg, input.left, width, height) ||
          jpeg_check(jpeg, input.left, width + 1, height));
    int error = jpeg_decode(plain, jpeg, input.left, width + (lie & 1), height, &one);
    CHECK(error == 0 || error == -EBADMSG || error == -EFBIG);
    CHECK(error || !(lie & 1));
    int other =
        jpeg_parallel_decode(parallel, jpeg, input.left, width + (lie & 1), height, &several);
    CHECK(other == 0 || other == -EBADMSG || other == -EFBIG);
    CHECK(error || !other);
    if (!error && !other)
        check_same(&one, &several);
    free(jpeg);
    return 0;
}
