/*
 * What the daemon sent, in the terms of the public header. Any thread.
 */
#ifndef PITETHER_HOST_LIB_FROM_WIRE_H
#define PITETHER_HOST_LIB_FROM_WIRE_H

#include "host/lib/pitether.h"
#include "shared/base/attributes.h"
#include "shared/protocol/wire_controls.h"
#include "shared/protocol/wire_streams.h"

struct pitether_drops from_wire_drops(const struct wire_drops *wire, uint64_t epoch);
struct pitether_stream from_wire_stream(const struct wire_stream *wire, const char *name,
                                        uint64_t interval_ns);
struct pitether_stream_info from_wire_stream_entry(const struct wire_stream_entry *wire);
struct pitether_status from_wire_status(const struct wire_status *wire);

/* Those allocate the list, which event_payload_free() frees. 0 or -ENOMEM: the list is empty then.
 */
NODISCARD int from_wire_controls(const struct control_table *wire,
                                 struct pitether_controls *controls);
NODISCARD int from_wire_changed(const struct wire_changed *wire, uint64_t epoch,
                                struct pitether_changed *changed);

#endif
