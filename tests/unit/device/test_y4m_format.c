/*
 * Y4M headers, and where the planes of their frames lie.
 */
#include "device/camera/y4m_format.h"

#include <errno.h>
#include <string.h>

#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void good_headers(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        struct y4m_header header;
    } cases[] = {
        { "YUV4MPEG2 W640 H480 F30:1 Ip A1:1 C420jpeg", { PIXEL_YUV420, 640, 480, 30, true } },
        { "YUV4MPEG2 W640 H480", { PIXEL_YUV420, 640, 480, 30, true } },
        { "YUV4MPEG2 H480 W640 F25:1 C420", { PIXEL_YUV420, 640, 480, 25, true } },
        { "YUV4MPEG2 W16 H16383 F30000:1001 C420mpeg2",
          { PIXEL_YUV420, 16, 16383, 30000.0 / 1001, true } },
        { "YUV4MPEG2 W17 H19 F0:0 C420paldv", { PIXEL_YUV420, 17, 19, 30, true } },
        { "YUV4MPEG2 W64 H64 F1:1000 C422 I?", { PIXEL_YUV422, 64, 64, 0.001, true } },
        { "YUV4MPEG2 W64 H64 F10000:1 C444", { PIXEL_YUV444, 64, 64, 10000, true } },
        { "YUV4MPEG2 W64 H64 F10:1 Cmono", { PIXEL_GREY, 64, 64, 10, true } },
        { "YUV4MPEG2 W64 H64 F10:1 C444 XCOLORRANGE=FULL", { PIXEL_YUV444, 64, 64, 10, false } },
        { "YUV4MPEG2 W64 H64 F10:1 XCOLORRANGE=FULL C420", { PIXEL_YUV420, 64, 64, 10, false } },
        { "YUV4MPEG2 W64 H64 C420jpeg XYSCSS=420JPEG XCOLORRANGE=LIMITED",
          { PIXEL_YUV420, 64, 64, 30, true } },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct y4m_header header;
        struct error error;
        if (y4m_parse_header(cases[i].line, &header, &error))
            fail_msg("'%s': %s", cases[i].line, error.text);
        assert_int_equal(header.format, cases[i].header.format);
        assert_int_equal(header.width, cases[i].header.width);
        assert_int_equal(header.height, cases[i].header.height);
        assert_true(header.fps == cases[i].header.fps);
        assert_int_equal(header.limited_range, cases[i].header.limited_range);
    }
}

static void bad_headers(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "YUV4MPEG2",
        "YUV4MPEG W64 H64",
        "yuv4mpeg2 W64 H64",
        "RIFF....",
        "YUV4MPEG2 ",
        "YUV4MPEG2 W64",
        "YUV4MPEG2 H64",
        "YUV4MPEG2 W H64",
        "YUV4MPEG2 W15 H64",
        "YUV4MPEG2 W64 H15",
        "YUV4MPEG2 W16384 H64",
        "YUV4MPEG2 W-64 H64",
        "YUV4MPEG2 W+64 H64",
        "YUV4MPEG2 W64x H64",
        "YUV4MPEG2 W99999999999999999999 H64",
        "YUV4MPEG2 W64 H64 F",
        "YUV4MPEG2 W64 H64 F30",
        "YUV4MPEG2 W64 H64 F30:0",
        "YUV4MPEG2 W64 H64 F0:1",
        "YUV4MPEG2 W64 H64 F-30:1",
        "YUV4MPEG2 W64 H64 F10001:1",
        "YUV4MPEG2 W64 H64 F1:1001",
        "YUV4MPEG2 W64 H64 F30:1x",
        "YUV4MPEG2 W64 H64 F30:-1",
        "YUV4MPEG2 W64 H64 C",
        "YUV4MPEG2 W64 H64 C420p10",
        "YUV4MPEG2 W64 H64 C411",
        "YUV4MPEG2 W64 H64 C444alpha",
        "YUV4MPEG2 W64 H64 Cmono16",
        "YUV4MPEG2 W64 H64 It",
        "YUV4MPEG2 W64 H64 Ib",
        "YUV4MPEG2 W64 H64 Im",
    };
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct y4m_header header;
        struct error error = { "" };
        if (y4m_parse_header(lines[i], &header, &error) != -EINVAL)
            fail_msg("'%s' was taken", lines[i]);
        assert_true(*error.text);
    }
    char line[2 * Y4M_LINE_MAX];
    struct error error;
    struct y4m_header header;
    memset(line, ' ', sizeof(line));
    memcpy(line, "YUV4MPEG2 W64 H64", 17);
    line[Y4M_LINE_MAX - 1] = '\0';
    assert_int_equal(y4m_parse_header(line, &header, &error), 0);
    line[Y4M_LINE_MAX - 1] = ' ';
    line[Y4M_LINE_MAX] = '\0';
    assert_int_equal(y4m_parse_header(line, &header, &error), -EINVAL);
}

static void layouts_hold_the_planes(void **state)
{
    (void)state;
    static const struct {
        enum pixel_format format;
        size_t offsets[3], frame_size;
    } cases[] = {
        { PIXEL_YUV420, { 0, 17 * 19, 17 * 19 + 9 * 10 }, 17 * 19 + 2 * 9 * 10 },
        { PIXEL_YUV422, { 0, 17 * 19, 17 * 19 + 9 * 19 }, 17 * 19 + 2 * 9 * 19 },
        { PIXEL_YUV444, { 0, 17 * 19, 2 * 17 * 19 }, 3 * 17 * 19 },
        { PIXEL_GREY, { 0, 0, 0 }, 17 * 19 },
    };
    static const uint8_t byte;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct y4m_header header = { cases[i].format, 17, 19, 1, true };
        struct picture picture;
        size_t offsets[3] = { 0 }, frame_size;
        y4m_layout(&header, &picture, offsets, &frame_size);
        assert_int_equal(frame_size, cases[i].frame_size);
        assert_memory_equal(offsets, cases[i].offsets, sizeof(offsets));
        assert_true(picture.limited_range);
        for (unsigned c = 0; c < 3; c++)
            picture.planes[c].data = &byte;
        assert_int_equal(picture_check(&picture), 0);
        picture.planes[0].size--;
        assert_int_equal(picture_check(&picture), -EINVAL);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_headers),
        cmocka_unit_test(bad_headers),
        cmocka_unit_test(layouts_hold_the_planes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
