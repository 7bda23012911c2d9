/*
 * --controls --json: the controls, and what the newest frame reports, as one JSON document. One
 * thread.
 */
#ifndef PITETHER_HOST_CONTROLS_DOCUMENT_H
#define PITETHER_HOST_CONTROLS_DOCUMENT_H

#include <stdio.h>

#include "host/controls/view.h"

/* {"camera": the model, "stream": its name, "frame": an id or null, "controls": [...],
 * "metadata": {...}}; see shared/doc/controls.md. */
void controls_write_json(const struct control_view *view, FILE *out);

#endif
