#include "host/sinks/window/tile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/sinks/window/overlay.h"

enum { USUAL_WIDTH = 640, USUAL_HEIGHT = 360, EMPTY_GREY = 32 };

void tile_destroy(struct tile *tile)
{
    pitether_frame_release(tile->taken);
    pitether_frame_release(tile->shown);
    peaking_chroma_clear(&tile->picture.marks);
    camera_clear(&tile->camera);
    free(tile->snapshot_dir);
    free(tile->name);
}

bool tile_show(struct tile *tile, const struct canvas *canvas, struct jpeg_parallel *decoder,
               const struct pitether_frame *frame, bool names_stream, uint64_t *decoded_ns)
{
    tile->taken = frame;
    tile->taken_ns = frame->times.last_byte;
    bool good = picture_set(&tile->picture, canvas, names_stream ? tile->name : NULL, decoder,
                            frame, decoded_ns);
    if (good) {
        tile->taken = tile->shown;
        tile->shown = frame;
        tile->message[0] = '\0';
        liveness_frame(&tile->liveness, frame->times.last_byte);
    }
    pitether_frame_release(tile->taken);
    tile->taken = NULL;
    return good;
}

void tile_restore(struct tile *tile, const struct canvas *canvas, struct jpeg_parallel *decoder)
{
    uint64_t decoded_ns;
    picture_clear(&tile->picture);
    if (tile->shown)
        (void)picture_set(&tile->picture, canvas, tile->name, decoder, tile->shown, &decoded_ns);
}

/* Writes the message, and returns when it may change by itself. */
static uint64_t write_message(const struct tile *tile, bool frozen, uint64_t now, char *message)
{
    const char *note = tile->status.note;
    char lost[LIVENESS_TEXT_MAX];
    *message = '\0';
    if (frozen && tile->shown)
        return UINT64_MAX;
    if (!tile->shown) {
        const char *why = tile->taken_ns ? "no frame that can be shown" : "waiting for a frame";
        snprintf(message, sizeof(tile->message), "%s", note[0] ? note : why);
        return UINT64_MAX;
    }
    uint64_t lost_at = liveness_lost_at(&tile->liveness, tile->status.interval_ns);
    if (now < lost_at)
        return lost_at;
    bool arrives = tile->taken_ns > tile->liveness.last_ns &&
                   now - tile->taken_ns < lost_at - tile->liveness.last_ns;
    uint64_t due = liveness_text(lost, &tile->liveness, arrives, now);
    snprintf(message, sizeof(tile->message), "%s\n%s", lost, note);
    return due;
}

static void replace(char *text, const char *with, bool *changed)
{
    if (strcmp(text, with) == 0)
        return;
    strcpy(text, with);
    *changed = true;
}

uint64_t tile_update(struct tile *tile, unsigned number, bool frozen, uint64_t now_ns,
                     bool *changed)
{
    char message[sizeof(tile->message)], label[LABEL_MAX] = "";
    uint64_t due = write_message(tile, frozen, now_ns, message);
    replace(tile->message, message, changed);
    struct title_stream stream = tile_title(tile);
    if (message[0]) /* it has no rates */
        stream.width = 0;
    if (number > 0)
        title_label(label, &stream, number);
    replace(tile->label, label, changed);
    return due;
}

struct layout_size tile_size(const struct tile *tile)
{
    return tile->picture.texture ? tile->picture.size
                                 : (struct layout_size){ USUAL_WIDTH, USUAL_HEIGHT };
}

struct title_stream tile_title(const struct tile *tile)
{
    return (struct title_stream){ .name = tile->name,
                                  .width = tile->shown ? tile->shown->width : 0,
                                  .height = tile->shown ? tile->shown->height : 0,
                                  .magnified = zoom_factor(tile->part, zoom_whole),
                                  .status = &tile->status };
}

static SDL_Rect part_of(const struct tile *tile)
{
    double width = tile->picture.size.width, height = tile->picture.size.height;
    return (SDL_Rect){ (int)(tile->part.x * width), (int)(tile->part.y * height),
                       SDL_max((int)(tile->part.width * width), 1),
                       SDL_max((int)(tile->part.height * height), 1) };
}

void tile_draw(const struct tile *tile, const struct canvas *canvas, struct layout_area text_area)
{
    const struct layout_area *area = &tile->area;
    SDL_Renderer *renderer = canvas->renderer;
    SDL_Rect rect = { area->x, area->y, area->width, area->height };
    SDL_Rect text_rect = { text_area.x, text_area.y, text_area.width, text_area.height };
    /* What the panel covers is not drawn: without a graphics card that would cost time. */
    SDL_RenderSetClipRect(renderer, &text_rect);
    if (tile->picture.texture) {
        SDL_Rect part = part_of(tile);
        SDL_RenderCopy(renderer, tile->picture.texture, &part, &rect);
        if (tile->message[0])
            overlay_dim(renderer, *area);
    } else if (tile->label_side > 0) {
        SDL_SetRenderDrawColor(renderer, EMPTY_GREY, EMPTY_GREY, EMPTY_GREY, SDL_ALPHA_OPAQUE);
        SDL_RenderFillRect(renderer, &rect);
    }
    if (tile->message[0])
        overlay_message(renderer, tile->message, text_area);
    if (tile->label_side > 0)
        overlay_label(renderer, tile->label, text_area, tile->label_side);
    SDL_RenderSetClipRect(renderer, NULL);
}
