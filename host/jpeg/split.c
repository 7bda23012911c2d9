#include "host/jpeg/split.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "shared/base/bytes.h"
#include "shared/jpeg/markers.h"

/* The fields of the header that are needed here. */
struct header {
    unsigned mcu_width, mcu_height, interval;
    unsigned components, scan_components;
    bool has_frame;
};

static int read_frame(struct header *header, struct jpeg_split *split,
                      const struct jpeg_segment *segment)
{
    const uint8_t *at = segment->content;
    if (segment->size < 6 || header->has_frame)
        return -ENOTSUP;
    header->has_frame = true;
    split->height_offset = segment->offset + 5;
    split->height = (unsigned)bytes_load(at + 1, 2);
    split->width = (unsigned)bytes_load(at + 3, 2);
    header->components = at[5];
    if (header->components == 0 || header->components > 3 ||
        segment->size < 6 + 3 * (size_t)header->components)
        return -ENOTSUP;
    /* A single component has MCUs of one block whatever its factors are (T.81, A.2.2). */
    unsigned h = 1, v = 1;
    for (unsigned c = 0; c < header->components && header->components > 1; c++) {
        unsigned factors = at[7 + 3 * c];
        h = factors >> 4 > h ? factors >> 4 : h;
        v = (factors & 15) > v ? factors & 15 : v;
    }
    header->mcu_width = 8 * h;
    header->mcu_height = 8 * v;
    return 0;
}

/* Reads the segments up to the scan's data. */
static int read_header(struct header *header, struct jpeg_split *split, const uint8_t *jpeg,
                       size_t size)
{
    struct jpeg_segment segment;
    size_t at = 2;
    if (size < 4 || jpeg[0] != 0xFF || jpeg[1] != MARKER_SOI)
        return -ENOTSUP;
    do {
        if (jpeg_read_segment(jpeg, size, &at, &segment) || segment.size < 1)
            return -ENOTSUP;
        bool is_frame = jpeg_marker_is_frame(segment.marker);
        if (is_frame && (segment.marker != MARKER_SOF0 || read_frame(header, split, &segment)))
            return -ENOTSUP;
        if (segment.marker == MARKER_DRI && segment.size >= 2)
            header->interval = (unsigned)bytes_load(segment.content, 2);
    } while (segment.marker != MARKER_SOS);
    header->scan_components = segment.content[0];
    split->header_size = at;
    return header->has_frame ? 0 : -ENOTSUP;
}

/* Finds where the data of each piece ends. */
static int find_pieces(struct jpeg_split *split, const uint8_t *jpeg, size_t size)
{
    enum { MARKER_SIZE = 2 };
    size_t begin = split->header_size, at = begin;
    for (unsigned count = 0; count < split->piece_count; count++) {
        bool last = count + 1 == split->piece_count;
        int marker = jpeg_find_marker(jpeg, size, &at);
        if (marker != (last ? MARKER_EOI : (int)(MARKER_RST0 + count % 8)))
            return -ENOTSUP;
        split->pieces[count].offset = begin;
        split->pieces[count].size = at - MARKER_SIZE - begin;
        begin = at;
    }
    return 0;
}

int jpeg_split(const uint8_t *jpeg, size_t size, struct jpeg_split *split)
{
    struct header header = { 0 };
    memset(split, 0, sizeof(*split));
    if (read_header(&header, split, jpeg, size) || split->header_size > JPEG_HEADER_MAX ||
        header.interval == 0 || header.scan_components != header.components || split->width == 0 ||
        split->height == 0 || header.mcu_width == 0 || header.mcu_height == 0)
        return -ENOTSUP;
    unsigned columns = (split->width + header.mcu_width - 1) / header.mcu_width;
    if (header.interval % columns != 0)
        return -ENOTSUP;
    split->piece_height = header.interval / columns * header.mcu_height;
    split->piece_count = (split->height + split->piece_height - 1) / split->piece_height;
    if (split->piece_count < 2 || split->piece_count > JPEG_PIECES_MAX)
        return -ENOTSUP;
    return find_pieces(split, jpeg, size);
}

unsigned jpeg_split_height(const struct jpeg_split *split, unsigned index)
{
    unsigned top = index * split->piece_height, left = split->height - top;
    return left < split->piece_height ? left : split->piece_height;
}

size_t jpeg_split_piece(const struct jpeg_split *split, const uint8_t *jpeg, unsigned index,
                        uint8_t *out)
{
    size_t size = split->pieces[index].size;
    uint8_t *at = out + split->header_size;
    memcpy(out, jpeg, split->header_size);
    bytes_store(out + split->height_offset, jpeg_split_height(split, index), 2);
    memcpy(at, jpeg + split->pieces[index].offset, size);
    at[size] = 0xFF;
    at[size + 1] = MARKER_EOI;
    return split->header_size + size + 2;
}
