/*
 * What the daemon sent, in the terms of the public header. Pure; any thread.
 */
#ifndef PITETHER_HOST_LIB_FROM_WIRE_H
#define PITETHER_HOST_LIB_FROM_WIRE_H

#include "host/lib/pitether.h"
#include "shared/protocol/wire.h"

struct pitether_metadata from_wire_metadata(const struct wire_metadata *wire);

#endif
