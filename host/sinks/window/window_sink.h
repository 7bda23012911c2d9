/*
 * --window: shows the newest frame of each stream.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_WINDOW_SINK_H
#define PITETHER_HOST_SINKS_WINDOW_WINDOW_SINK_H

#include "host/sinks/registry.h"

extern const struct sink_kind sink_window;

#endif
