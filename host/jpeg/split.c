#include "host/jpeg/split.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "shared/base/bytes.h"

/* Markers of ITU-T T.81, table B.1. */
enum { SOF0 = 0xC0, RST0 = 0xD0, RST7 = 0xD7, SOI = 0xD8, EOI = 0xD9, SOS = 0xDA, DRI = 0xDD };

/* The fields of the header that are needed here. */
struct header {
    unsigned mcu_width, mcu_height, interval;
    unsigned components, scan_components;
    bool has_frame;
};

static int read_frame(struct header *header, struct jpeg_split *split, const uint8_t *segment,
                      size_t length)
{
    if (length < 8 || header->has_frame)
        return -ENOTSUP;
    header->has_frame = true;
    split->height = (unsigned)bytes_load(segment + 3, 2);
    split->width = (unsigned)bytes_load(segment + 5, 2);
    header->components = segment[7];
    if (header->components == 0 || header->components > 3 || length < 8 + 3 * header->components)
        return -ENOTSUP;
    /* A single component has MCUs of one block whatever its factors are (T.81, A.2.2). */
    unsigned h = 1, v = 1;
    for (unsigned c = 0; c < header->components && header->components > 1; c++) {
        unsigned factors = segment[9 + 3 * c];
        h = factors >> 4 > h ? factors >> 4 : h;
        v = (factors & 15) > v ? factors & 15 : v;
    }
    header->mcu_width = 8 * h;
    header->mcu_height = 8 * v;
    return 0;
}

/* Reads the segments up to the scan's data. segment points at the length field. */
static int read_header(struct header *header, struct jpeg_split *split, const uint8_t *jpeg,
                       size_t size)
{
    if (size < 4 || jpeg[0] != 0xFF || jpeg[1] != SOI)
        return -ENOTSUP;
    for (size_t at = 2; at + 4 <= size && jpeg[at] == 0xFF;) {
        int marker = jpeg[at + 1];
        const uint8_t *segment = jpeg + at + 2;
        size_t length = (size_t)bytes_load(segment, 2);
        if (length < 3 || length > size - at - 2)
            return -ENOTSUP;
        bool other_frame = marker > SOF0 && marker <= 0xCF && marker != 0xC4;
        if (other_frame || (marker == SOF0 && read_frame(header, split, segment, length)))
            return -ENOTSUP;
        if (marker == SOF0)
            split->height_offset = at + 5;
        if (marker == DRI && length >= 4)
            header->interval = (unsigned)bytes_load(segment + 2, 2);
        at += 2 + length;
        if (marker == SOS) {
            header->scan_components = segment[2];
            split->header_size = at;
            return header->has_frame ? 0 : -ENOTSUP;
        }
    }
    return -ENOTSUP;
}

/* Finds where the data of each piece ends. */
static int find_pieces(struct jpeg_split *split, const uint8_t *jpeg, size_t size)
{
    size_t begin = split->header_size;
    unsigned count = 0;
    for (size_t at = begin; at + 1 < size;) {
        const uint8_t *mark = memchr(jpeg + at, 0xFF, size - 1 - at);
        if (!mark)
            return -ENOTSUP;
        at = (size_t)(mark - jpeg);
        int marker = jpeg[at + 1];
        if (marker == 0x00 || marker == 0xFF) { /* a stuffed byte, or a fill byte */
            at += marker == 0x00 ? 2 : 1;
            continue;
        }
        bool last = marker == EOI;
        if (count == split->piece_count || last != (count + 1 == split->piece_count) ||
            (!last && marker != (int)(RST0 + count % 8)))
            return -ENOTSUP;
        split->pieces[count].offset = begin;
        split->pieces[count++].size = at - begin;
        begin = at += 2;
        if (last)
            return 0;
    }
    return -ENOTSUP;
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
    at[size + 1] = EOI;
    return split->header_size + size + 2;
}
