#include "host/sinks/window/picture.h"

#include <errno.h>
#include <inttypes.h>

#include "shared/base/clock.h"
#include "shared/base/log.h"

#define COMPLAINT_PERIOD CLOCK_SECOND

int window_picture_init(struct window_picture *picture)
{
    picture->decoder = jpeg_parallel_create(0);
    return picture->decoder ? 0 : -ENOMEM;
}

void window_picture_destroy(struct window_picture *picture)
{
    jpeg_parallel_destroy(picture->decoder);
    picture->decoder = NULL;
}

/* One line a second at most, whatever comes in. */
static void complain(struct window_picture *picture, const struct pitether_frame *frame,
                     const char *what)
{
    uint64_t now = clock_monotonic();
    if (now < picture->next_complaint) {
        picture->complaints_muted++;
        return;
    }
    if (picture->complaints_muted > 0)
        log_warning("frame %" PRIu64 " can't be shown: %s (%u more since the last such line)",
                    frame->id, what, picture->complaints_muted);
    else
        log_warning("frame %" PRIu64 " can't be shown: %s", frame->id, what);
    picture->complaints_muted = 0;
    picture->next_complaint = now + COMPLAINT_PERIOD;
}

static const char *decode_error(int error)
{
    switch (error) {
    case -EFBIG:
        return "the JPEG is too large";
    case -ENOMEM:
        return "out of memory";
    default:
        return "the JPEG is damaged, of a kind that isn't known, or of another size than said";
    }
}

bool window_picture_set(struct window_picture *picture, struct canvas *canvas,
                        const struct pitether_frame *frame, uint64_t *decoded_ns)
{
    struct jpeg_planes planes;
    int error = jpeg_parallel_decode(picture->decoder, frame->data, frame->size, frame->width,
                                     frame->height, &planes);
    if (error) {
        complain(picture, frame, decode_error(error));
        return false;
    }
    *decoded_ns = clock_monotonic();
    error = canvas_set_picture(canvas, &planes);
    if (error == -EIO)
        complain(picture, frame, SDL_GetError());
    return error == 0;
}
