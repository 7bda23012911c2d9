/*
 * The addresses that the options name, opened. The main thread.
 */
#ifndef PITETHER_DEVICE_OPEN_LISTENERS_H
#define PITETHER_DEVICE_OPEN_LISTENERS_H

#include <stdbool.h>

#include "device/exit_code.h"
#include "device/options.h"
#include "device/serve/listener.h"
#include "shared/base/attributes.h"

/* Takes what systemd has opened, or else opens --listen's addresses. has_keys: other machines need
 * a key. On failure listeners_close() is still due. */
NODISCARD enum exit_code open_listeners(struct listeners *listeners,
                                        const struct device_options *options, bool has_keys);

/* Logs where the daemon listens. */
void announce_listeners(const struct listeners *listeners, const struct device_options *options,
                        bool has_keys);

#endif
