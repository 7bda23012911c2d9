#include "shared/jpeg/jpeg_check.h"

#include "shared/base/bytes.h"
#include "shared/jpeg/markers.h"

/* A frame header's content (T.81, B.2.2), which has the height at 1 and the width at 3; NULL: there
 * is none before the first scan. */
static const uint8_t *find_frame_header(const uint8_t *jpeg, size_t size)
{
    enum { CONTENT_MIN = 6 };
    size_t at = 2;
    struct jpeg_segment segment;
    while (jpeg_read_segment(jpeg, size, &at, &segment) == 0 && segment.marker != MARKER_SOS)
        if (jpeg_marker_is_frame(segment.marker))
            return segment.size >= CONTENT_MIN ? segment.content : NULL;
    return NULL;
}

const char *jpeg_check(const uint8_t *jpeg, size_t size, unsigned width, unsigned height)
{
    if (size < 4 || jpeg[0] != 0xFF || jpeg[1] != MARKER_SOI)
        return "it does not begin as a JPEG does";
    if (jpeg[size - 2] != 0xFF || jpeg[size - 1] != MARKER_EOI)
        return "it does not end as a JPEG does";
    const uint8_t *header = find_frame_header(jpeg, size);
    if (!header)
        return "its header is not a JPEG's";
    if (bytes_load(header + 1, 2) != height || bytes_load(header + 3, 2) != width)
        return "its picture has another size than the daemon announced";
    return NULL;
}
