/*
 * --save: one file a frame, and an index; of several streams, each in a folder of its own.
 */
#ifndef PITETHER_HOST_SINKS_FILES_FILES_SINK_H
#define PITETHER_HOST_SINKS_FILES_FILES_SINK_H

#include "host/sinks/registry.h"

extern const struct sink_kind sink_files;

#endif
