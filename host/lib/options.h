/*
 * What a caller wants, checked. Pure; any thread.
 */
#ifndef PITETHER_HOST_LIB_OPTIONS_H
#define PITETHER_HOST_LIB_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/lib/keyring.h"
#include "host/lib/pitether.h"
#include "shared/base/attributes.h"
#include "shared/base/error.h"
#include "shared/net/address.h"
#include "shared/protocol/wire.h"

struct receiver_config {
    struct address address;
    char stream[WIRE_NAME_MAX + 1]; /* empty: the daemon's only one */
    enum pitether_mode mode;
    uint32_t max_fps_mhz; /* 0: all frames */
    uint32_t every;       /* one frame of so many; 1: all */
    double duration_s, timeout_s, settle_s;
    unsigned still_width, still_height, still_quality; /* 0: not given */
    bool reconnect;
    unsigned max_frames;
    size_t max_bytes;
    /* For the caller, if the daemon asks for a key and there is none: which ones there are. */
    char key_hint[KEYRING_HINT_MAX];
};

/* Reads an address, with its stream behind it if it has one. stream: WIRE_NAME_MAX + 1 bytes. 0 or
 * -EINVAL. */
NODISCARD int receiver_address_read(const char *text, struct address *address, char *stream,
                                    struct error *error);

/* The caller's options as this version knows them: those of a caller whose header is older have
 * defaults for the rest. NULL: defaults. -EINVAL: they were not begun with PITETHER_OPTIONS_INIT.
 */
int receiver_options_copy(struct pitether_options *options, const struct pitether_options *callers,
                          struct error *error);

/* Checks them, and fills config but for key_hint. 0 or -EINVAL. */
NODISCARD int receiver_config_read(struct receiver_config *config, const char *address,
                                   const struct pitether_options *options, struct error *error);

#endif
