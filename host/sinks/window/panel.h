/*
 * The panel of a camera's controls: which row is selected, what is typed, and what the keys have
 * set. Pure, but for what struct camera sends.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_PANEL_H
#define PITETHER_HOST_SINKS_WINDOW_PANEL_H

#include <stdbool.h>
#include <stdint.h>

#include "host/sinks/window/camera.h"
#include "shared/controls/control_table.h"

enum {
    PANEL_NAME_MAX = 64,
    PANEL_ELEMENTS_MAX = 4, /* an array of so many at most has a row for each element */
    PANEL_ROWS_MAX = PANEL_ELEMENTS_MAX * CONTROLS_MAX,
    PANEL_WHOLE = -1,
    PANEL_LARGE_STEP = 3 /* with Shift */
};

struct panel_row {
    unsigned control; /* in struct camera */
    int element;      /* of an array, or PANEL_WHOLE */
    char name[CONTROL_NAME_MAX + 1];
};

/* All zeroes at first. */
struct panel {
    bool open;
    struct panel_row rows[PANEL_ROWS_MAX];
    unsigned count, selected;
    const struct camera *camera; /* whose rows they are; only compared */
    unsigned lists;
    bool editing;
    char typed[CONTROL_TEXT_MAX];
    unsigned version; /* counts what has changed */

    /* What the keys have asked for last, which more presses go on from. */
    unsigned wanted_row;
    double wanted;
    uint64_t wanted_until; /* at least; clock_monotonic(); 0: nothing */
};

/* Of the selected stream: its camera, the frame that is shown, or NULL, and the time. */
struct panel_context {
    struct camera *camera;
    const struct pitether_frame *frame;
    uint64_t now_ns;
};

/* One row as it is shown. */
struct panel_line {
    char name[PANEL_NAME_MAX];
    char value[CONTROL_TEXT_MAX];
    double position; /* between the limits, 0 to 1; NAN: they are not known */
    bool automatic;  /* the camera's own; otherwise a user has set it */
    bool wanted;     /* it is on its way to the camera */
};

/* Makes the rows anew if the camera, which has become another one, or its list of controls has
 * changed: the selected control stays that if it is still there, and what is typed is for no other
 * one. Before all of the others. */
void panel_list(struct panel *panel, const struct camera *camera);

/* Selects a row so many further down, not beyond the last one. What is typed is dropped. */
void panel_move(struct panel *panel, int by);

/* Changes the selected value by so many steps, or says that it has none. */
void panel_step(struct panel *panel, const struct panel_context *context, int steps);

/* Gives the selected control back to the camera, or sets its default. */
void panel_set_word(struct panel *panel, const struct panel_context *context, const char *word);

/* Begins to type a value; takes what was typed; ends. */
void panel_begin_edit(struct panel *panel, const struct panel_context *context);
void panel_type(struct panel *panel, const char *text);
void panel_erase(struct panel *panel);
void panel_end_edit(struct panel *panel, const struct panel_context *context, bool accept);

void panel_line(const struct panel *panel, const struct panel_context *context, unsigned row,
                struct panel_line *line);

#endif
