#include "host/sinks/window/picture.h"

#include <errno.h>
#include <inttypes.h>

#include "shared/base/clock.h"

#define WARNING_PERIOD CLOCK_SECOND

/* One line a second at most, whatever is received. */
static void warn(struct picture *picture, const char *name, const struct pitether_frame *frame,
                 const char *reason)
{
    uint64_t now = clock_monotonic();
    const char *of = name ? name : "", *separator = name ? ": " : "";
    if (now < picture->next_warning) {
        picture->warnings_left_out++;
        return;
    }
    if (picture->warnings_left_out > 0)
        log_warning("%s%sframe %" PRIu64 " can't be shown: %s (%u more since the last such line)",
                    of, separator, frame->id, reason, picture->warnings_left_out);
    else
        log_warning("%s%sframe %" PRIu64 " can't be shown: %s", of, separator, frame->id, reason);
    picture->warnings_left_out = 0;
    picture->next_warning = now + WARNING_PERIOD;
}

static const char *decode_error(int error)
{
    switch (error) {
    case -EFBIG:
        return "the JPEG is too large";
    case -ENOMEM:
        return "out of memory";
    default:
        return "the JPEG is damaged, of an unsupported kind, or not of the declared size";
    }
}

static bool is_oversize(struct picture *picture, const struct canvas *canvas,
                        struct layout_size size)
{
    bool oversize = (canvas->max_width && size.width > canvas->max_width) ||
                    (canvas->max_height && size.height > canvas->max_height);
    if (oversize &&
        (size.width != picture->oversize.width || size.height != picture->oversize.height)) {
        log_warning_limited(&picture->oversize_limit,
                            "pictures of %dx%d are not shown: this display takes %dx%d at most",
                            size.width, size.height, canvas->max_width, canvas->max_height);
        picture->oversize = size;
    }
    return oversize;
}

/* A texture of that size; false: SDL_GetError() says why not. */
static bool prepare_texture(struct picture *picture, const struct canvas *canvas,
                            struct layout_size size)
{
    if (picture->texture &&
        (size.width != picture->size.width || size.height != picture->size.height))
        picture_clear(picture);
    if (!picture->texture)
        picture->texture = SDL_CreateTexture(canvas->renderer, SDL_PIXELFORMAT_IYUV,
                                             SDL_TEXTUREACCESS_STREAMING, size.width, size.height);
    picture->size = size;
    return picture->texture;
}

bool picture_set(struct picture *picture, const struct canvas *canvas, const char *name,
                 struct jpeg_parallel *decoder, const struct pitether_frame *frame,
                 uint64_t *decoded_ns)
{
    int error = jpeg_parallel_decode(decoder, frame->data, frame->size, frame->width, frame->height,
                                     &picture->planes);
    if (error) {
        warn(picture, name, frame, decode_error(error));
        return false;
    }
    *decoded_ns = clock_monotonic();
    const struct jpeg_planes planes = picture->shows_sharp
                                          ? peaking_chroma_mark(&picture->marks, &picture->planes)
                                          : picture->planes;
    struct layout_size size = { (int)planes.width, (int)planes.height };
    if (is_oversize(picture, canvas, size))
        return false;
    if (!prepare_texture(picture, canvas, size) ||
        SDL_UpdateYUVTexture(picture->texture, NULL, planes.data[0], (int)planes.stride[0],
                             planes.data[1], (int)planes.stride[1], planes.data[2],
                             (int)planes.stride[2])) {
        warn(picture, name, frame, SDL_GetError());
        /* Whatever is wrong with the texture, the next picture gets a new one. */
        picture_clear(picture);
        return false;
    }
    return true;
}

void picture_clear(struct picture *picture)
{
    if (picture->texture)
        SDL_DestroyTexture(picture->texture);
    picture->texture = NULL;
}
