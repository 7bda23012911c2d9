/*
 * --latency: a line of CSV for each received frame with the time of each stage, all of them on this
 * machine's CLOCK_MONOTONIC; of all streams in one file. A disk that hangs costs lines, and holds
 * up nobody: what is lost is counted.
 *
 * The file is made, or emptied if it is an earlier run's; another one is left as it is, and so is
 * one that another run writes. A FIFO must have a reader; "-" is standard output, which gets each
 * line at once. Where frames are shown in a window, lines wait for that.
 */
#ifndef PITETHER_HOST_SINKS_LATENCY_LOG_H
#define PITETHER_HOST_SINKS_LATENCY_LOG_H

#include "host/sinks/registry.h"

extern const struct sink_kind sink_latency_log;

#endif
