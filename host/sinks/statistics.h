/*
 * The sink that counts: it passes frames, losses and presentations to the report of its stream
 * (report.h). It is always open.
 */
#ifndef PITETHER_HOST_SINKS_STATISTICS_H
#define PITETHER_HOST_SINKS_STATISTICS_H

#include "host/sinks/registry.h"

extern const struct sink_kind sink_statistics;

#endif
