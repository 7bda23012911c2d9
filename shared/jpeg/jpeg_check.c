#include "shared/jpeg/jpeg_check.h"

#include <stdbool.h>

#include "shared/base/bytes.h"

/* Markers of ITU-T T.81, table B.1. */
enum { SOF0 = 0xC0, DHT = 0xC4, JPG = 0xC8, DAC = 0xCC, SOF15 = 0xCF, SOI = 0xD8, EOI = 0xD9 };
enum { SOS = 0xDA, COM = 0xFE, FILL = 0xFF };

static bool begins_frame(int marker)
{
    return marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC;
}

/* Whether a segment with a length may begin with it in front of the frame header. */
static bool begins_segment(int marker)
{
    return marker > SOS ? marker <= COM : marker >= SOF0 && marker <= SOF15;
}

/* The frame header's length field, or NULL: there is none before the first scan. */
static const uint8_t *find_frame_header(const uint8_t *jpeg, size_t size)
{
    for (size_t at = 2; at + 4 <= size && jpeg[at] == 0xFF;) {
        int marker = jpeg[at + 1];
        if (marker == FILL) {
            at++;
            continue;
        }
        size_t length = (size_t)bytes_load(jpeg + at + 2, 2);
        if (!begins_segment(marker) || length < 2 || length > size - at - 2)
            return NULL;
        if (begins_frame(marker))
            return length >= 8 ? jpeg + at + 2 : NULL;
        at += 2 + length;
    }
    return NULL;
}

const char *jpeg_check(const uint8_t *jpeg, size_t size, unsigned width, unsigned height)
{
    if (size < 4 || jpeg[0] != 0xFF || jpeg[1] != SOI)
        return "it does not begin as a JPEG does";
    if (jpeg[size - 2] != 0xFF || jpeg[size - 1] != EOI)
        return "it does not end as a JPEG does";
    const uint8_t *header = find_frame_header(jpeg, size);
    if (!header)
        return "its header is not a JPEG's";
    if (bytes_load(header + 3, 2) != height || bytes_load(header + 5, 2) != width)
        return "its picture has another size than was said";
    return NULL;
}
