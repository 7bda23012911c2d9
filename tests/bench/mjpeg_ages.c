/*
 * Receives any stream of JPEGs over TCP and tells which frame's last byte came when.
 *
 *     mjpeg_ages HOST PORT MILLISECONDS FRAMES
 *
 * Tries until it is connected. Prints "begin" at the first whole frame and "end" so many
 * milliseconds later, or after so many frames, or with the stream; then a line for each frame: its
 * number, the nanoseconds of CLOCK_MONOTONIC, its bytes. What lies between JPEGs (multipart
 * headers) is passed over. The number is read from blocks in the lower left corner, as feed_y4m.py
 * paints them; it is -1 if the frame can't be decoded. Decoding comes after receiving, so as not to
 * disturb.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <jpeglib.h>

#include "device/image/frame_code.h"
#include "shared/base/clock.h"

/* The cells of the frame's number, in the lower left corner; feed_y4m.py paints by the same. */
enum { COLUMNS = 8, ROWS = FRAME_CODE_BITS / COLUMNS, CELL_WIDTH = 32, CELL_HEIGHT = 16 };

enum { FRAMES_MAX = 1 << 16, PIXELS_MAX = 1 << 26, READ_MAX = 1 << 18, PATIENCE_MS = 20000 };

/* All that may be received, so that a stream out of hand ends here. */
static const size_t bytes_max = (size_t)1 << 30;

static struct frame {
    size_t start, end;
    uint64_t time_ns;
} frames[FRAMES_MAX];

static int connect_patiently(const char *host, const char *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
        return -1;
    uint64_t until = clock_monotonic() + PATIENCE_MS * CLOCK_MS;
    while (clock_monotonic() < until) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
            return fd;
        if (fd >= 0)
            close(fd);
        nanosleep(&(struct timespec){ .tv_nsec = 20 * (long)CLOCK_MS }, NULL);
    }
    return -1;
}

/* Looks on from *at for the marker FF `code`; true with *at behind it. In entropy-coded data a FF
 * is followed by 00 or a restart marker, so what is found is SOI or EOI. */
static bool find_marker(const uint8_t *data, size_t size, size_t *at, uint8_t code)
{
    while (*at + 1 < size) {
        const uint8_t *found = memchr(data + *at, 0xff, size - 1 - *at);
        if (!found) {
            *at = size - 1;
            return false;
        }
        *at = (size_t)(found - data) + 1;
        if (data[*at] == code) {
            ++*at;
            return true;
        }
    }
    return false;
}

/* Returns how many frames there are, with their bytes in *data. */
static unsigned receive(int fd, uint64_t duration_ns, unsigned wanted, uint8_t **data)
{
    size_t size = 0, room = 0, at = 0;
    unsigned count = 0;
    bool inside = false;
    uint64_t until = clock_monotonic() + PATIENCE_MS * CLOCK_MS;
    while (count < wanted && size + READ_MAX <= bytes_max) {
        if (room < size + READ_MAX) {
            room = 2 * (size + READ_MAX);
            uint8_t *grown = realloc(*data, room);
            if (!grown)
                break;
            *data = grown;
        }
        uint64_t now = clock_monotonic();
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        if (now >= until || poll(&wait, 1, (int)((until - now) / CLOCK_MS) + 1) <= 0)
            break;
        ssize_t got = recv(fd, *data + size, READ_MAX, 0);
        now = clock_monotonic();
        if (got <= 0)
            break;
        size += (size_t)got;
        while (count < wanted && find_marker(*data, size, &at, inside ? 0xd9 : 0xd8)) {
            inside = !inside;
            if (inside) {
                frames[count].start = at - 2;
                continue;
            }
            frames[count].end = at;
            frames[count].time_ns = now;
            if (count++ == 0) {
                printf("begin\n");
                fflush(stdout);
                until = now + duration_ns;
            }
        }
    }
    printf("end\n");
    fflush(stdout);
    return count;
}

static jmp_buf failed;

static void fail(j_common_ptr info)
{
    (void)info;
    longjmp(failed, 1);
}

/* The frame's number, or -1. */
static int64_t number_of(const uint8_t *data, size_t size)
{
    static uint8_t *luma;
    struct jpeg_error_mgr errors;
    struct jpeg_decompress_struct info = { .err = jpeg_std_error(&errors) };
    errors.error_exit = fail;
    jpeg_create_decompress(&info);
    if (setjmp(failed)) {
        jpeg_destroy_decompress(&info);
        return -1;
    }
    jpeg_mem_src(&info, data, (unsigned long)size);
    jpeg_read_header(&info, TRUE);
    size_t width = info.image_width, height = info.image_height;
    int64_t number = -1;
    uint8_t *grown = width * height <= PIXELS_MAX ? realloc(luma, width * height) : NULL;
    if (grown)
        luma = grown;
    if (grown && width >= COLUMNS * CELL_WIDTH && height >= ROWS * CELL_HEIGHT) {
        info.out_color_space = JCS_GRAYSCALE;
        jpeg_start_decompress(&info);
        while (info.output_scanline < height) {
            JSAMPROW row = luma + info.output_scanline * width;
            jpeg_read_scanlines(&info, &row, 1);
        }
        if (errors.num_warnings == 0)
            number = frame_code_read(&(struct frame_code){ .top = height - ROWS * CELL_HEIGHT,
                                                           .columns = COLUMNS,
                                                           .cell_width = CELL_WIDTH,
                                                           .cell_height = CELL_HEIGHT },
                                     luma, width);
    }
    jpeg_destroy_decompress(&info);
    return number;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: mjpeg_ages HOST PORT MILLISECONDS FRAMES\n");
        return 2;
    }
    unsigned long wanted = strtoul(argv[4], NULL, 10);
    int fd = connect_patiently(argv[1], argv[2]);
    if (fd < 0) {
        fprintf(stderr, "mjpeg_ages: can't connect to %s:%s\n", argv[1], argv[2]);
        return 1;
    }
    uint8_t *data = NULL;
    unsigned count = receive(fd, strtoull(argv[3], NULL, 10) * CLOCK_MS,
                             wanted < FRAMES_MAX ? (unsigned)wanted : FRAMES_MAX, &data);
    close(fd);
    for (unsigned i = 0; i < count; i++) {
        size_t size = frames[i].end - frames[i].start;
        printf("%" PRId64 " %" PRIu64 " %zu\n", number_of(data + frames[i].start, size),
               frames[i].time_ns, size);
    }
    free(data);
    return count == 0;
}
