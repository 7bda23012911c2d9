/*
 * The sink that counts: gives the report of its stream (report.h) what came, what did not, and what
 * was presented. Always there.
 */
#ifndef PITETHER_HOST_SINKS_STATISTICS_H
#define PITETHER_HOST_SINKS_STATISTICS_H

#include "host/sinks/registry.h"

extern const struct sink_kind sink_statistics;

#endif
