/*
 * --stdout: the JPEGs of one stream, one after the other.
 */
#ifndef PITETHER_HOST_SINKS_STDOUT_H
#define PITETHER_HOST_SINKS_STDOUT_H

#include "host/sinks/registry.h"

extern const struct sink_kind sink_stdout;

#endif
