/*
 * The window's title and the labels in it: the state of the streams in one line. Pure.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_TITLE_H
#define PITETHER_HOST_SINKS_WINDOW_TITLE_H

#include <stdbool.h>

#include "host/sinks/window/status.h"

enum { TITLE_MAX = 512, LABEL_MAX = 128 };

struct title_stream {
    const char *name;
    unsigned width, height; /* of the frame that is shown; 0: none is */
    const struct window_status *status;
    double magnified; /* 1: it is not */
};

/* Writes e.g. "pitether pi.local - 1920x1080 - 29.9 fps - 41 ms - 3 dropped - frozen" and the
 * status's note to title, which holds TITLE_MAX bytes; of several streams, e.g. "pitether
 * front 29.9 fps 41 ms, rear: connecting to pi:7484 - 3 dropped". */
void title_write(char *title, const struct title_stream *streams, unsigned count, bool frozen);

/* Writes e.g. "2 rear - 29.9 fps - 41 ms" to label, which holds LABEL_MAX bytes. number: the key
 * that shows the stream alone; 0: there is none. */
void title_label(char *label, const struct title_stream *stream, unsigned number);

#endif
