/*
 * --null: frames are received, checked and counted only.
 */
#ifndef PITETHER_HOST_SINKS_NULL_H
#define PITETHER_HOST_SINKS_NULL_H

#include "host/sinks/registry.h"

extern const struct sink_kind sink_null;

#endif
