/*
 * What the service manager that started the daemon is told: that it is ready, how the cameras are,
 * that it stops, and that its loop still turns. Where nobody started it as a service, nothing
 * happens. The loop thread alone.
 */
#ifndef PITETHER_DEVICE_SERVE_SERVICE_MANAGER_H
#define PITETHER_DEVICE_SERVE_SERVICE_MANAGER_H

#include <stdbool.h>

#include "device/serve/loop.h"
#include "device/stream/stream.h"
#include "device/system/sd_notify.h"
#include "shared/base/attributes.h"

struct service_manager {
    struct sd_notify service;
    struct watch watchdog_watch;
};

/* Begins to ping the watchdog, if there is one. It must stay where it is, and be closed in either
 * case. 0 or a negative errno. */
NODISCARD int service_manager_open(struct service_manager *manager, struct loop *loop);

static inline bool service_manager_is_there(const struct service_manager *manager)
{
    return manager->service.fd >= 0;
}

void service_manager_ready(const struct service_manager *manager);
void service_manager_stopping(const struct service_manager *manager);

/* How each stream's camera is. */
void service_manager_streams(const struct service_manager *manager, struct stream *const *streams,
                             unsigned count);

void service_manager_close(struct service_manager *manager);

#endif
