/*
 * A stream without threads and without a camera, for those who serve it: the test sets what its
 * events would have told.
 */
#ifndef PITETHER_TESTS_UNIT_DEVICE_FAKE_STREAM_H
#define PITETHER_TESTS_UNIT_DEVICE_FAKE_STREAM_H

#include "device/stream/stream.h"

/* The name must outlive it. */
void fake_stream_init(struct stream *stream, unsigned number, const char *name);
void fake_stream_destroy(struct stream *stream);

/* The camera is on, with pictures of this width and 480 rows. */
void fake_stream_on(struct stream *stream, unsigned width);

#endif
