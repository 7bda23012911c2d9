#include "device/encode/camera_jpeg.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "shared/base/bytes.h"
#include "shared/jpeg/markers.h"

enum { COMPONENTS_MAX = 3, TABLES = 4, BLOCKS_MAX = 10 /* in an MCU; T.81, B.2.3 */ };

/* One table each for DC and AC. */
struct component {
    uint8_t id, h, v, quantization;
};

struct reader {
    const uint8_t *data;
    size_t size, at;
    const struct picture *picture;
    struct camera_jpeg *jpeg;
    const char *why;
    /* What was read so far; tables as bits. */
    uint8_t quantization, dc, ac;
    uint8_t frame; /* SOF0 or SOF1, 0: there was none */
    unsigned components, restart_interval;
    struct component component[COMPONENTS_MAX];
};

/* Of all components: samples beside and above one another in an MCU. */
static void largest(const struct reader *reader, unsigned *h, unsigned *v)
{
    *h = *v = 1;
    for (unsigned i = 0; i < reader->components; i++) {
        *h = reader->component[i].h > *h ? reader->component[i].h : *h;
        *v = reader->component[i].v > *v ? reader->component[i].v : *v;
    }
}

static bool refuse(struct reader *reader, const char *why)
{
    reader->why = why;
    return false;
}

/* Of DQT: tables of 64 values, of one or two bytes each (B.2.4.1). */
static bool read_quantization(struct reader *reader, const uint8_t *at, size_t size)
{
    while (size > 0) {
        size_t table = 1 + 64 * (size_t)(1 + (at[0] >> 4));
        if (at[0] >> 4 > 1 || (at[0] & 15) >= TABLES || size < table)
            return refuse(reader, "a quantization table is damaged");
        reader->quantization |= (uint8_t)(1u << (at[0] & 15));
        at += table;
        size -= table;
    }
    return true;
}

/* Whether the numbers of codes of each length make a prefix code (C.2), and how many there are. */
static bool count_codes(const uint8_t lengths[16], unsigned *codes)
{
    unsigned space = 1;
    *codes = 0;
    for (unsigned i = 0; i < 16; i++) {
        space *= 2;
        if (lengths[i] > 0 && lengths[i] >= space) /* all bits set is none */
            return false;
        space -= lengths[i];
        *codes += lengths[i];
    }
    return *codes <= 256;
}

/* Of DHT: tables of the number of codes of each length, and their values (B.2.4.2). */
static bool read_huffman(struct reader *reader, const uint8_t *at, size_t size)
{
    while (size > 0) {
        unsigned codes;
        if (size < 17 || at[0] >> 4 > 1 || (at[0] & 15) >= TABLES || !count_codes(at + 1, &codes) ||
            size < 17 + codes)
            return refuse(reader, "a Huffman table is damaged");
        for (unsigned i = 0; i < codes && at[0] >> 4 == 0; i++)
            if (at[17 + i] > 15)
                return refuse(reader, "a Huffman table is damaged");
        uint8_t *tables = at[0] >> 4 ? &reader->ac : &reader->dc;
        *tables |= (uint8_t)(1u << (at[0] & 15));
        at += 17 + codes;
        size -= 17 + codes;
    }
    return true;
}

/* Of SOF (B.2.2): the components. Decoders need samples of whole numbers of pixels. */
static bool read_components(struct reader *reader, const uint8_t *at)
{
    unsigned blocks = 0, h, v;
    for (unsigned i = 0; i < reader->components; i++, at += 3) {
        struct component *to = &reader->component[i];
        *to = (struct component){ at[0], at[1] >> 4, at[1] & 15, at[2] };
        if (to->h < 1 || to->h > 4 || to->v < 1 || to->v > 4 || to->quantization >= TABLES)
            return false;
        for (unsigned k = 0; k < i; k++)
            if (reader->component[k].id == to->id)
                return false;
        blocks += (unsigned)to->h * to->v;
    }
    largest(reader, &h, &v);
    for (unsigned i = 0; i < reader->components; i++)
        if (h % reader->component[i].h || v % reader->component[i].v)
            return false;
    return reader->components == 1 || blocks <= BLOCKS_MAX;
}

static bool read_frame(struct reader *reader, const uint8_t *at, size_t size)
{
    if (reader->frame || size < 6 || (at[5] != 1 && at[5] != 3) || size != 6 + 3u * at[5])
        return refuse(reader, "its frame header is damaged");
    if (at[0] != 8)
        return refuse(reader, "it has not 8 bits a sample");
    if (bytes_load(at + 1, 2) != reader->picture->height ||
        bytes_load(at + 3, 2) != reader->picture->width)
        return refuse(reader, "it is of another size than the stream");
    reader->components = at[5];
    return read_components(reader, at + 6) || refuse(reader, "its frame header is damaged");
}

static bool is_there(uint8_t tables, unsigned index)
{
    return tables >> index & 1;
}

/* Of SOS (B.2.3): one scan has all there is. */
static bool read_scan(struct reader *reader, const uint8_t *at, size_t size)
{
    static const uint8_t sequential[] = { 0, 63, 0 };
    struct camera_jpeg *jpeg = reader->jpeg;
    unsigned count = reader->components;
    if (!reader->frame || size < 1 || at[0] != count || size != 4 + 2 * (size_t)count ||
        memcmp(at + 1 + 2 * (size_t)count, sequential, sizeof(sequential)) != 0)
        return refuse(reader, "its scan header is damaged, or it has several scans");
    for (unsigned i = 0; i < count; i++) {
        unsigned dc = at[2 + 2 * i] >> 4, ac = at[2 + 2 * i] & 15;
        unsigned tables = reader->frame == MARKER_SOF0 ? 2 : TABLES;
        if (at[1 + 2 * i] != reader->component[i].id || dc >= tables || ac >= tables)
            return refuse(reader, "its scan header is damaged");
        if (!is_there(reader->quantization, reader->component[i].quantization))
            return refuse(reader, "it lacks a quantization table");
        if ((dc > 1 && !is_there(reader->dc, dc)) || (ac > 1 && !is_there(reader->ac, ac)))
            return refuse(reader, "it lacks a Huffman table");
        jpeg->missing_dc |= (uint8_t)((1u << dc) & ~reader->dc);
        jpeg->missing_ac |= (uint8_t)((1u << ac) & ~reader->ac);
    }
    return true;
}

/* Of APP0 and APP14: JFIF's revision (T.871, 10.1), and Adobe's colour transform. Decoders
 * take unknown values for damage. */
static bool read_application(struct reader *reader, uint8_t marker, const uint8_t *at, size_t size)
{
    bool is_jfif = marker == MARKER_APP0 && size >= 14 && memcmp(at, "JFIF", 5) == 0;
    bool is_adobe = marker == MARKER_APP14 && size >= 12 && memcmp(at, "Adobe", 5) == 0;
    if ((is_jfif && at[5] != 1) || (is_adobe && at[11] > 1))
        return refuse(reader, "its header is damaged");
    return true;
}

static bool read_segment(struct reader *reader, const struct jpeg_segment *segment)
{
    uint8_t marker = segment->marker;
    const uint8_t *at = segment->content;
    size_t size = segment->size;
    if (marker == MARKER_DQT)
        return read_quantization(reader, at, size);
    if (marker == MARKER_DHT)
        return read_huffman(reader, at, size);
    if (marker == MARKER_SOF0 || marker == MARKER_SOF1) {
        if (!read_frame(reader, at, size))
            return false;
        reader->frame = marker;
        return true;
    }
    if (marker == MARKER_DRI) {
        if (size != 2)
            return refuse(reader, "its restart interval is damaged");
        reader->restart_interval = (unsigned)bytes_load(at, 2);
        return true;
    }
    if (marker == MARKER_SOS)
        return read_scan(reader, at, size);
    if (marker >= MARKER_APP0 && marker <= MARKER_APP15)
        return read_application(reader, marker, at, size);
    if (marker == MARKER_COM)
        return true;
    return refuse(reader, "it has a marker that has no place in a baseline JPEG");
}

/* Up to the end of the scan's header. */
static bool read_header(struct reader *reader)
{
    struct jpeg_segment segment;
    do {
        int error = jpeg_read_segment(reader->data, reader->size, &reader->at, &segment);
        if (error)
            return refuse(reader, error == -ENODATA ? "it is cut off in its header"
                                                    : "its header is damaged");
        reader->jpeg->scan = segment.offset;
        if (!read_segment(reader, &segment))
            return false;
    } while (segment.marker != MARKER_SOS);
    return true;
}

/* How many restart markers the picture should have (B.2.4.4). */
static unsigned restarts(const struct reader *reader)
{
    unsigned h, v;
    largest(reader, &h, &v);
    if (reader->components == 1) /* one block each, whatever its sampling (A.2.2) */
        h = v = 1;
    unsigned columns = (reader->picture->width + 8 * h - 1) / (8 * h);
    unsigned rows = (reader->picture->height + 8 * v - 1) / (8 * v);
    unsigned interval = reader->restart_interval;
    return interval ? (columns * rows - 1) / interval : 0;
}

/* From the scan's header to EOI. */
static bool read_codes(struct reader *reader)
{
    unsigned expected = restarts(reader), found = 0;
    int marker;
    while ((marker = jpeg_find_marker(reader->data, reader->size, &reader->at)) != MARKER_EOI) {
        if (marker < 0)
            return refuse(reader, "it is cut off");
        if (marker < MARKER_RST0 || marker > MARKER_RST7)
            return refuse(reader, "it is damaged");
        if (marker != (int)(MARKER_RST0 + found++ % 8) || found > expected + 1)
            return refuse(reader, "a part of the picture is missing");
    }
    reader->jpeg->end = reader->at;
    /* Some end in a restart marker that nothing follows: every decoder accepts that. */
    if (found != expected && (expected == 0 || found != expected + 1))
        return refuse(reader, "a part of the picture is missing");
    return true;
}

/* To behind SOI. */
static bool skip_padding(struct reader *reader)
{
    const uint8_t *data = reader->data;
    size_t at = 0;
    while (at + 2 <= reader->size && !(data[at] == 0xFF && data[at + 1] == MARKER_SOI)) {
        if (data[at] != 0 && data[at] != 0xFF)
            break;
        at++;
    }
    if (at + 2 > reader->size || data[at] != 0xFF || data[at + 1] != MARKER_SOI)
        return refuse(reader, "it does not begin as one");
    reader->jpeg->begin = at;
    reader->at = at + 2;
    return true;
}

int camera_jpeg_read(struct camera_jpeg *jpeg, const struct picture *picture, const char **why)
{
    struct reader reader = { .data = picture->planes[0].data,
                             .size = picture->planes[0].size,
                             .picture = picture,
                             .jpeg = jpeg };
    *jpeg = (struct camera_jpeg){ 0 };
    if (skip_padding(&reader) && read_header(&reader) && read_codes(&reader))
        return 0;
    *why = reader.why;
    return -EBADMSG;
}
