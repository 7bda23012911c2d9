/*
 * The format (yuv4mpeg(5) of mjpegtools): a line "YUV4MPEG2 W<width> H<height> F<num>:<den> ...
 * C<colour space> X<extension>", then for each frame a line "FRAME ..." and the planes.
 */
#include "device/camera/y4m.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device/camera/pacer.h"
#include "device/camera/y4m_format.h"
#include "shared/base/log.h"
#include "shared/base/text.h"

/* Files up to this size are kept in memory, so that replaying them costs no more than a camera's
 * buffers do; longer ones are read frame by frame. */
#define KEPT_MAX (256l << 20)

struct camera {
    struct pacer pacer; /* first: fill() casts it to the camera */
    uint8_t *kept;      /* all frames, one after the other, or NULL */
    size_t kept_count, kept_next, frame_size;
    struct y4m_header header;
    char *path;
    int fd;
    off_t first, next; /* offsets of FRAME lines */
};

/* Reads size bytes at offset; -ENODATA if the file ends before. */
static int read_at(int fd, void *to, size_t size, off_t offset)
{
    for (char *at = to; size > 0;) {
        ssize_t got = pread(fd, at, size, offset);
        if (got == 0)
            return -ENODATA;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        at += got;
        size -= (size_t)got;
        offset += got;
    }
    return 0;
}

/* Reads a line of text at offset into line (Y4M_LINE_MAX bytes, ended by zero); returns the length
 * with its line feed, 0 at the end of the file, or a negative errno. */
static ssize_t read_line(int fd, char *line, off_t offset)
{
    ssize_t got;
    do
        got = pread(fd, line, Y4M_LINE_MAX - 1, offset);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return got < 0 ? -errno : 0;
    const char *end = memchr(line, '\n', (size_t)got);
    if (!end) /* the file's end, or no text at all */
        return got < Y4M_LINE_MAX - 1 ? -ENODATA : -EBADMSG;
    got = end - line;
    line[got] = '\0';
    return got + 1;
}

/* The frame at camera->next, which moves on. -ENODATA: there is no whole one any more. */
static int read_frame(struct camera *camera, uint8_t *memory)
{
    char line[Y4M_LINE_MAX];
    ssize_t head = read_line(camera->fd, line, camera->next);
    if (head == 0)
        return -ENODATA;
    if (head < 0)
        return (int)head;
    if (strncmp(line, "FRAME", 5) != 0)
        return -EBADMSG;
    int error = read_at(camera->fd, memory, camera->frame_size, camera->next + head);
    if (!error)
        camera->next += head + (off_t)camera->frame_size;
    return error;
}

static int fill(struct pacer *pacer, struct pacer_buffer *buffer, uint32_t sequence)
{
    struct camera *camera = (struct camera *)pacer;
    if (camera->kept) {
        const uint8_t *frame = camera->kept + camera->kept_next * camera->frame_size;
        camera->kept_next = (camera->kept_next + 1) % camera->kept_count;
        for (unsigned c = 0; c < 3; c++)
            buffer->frame.picture.planes[c].data = frame + pacer->outputs[0].offsets[c];
        return 0;
    }
    int error = read_frame(camera, buffer->memory);
    if (error == -ENODATA && camera->next != camera->first) {
        camera->next = camera->first;
        error = read_frame(camera, buffer->memory);
    }
    if (error)
        log_warning("%s: frame %u at byte %lld can't be read: %s", camera->path, sequence,
                    (long long)camera->next,
                    error == -EBADMSG   ? "no FRAME line where one is expected"
                    : error == -ENODATA ? "the file has become too short"
                                        : strerror(-error));
    return error;
}

static int open_file(struct camera *self, const char *path, struct error *error)
{
    char line[Y4M_LINE_MAX];
    struct error why;
    self->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    /* O_NONBLOCK: a FIFO would be waited for. */
    if (self->fd < 0 || fstat(self->fd, &status)) {
        int code = errno;
        return error_set(error, -code, "can't open %.160s: %s", path, strerror(code));
    }
    if (!S_ISREG(status.st_mode))
        return error_set(error, -EINVAL, "%.200s is not a regular file: it can't be looped", path);
    ssize_t head = read_line(self->fd, line, 0);
    if (head <= 0 || y4m_parse_header(line, &self->header, &why))
        return error_set(error, -EINVAL, "%.120s is not a usable Y4M file: %s", path,
                         head <= 0 ? "it has no header line" : why.text);
    self->first = self->next = head;
    return 0;
}

/* Reads all frames, of which there is at least one, into memory if they are not too many. */
static void keep_frames(struct camera *self)
{
    struct stat status;
    if (fstat(self->fd, &status) || status.st_size > KEPT_MAX)
        return;
    size_t max = (size_t)(status.st_size - self->first) / self->frame_size;
    self->kept = malloc(max * self->frame_size);
    if (!self->kept)
        return;
    while (self->kept_count < max &&
           read_frame(self, self->kept + self->kept_count * self->frame_size) == 0)
        self->kept_count++;
    self->next = self->first;
    if (self->kept_count == max) {
        self->pacer.outputs[0].frame_size = 1; /* the buffers only point into what is kept */
        return;
    }
    /* The file is broken further on: reading it frame by frame will report where. */
    free(self->kept);
    self->kept = NULL;
}

static int check_first_frame(struct camera *self, const char *path, struct error *error)
{
    uint8_t *memory = malloc(self->frame_size);
    int result = memory ? read_frame(self, memory) : -ENOMEM;
    free(memory);
    self->next = self->first;
    if (result == 0)
        return 0;
    if (result == -ENOMEM)
        return error_set(error, result, "out of memory for a frame of %.160s", path);
    return error_set(error, -EINVAL, "%.160s is not a usable Y4M file: it has no whole frame",
                     path);
}

static void y4m_close(struct camera **camera)
{
    if (!camera || !*camera)
        return;
    pacer_stop(&(*camera)->pacer);
    pacer_destroy(&(*camera)->pacer);
    if ((*camera)->fd >= 0)
        close((*camera)->fd);
    free((*camera)->kept);
    free((*camera)->path);
    free(*camera);
    *camera = NULL;
}

static int y4m_open(struct camera **camera, const char *argument,
                    const struct camera_request *request, struct error *error)
{
    struct camera *self = *camera = calloc(1, sizeof(*self));
    if (!self || !(self->path = strdup(argument))) {
        free(self);
        *camera = NULL;
        return error_set(error, -ENOMEM, "out of memory");
    }
    pacer_init(&self->pacer);
    int result = open_file(self, argument, error);
    const struct y4m_header *header = &self->header;
    if (!result && request->width &&
        (request->width != header->width || request->height != header->height))
        result =
            error_set(error, -EINVAL, "%.120s is %ux%u and is not scaled to the requested %ux%u",
                      argument, header->width, header->height, request->width, request->height);
    if (!result) {
        struct pacer_output *output = &self->pacer.outputs[0];
        y4m_layout(header, &output->picture, output->offsets, &self->frame_size);
        output->frame_size = self->frame_size;
        output->picture.hflip = request->hflip;
        output->picture.vflip = request->vflip;
        output->picture.transpose = request->transpose;
        self->pacer.output_count = 1;
        self->pacer.fps = request->fps > 0 ? request->fps : header->fps;
        self->pacer.unpaced = request->unpaced;
        self->pacer.fill = fill;
        result = check_first_frame(self, argument, error);
    }
    if (!result)
        keep_frames(self);
    if (result)
        y4m_close(camera);
    return result;
}

static void describe_mode(const struct camera *camera, struct camera_mode *mode)
{
    *mode = (struct camera_mode){
        .width = camera->header.width,
        .height = camera->header.height,
        .fps = camera->pacer.fps,
        .format = camera->header.format,
    };
    const char *slash = strrchr(camera->path, '/');
    const char *name = slash ? slash + 1 : camera->path;
    text_copy(mode->model, name, strlen(name), WIRE_TEXT_MAX);
    if (camera->pacer.outputs[0].picture.transpose)
        camera_mode_transpose(mode);
}

static int y4m_describe(struct camera *camera, struct camera_description *description,
                        struct error *error)
{
    (void)error;
    *description = (struct camera_description){ .controls = { .items = NULL } };
    describe_mode(camera, &description->mode);
    return 0;
}

static int y4m_start(struct camera *camera, const struct camera_run *run, struct camera_mode *mode,
                     struct error *error)
{
    describe_mode(camera, mode);
    int result = pacer_start(&camera->pacer, &run->sink);
    if (result)
        return error_set(error, result, "out of memory for pictures of %ux%u", mode->width,
                         mode->height);
    return 0;
}

static void y4m_stop(struct camera *camera)
{
    pacer_stop(&camera->pacer);
}

const struct camera_ops camera_y4m = { .open = y4m_open,
                                       .describe = y4m_describe,
                                       .start = y4m_start,
                                       .stop = y4m_stop,
                                       .close = y4m_close };
