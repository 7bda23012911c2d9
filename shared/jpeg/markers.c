#include "shared/jpeg/markers.h"

#include <errno.h>
#include <string.h>

#include "shared/base/bytes.h"

enum { PREFIX = 0xFF, STUFFED = 0x00, LENGTH_SIZE = 2, MARKER_SIZE = 2 };

bool jpeg_marker_is_frame(uint8_t marker)
{
    return marker >= MARKER_SOF0 && marker <= MARKER_SOF15 && marker != MARKER_DHT &&
           marker != MARKER_JPG && marker != MARKER_DAC;
}

/* Whether a length follows it, and not RES, RSTn, SOI, EOI, or no marker at all. */
static bool begins_segment(uint8_t marker)
{
    return marker >= MARKER_SOF0 && marker <= MARKER_COM &&
           !(marker >= MARKER_RST0 && marker <= MARKER_EOI);
}

int jpeg_read_segment(const uint8_t *jpeg, size_t size, size_t *at, struct jpeg_segment *segment)
{
    size_t offset = *at;
    while (offset + 1 < size && jpeg[offset] == PREFIX && jpeg[offset + 1] == PREFIX)
        offset++;
    if (offset > size || size - offset < MARKER_SIZE + LENGTH_SIZE)
        return -ENODATA;
    if (jpeg[offset] != PREFIX || !begins_segment(jpeg[offset + 1]))
        return -EBADMSG;
    size_t length = (size_t)bytes_load(jpeg + offset + MARKER_SIZE, LENGTH_SIZE);
    if (length < LENGTH_SIZE)
        return -EBADMSG;
    if (length > size - offset - MARKER_SIZE)
        return -ENODATA;
    *segment = (struct jpeg_segment){
        .marker = jpeg[offset + 1],
        .offset = offset,
        .content = jpeg + offset + MARKER_SIZE + LENGTH_SIZE,
        .size = length - LENGTH_SIZE,
    };
    *at = offset + MARKER_SIZE + length;
    return 0;
}

int jpeg_find_marker(const uint8_t *jpeg, size_t size, size_t *at)
{
    while (*at + 1 < size) {
        const uint8_t *prefix = memchr(jpeg + *at, PREFIX, size - 1 - *at);
        if (!prefix)
            break;
        uint8_t next = prefix[1];
        *at = (size_t)(prefix - jpeg) + (next == PREFIX ? 1 : MARKER_SIZE);
        if (next != PREFIX && next != STUFFED)
            return next;
    }
    return -ENODATA;
}
