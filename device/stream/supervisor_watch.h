/*
 * What all runs of a camera have in common: the calls that it makes while it runs, and how long it
 * may be silent meanwhile.
 */
#ifndef PITETHER_DEVICE_STREAM_SUPERVISOR_WATCH_H
#define PITETHER_DEVICE_STREAM_SUPERVISOR_WATCH_H

#include "device/stream/supervisor_state.h"

/* What the camera is to call while it runs. */
struct camera_sink supervisor_sink(struct supervisor *supervisor);

typedef bool (*supervisor_condition)(struct supervisor *supervisor);

/* The supervisor's thread, with the lock, which it gives up while it waits: waits while the
 * condition holds, but until due at most (CLOCK_MONOTONIC, ns). Returns whether it still holds. */
bool supervisor_wait_until(struct supervisor *supervisor, supervisor_condition goes_on,
                           uint64_t due);

/* The same without a limit, while the camera runs. If it stalls, `ended` becomes -ETIMEDOUT, which
 * the condition must look at. */
void supervisor_watch(struct supervisor *supervisor, supervisor_condition goes_on);

/* Writes why the camera ended, for people, into text, SUPERVISOR_WHY_MAX bytes. ended: a negative
 * errno, as of on_end(). The supervisor's thread, without the lock. */
enum { SUPERVISOR_WHY_MAX = 128 };
void supervisor_explain(const struct supervisor *supervisor, int ended, char *text);

#endif
