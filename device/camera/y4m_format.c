#include "device/camera/y4m_format.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(struct error *error, const char *what, const char *word)
{
    return error_set(error, -EINVAL, "%s '%.40s'", what, word);
}

static int parse_side(const char *text, unsigned *side)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || value < PICTURE_MIN_SIDE || value > PICTURE_MAX_SIDE)
        return -EINVAL;
    *side = (unsigned)value;
    return 0;
}

static int parse_rate(const char *text, double *fps)
{
    unsigned long over, under;
    char rest;
    if (strchr(text, '-') || sscanf(text, "%lu:%lu%c", &over, &under, &rest) != 2 || under == 0)
        return -EINVAL;
    *fps = (double)over / (double)under;
    return *fps >= 0.001 && *fps <= 10000 ? 0 : -EINVAL;
}

static int parse_colour(const char *text, struct y4m_header *header)
{
    static const struct {
        const char *name;
        enum pixel_format format;
    } known[] = {
        { "420jpeg", PIXEL_YUV420 },  { "420", PIXEL_YUV420 }, { "420mpeg2", PIXEL_YUV420 },
        { "420paldv", PIXEL_YUV420 }, { "422", PIXEL_YUV422 }, { "444", PIXEL_YUV444 },
        { "mono", PIXEL_GREY },
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(text, known[i].name) == 0) {
            header->format = known[i].format;
            return 0;
        }
    return -EINVAL;
}

int y4m_parse_header(const char *line, struct y4m_header *header, struct error *error)
{
    char copy[Y4M_LINE_MAX];
    *header = (struct y4m_header){ .format = PIXEL_YUV420, .fps = 30, .limited_range = true };
    if (strlen(line) >= sizeof(copy) || strncmp(line, "YUV4MPEG2 ", 10) != 0)
        return fail(error, "the first line does not begin with YUV4MPEG2 but", line);
    strcpy(copy, line + 10);
    for (char *save, *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        if (word[0] == 'W' && parse_side(word + 1, &header->width))
            return fail(error, "unusable width", word);
        if (word[0] == 'H' && parse_side(word + 1, &header->height))
            return fail(error, "unusable height", word);
        if (word[0] == 'F' && strcmp(word, "F0:0") != 0 && parse_rate(word + 1, &header->fps))
            return fail(error, "unusable frame rate", word);
        if (word[0] == 'C' && parse_colour(word + 1, header))
            return fail(error, "unsupported colour space", word);
        if (word[0] == 'I' && strcmp(word, "Ip") != 0 && strcmp(word, "I?") != 0)
            return fail(error, "unsupported interlacing", word);
        if (strncmp(word, "XCOLORRANGE=", 12) == 0)
            header->limited_range = strcmp(word + 12, "FULL") != 0;
    }
    if (!header->width || !header->height)
        return fail(error, "width or height is missing in", line);
    return 0;
}

void y4m_layout(const struct y4m_header *header, struct picture *picture, size_t offsets[3],
                size_t *frame_size)
{
    *picture = (struct picture){
        .format = header->format,
        .width = header->width,
        .height = header->height,
        .limited_range = header->limited_range,
    };
    *frame_size = 0;
    for (unsigned i = 0; i < picture_planes(header->format); i++) {
        size_t row = picture_row(picture, i), size = row * picture_rows(picture, i);
        picture->planes[i] = (struct plane){ NULL, row, size };
        offsets[i] = *frame_size;
        *frame_size += size;
    }
}
