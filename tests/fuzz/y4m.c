/*
 * A Y4M file, whatever is in it: its header says what the same header written by us says, and each
 * picture of a file that was taken lies in memory to its last byte, also where the file becomes
 * shorter once it is open.
 *
 * The input: whether it is replayed, how long it is by then (3 bytes), the file.
 */
#include "device/camera/y4m_format.h"

#include <errno.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device/camera/y4m.h"
#include "device/image/picture.h"
#include "fuzz.h"
#include "shared/base/log.h"

/* A file's frames are read again from its start, so a few captures see all that there is. */
enum { CAPTURES = 4 };

struct watcher {
    sem_t done, stop; /* all was seen; the source may go on, to be stopped */
    unsigned captures;
    bool ended;
};

static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0)
        CHECK(errno == EINTR);
}

static void on_frame(void *user, struct raw_frame *capture)
{
    struct watcher *watcher = user;
    const struct picture *picture = &capture->picture;
    CHECK(!watcher->ended && picture_check(picture) == 0);
    for (unsigned c = 0; c < picture_sampling(picture->format).components; c++)
        free(copy_of(picture->planes[c].data, picture->planes[c].size));
    raw_frame_release(capture);
    watcher->captures++;
    if (watcher->captures == CAPTURES) {
        sem_post(&watcher->done);
        wait_for(&watcher->stop);
    } else if (watcher->captures > CAPTURES) {
        usleep(20); /* it is being stopped: without it, it would fill the processor until then */
    }
}

static void on_lost(void *user, uint32_t sequence, enum wire_drop_reason reason)
{
    (void)user;
    (void)sequence;
    CHECK(reason == WIRE_DROP_NO_BUFFER);
}

static void on_end(void *user, int error)
{
    struct watcher *watcher = user;
    CHECK(error < 0 && !watcher->ended);
    watcher->ended = true;
    sem_post(&watcher->done);
}

static void replay(struct camera *camera, int fd, size_t size_then)
{
    struct watcher watcher = { .captures = 0 };
    const struct camera_run run = {
        .sink = { .on_frame = on_frame, .on_lost = on_lost, .on_end = on_end, .user = &watcher }
    };
    struct camera_mode mode;
    struct error error;
    sem_init(&watcher.done, 0, 0);
    sem_init(&watcher.stop, 0, 0);
    CHECK(ftruncate(fd, (off_t)size_then) == 0);
    CHECK(camera_y4m.start(camera, &run, &mode, &error) == 0);
    wait_for(&watcher.done);
    sem_post(&watcher.stop);
    camera_y4m.stop(camera);
    sem_destroy(&watcher.done);
    sem_destroy(&watcher.stop);
}

static void check_file(const uint8_t *bytes, size_t size, bool is_replayed, size_t size_then)
{
    static int fd = -1;
    static char path[32];
    if (fd < 0) {
        fd = memfd_create("y4m", MFD_CLOEXEC);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    }
    CHECK(ftruncate(fd, 0) == 0);
    CHECK(pwrite(fd, bytes, size, 0) == (ssize_t)size);
    struct camera *camera;
    struct camera_request request = { .unpaced = true };
    struct error error = { "" };
    int result = camera_y4m.open(&camera, path, &request, &error);
    CHECK(!result == !error.text[0] && !result == (camera != NULL));
    if (!result && is_replayed)
        replay(camera, fd, size_then < size ? size_then : size);
    camera_y4m.close(&camera);
}

/* Returns the size of a frame, 0 if the header was refused. */
static size_t check_header(const char *line)
{
    static const char *const colours[] = { "420jpeg", "422", "444", "mono" };
    struct y4m_header header, again;
    struct picture picture;
    char written[Y4M_LINE_MAX];
    struct error error = { "" };
    size_t offsets[3], frame_size;
    if (y4m_parse_header(line, &header, &error)) {
        CHECK(error.text[0]);
        return 0;
    }
    CHECK(header.format <= PIXEL_GREY && header.fps >= 0.001 && header.fps <= 10000);
    y4m_layout(&header, &picture, offsets, &frame_size);
    for (unsigned c = 0; c < picture_sampling(header.format).components; c++) {
        CHECK(offsets[c] + picture.planes[c].size <= frame_size);
        picture.planes[c].data = (const uint8_t *)"";
    }
    CHECK(picture_check(&picture) == 0);
    snprintf(written, sizeof(written), "YUV4MPEG2 W%u H%u F%.0f:1000000 C%s XCOLORRANGE=%s",
             header.width, header.height, header.fps * 1e6, colours[header.format],
             header.limited_range ? "LIMITED" : "FULL");
    CHECK(y4m_parse_header(written, &again, &error) == 0);
    CHECK(again.width == header.width && again.height == header.height &&
          again.format == header.format && again.limited_range == header.limited_range);
    return frame_size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    log_setup("fuzz", LOG_LEVEL_ERROR);
    struct input input = { data, size };
    bool is_replayed = input_number(&input, 1) & 1;
    size_t size_then = (size_t)input_number(&input, 3);
    const uint8_t *end = memchr(input.at, '\n', input.left);
    struct input head = { input.at, end ? (size_t)(end - input.at) : input.left };
    char *line = input_text(&head);
    size_t frame_size = check_header(line);
    free(line);
    /* A frame that is not there is looked for once in memory of its size, and that takes time. */
    if (frame_size <= 2 * input.left + 4096)
        check_file(input.at, input.left, is_replayed, size_then);
    return 0;
}
