/*
 * What is drawn over the pictures: the panel of controls, the list of keys, the histogram, a grid,
 * the values of the frame, and where the camera focuses. All but the grid and the list belong to
 * one stream, the active one. Focus peaking is a part of the pictures themselves, which are marked.
 *
 * None of it is to delay a frame: what can be is drawn after one was shown, and is seen with the
 * next. First thread only.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_INSTRUMENTS_H
#define PITETHER_HOST_SINKS_WINDOW_INSTRUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "host/sinks/window/histogram.h"
#include "host/sinks/window/layer.h"
#include "host/sinks/window/osd.h"
#include "host/sinks/window/panel.h"
#include "host/sinks/window/tile.h"

enum { INSTRUMENTS_MARGIN = 6 }; /* pixels around each */

/* All zeroes at first. */
struct instruments {
    bool keys, histogram, peaking, grid, values; /* is shown */
    unsigned keys_page, keys_pages; /* the page that is shown, from 0 on, and all; 0: not
                                       known yet */
    struct panel panel;

    struct glyphs glyphs, list_glyphs;
    struct layer panel_layer, keys_layer, histogram_layer, values_layer, notice_layer;
    struct layout_size window; /* as it was drawn for */
    const struct tile *tile;   /* the active one, as it was drawn for */

    uint64_t next_measure, next_panel; /* are not due before; clock_monotonic() */
    unsigned panel_version, camera_version;
    const struct pitether_frame *valued; /* whose values are drawn; only compared */
    struct zoom_point mark;              /* where the camera was told to focus */
    uint64_t mark_until, notice_until;   /* 0: nothing is shown */
    char notice[NOTICE_MAX];
    bool notice_failed;
};

/* Shows what was said about a camera for some seconds, unless the panel, which belongs to the
 * active tile, does. names_stream: the notice says whose camera it is. */
void instruments_tell(struct instruments *instruments, struct tile *tile, const struct tile *active,
                      bool names_stream, uint64_t now_ns);

/* Before a picture of the window of that size is drawn: draws anew only what must be of the very
 * frame that is shown. */
void instruments_prepare(struct instruments *instruments, const struct canvas *canvas,
                         const struct tile *tile, struct layout_size window);

/* After it: measures the frame, whose planes are still there (or NULL), and draws anew what has
 * changed, if that is due. names_stream: the panel says whose it is. Returns whether the window is
 * to be drawn again. */
bool instruments_update(struct instruments *instruments, const struct canvas *canvas,
                        struct tile *tile, const struct jpeg_planes *planes, bool names_stream,
                        uint64_t now_ns);

/* Draw what is over the active tile's picture, and what is over the whole window. */
void instruments_show_over(const struct instruments *instruments, SDL_Renderer *renderer,
                           const struct tile *tile, uint64_t now_ns);
void instruments_show_layers(const struct instruments *instruments, SDL_Renderer *renderer);
void instruments_show_grid(SDL_Renderer *renderer, struct layout_area area);

/* The camera was told to focus there. */
void instruments_mark(struct instruments *instruments, struct zoom_point point, uint64_t now_ns);

/* The next page of the list of keys; after the last one, it is not shown. */
void instruments_turn_page(struct instruments *instruments);

/* Another size or stream, or something was switched on: all is drawn anew. */
void instruments_reset(struct instruments *instruments);

/* Pixels at the window's right that the panel covers; less than the window has. */
int instruments_panel_width(const struct instruments *instruments);

/* What of the tile's picture is not covered by its label, the panel or a notice, without a margin.
 */
struct layout_area instruments_room(const struct instruments *instruments, const struct tile *tile);

/* Whether something needs the decoded frame. */
bool instruments_measure(const struct instruments *instruments);

/* When the window is due to be updated again if no frame comes; UINT64_MAX: never. */
uint64_t instruments_due(const struct instruments *instruments, uint64_t now_ns);

/* As layer_clear(), of all. */
void instruments_clear(struct instruments *instruments);

#endif
