/*
 * Buffers of one and of several planes, in one and in several files, and the pictures in them.
 */
#include "device/camera/buffer_map.h"

#include <errno.h>
#include <linux/dma-buf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { WIDTH = 18, HEIGHT = 17, STRIDE = 32, LUMA = STRIDE * HEIGHT, CHROMA = 16 * 9 };

/* The driver: counts the calls, and may interrupt some. */
static unsigned starts, ends, interrupts;
static int sync_failure;
int __wrap_ioctl(int fd, unsigned long request, void *argument);

int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
    const struct dma_buf_sync *sync = argument;
    assert_true(fd >= 0);
    assert_int_equal(request, DMA_BUF_IOCTL_SYNC);
    if (interrupts > 0) {
        errno = interrupts-- % 2 ? EINTR : EAGAIN;
        return -1;
    }
    starts += sync->flags == (DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
    ends += sync->flags == (DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
    errno = sync_failure;
    return sync_failure ? -1 : 0;
}

/* A file whose byte at an offset is that offset. */
static int make_file(size_t size)
{
    uint8_t bytes[4096];
    int fd = memfd_create("buffer", MFD_CLOEXEC);
    assert_true(fd >= 0 && size <= sizeof(bytes));
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i % 251);
    assert_int_equal(write(fd, bytes, size), size);
    return fd;
}

static struct picture make_picture(enum pixel_format format)
{
    return (struct picture){ .format = format, .width = WIDTH, .height = HEIGHT };
}

static void check_plane(const struct picture *picture, unsigned plane, size_t offset, size_t stride,
                        size_t size)
{
    assert_int_equal(*picture->planes[plane].data, offset % 251);
    assert_int_equal(picture->planes[plane].stride, stride);
    assert_int_equal(picture->planes[plane].size, size);
}

static void one_plane_with_all_of_the_picture(void **state)
{
    (void)state;
    int fd = make_file(4096);
    const struct buffer_plane plane = { fd, 100, LUMA + 2 * CHROMA + 5 };
    struct picture picture = make_picture(PIXEL_YUV420);
    struct buffer_map map;
    assert_int_equal(buffer_map_open(&map, &plane, 1), 0);
    assert_int_equal(buffer_map_describe(&map, STRIDE, &picture), 0);
    check_plane(&picture, 0, 100, STRIDE, plane.length);
    check_plane(&picture, 1, 100 + LUMA, STRIDE / 2, 2 * CHROMA + 5);
    check_plane(&picture, 2, 100 + LUMA + CHROMA, STRIDE / 2, CHROMA + 5);
    picture = make_picture(PIXEL_NV12);
    assert_int_equal(buffer_map_describe(&map, STRIDE, &picture), 0);
    check_plane(&picture, 1, 100 + LUMA, STRIDE, 2 * CHROMA + 5);
    picture = make_picture(PIXEL_GREY);
    assert_int_equal(buffer_map_describe(&map, STRIDE, &picture), 0);
    check_plane(&picture, 0, 100, STRIDE, plane.length);
    buffer_map_close(&map);
    close(fd);
}

static void planes_in_one_file_and_in_several(void **state)
{
    (void)state;
    int one = make_file(4096), other = make_file(4096);
    for (int shared = 0; shared < 2; shared++) {
        const struct buffer_plane planes[] = { { one, 0, LUMA },
                                               { shared ? one : other, 1000, CHROMA },
                                               { one, 2000, CHROMA } };
        struct picture picture = make_picture(PIXEL_YUV420);
        struct buffer_map map;
        assert_int_equal(buffer_map_open(&map, planes, 3), 0);
        assert_int_equal(map.file_count, shared ? 1 : 2);
        assert_int_equal(map.files[0].size, 2000 + CHROMA);
        assert_int_equal(buffer_map_describe(&map, STRIDE, &picture), 0);
        check_plane(&picture, 0, 0, STRIDE, LUMA);
        check_plane(&picture, 1, 1000, STRIDE / 2, CHROMA);
        check_plane(&picture, 2, 2000, STRIDE / 2, CHROMA);
        buffer_map_close(&map);
    }
    close(one);
    close(other);
}

static void pictures_that_do_not_fit(void **state)
{
    (void)state;
    int fd = make_file(4096);
    const struct buffer_plane planes[] = { { fd, 0, LUMA }, { fd, LUMA, CHROMA } };
    const struct buffer_plane small = { fd, 0, LUMA + 2 * CHROMA - 8 };
    struct picture picture = make_picture(PIXEL_YUV420);
    struct buffer_map map;
    assert_int_equal(buffer_map_open(&map, planes, 2), 0);
    assert_int_equal(buffer_map_describe(&map, STRIDE, &picture), -EINVAL); /* a plane too few */
    buffer_map_close(&map);
    assert_int_equal(buffer_map_open(&map, &small, 1), 0);
    assert_int_equal(buffer_map_describe(&map, STRIDE, &picture), -EINVAL);
    /* The second plane ends within its last row's padding: nothing is left for the third. */
    struct buffer_map cut = map;
    cut.planes[0].length = LUMA + CHROMA - 7;
    assert_int_equal(buffer_map_describe(&cut, STRIDE, &picture), -EINVAL);
    /* Not even the first plane fits. */
    assert_int_equal(buffer_map_describe(&map, 4096, &picture), -EINVAL);
    assert_int_equal(buffer_map_describe(&map, SIZE_MAX / 64, &picture), -EINVAL);
    buffer_map_close(&map);
    assert_int_equal(buffer_map_describe(&map, STRIDE, &picture), -EINVAL); /* nothing is mapped */
    close(fd);
}

static void buffers_that_can_not_be_mapped(void **state)
{
    (void)state;
    int fd = make_file(4096);
    const struct buffer_plane closed[] = { { fd, 0, 64 }, { -1, 0, 64 } };
    const struct buffer_plane endless = { fd, SIZE_MAX - 10, 64 };
    const struct buffer_plane many[BUFFER_PLANES_MAX + 1] = { { fd, 0, 64 } };
    struct buffer_map map;
    assert_int_equal(buffer_map_open(&map, closed, 2), -EBADF);
    assert_int_equal(map.file_count, 0);
    assert_int_equal(buffer_map_open(&map, &endless, 1), -EINVAL);
    assert_int_equal(buffer_map_open(&map, many, BUFFER_PLANES_MAX + 1), -EINVAL);
    buffer_map_close(&map);
    close(fd);
}

static void reads_are_announced(void **state)
{
    (void)state;
    int one = make_file(4096), other = make_file(4096);
    const struct buffer_plane planes[] = { { one, 0, 64 }, { one, 64, 64 }, { other, 0, 64 } };
    struct buffer_map map;
    assert_int_equal(buffer_map_open(&map, planes, 3), 0);
    starts = ends = 0;
    interrupts = 4;
    buffer_map_begin_read(&map);
    assert_int_equal(interrupts, 0);
    assert_int_equal(starts, 2);
    sync_failure = ENOTTY; /* no dma-buf */
    buffer_map_end_read(&map);
    sync_failure = 0;
    assert_int_equal(starts, 2);
    assert_int_equal(ends, 2);
    buffer_map_close(&map);
    close(one);
    close(other);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_plane_with_all_of_the_picture),
        cmocka_unit_test(planes_in_one_file_and_in_several),
        cmocka_unit_test(pictures_that_do_not_fit),
        cmocka_unit_test(buffers_that_can_not_be_mapped),
        cmocka_unit_test(reads_are_announced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
