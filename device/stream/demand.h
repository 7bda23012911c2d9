/*
 * Whether any subscription will be sent the next picture, so that none is encoded in vain.
 *
 * Each subscription has an entry, which the loop thread keeps up to date; the camera's thread asks
 * before it hands a picture to the encoder.
 */
#ifndef PITETHER_DEVICE_STREAM_DEMAND_H
#define PITETHER_DEVICE_STREAM_DEMAND_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "shared/protocol/decimation.h"

/* Embedded in a subscription. The loop thread writes it, with the demand's lock; so it may read
 * it without. */
struct demand_entry {
    struct demand_entry *next;
    bool listed;
    bool full; /* its queue takes no frame for now */
    struct decimation decimation;
};

struct demand {
    pthread_mutex_t lock;
    /* Under lock. */
    struct demand_entry *first;
    uint64_t skipped_end; /* one more than the id of the newest frame that was not wanted */
};

void demand_init(struct demand *demand);
void demand_destroy(struct demand *demand);

/* Loop thread: adds an entry, whose frames begin with the id that is returned, or later: those
 * below it may have been left out already. */
uint64_t demand_add(struct demand *demand, struct demand_entry *entry);
/* Loop thread: does nothing if it is not listed. */
void demand_remove(struct demand *demand, struct demand_entry *entry);
/* Loop thread: changes the entry; no lock is taken if it is the same as before. */
void demand_update(struct demand *demand, struct demand_entry *entry,
                   const struct decimation *decimation, bool full);

/* Camera's thread: whether the picture is to be encoded. Ids must rise. */
bool demand_wants(struct demand *demand, uint64_t id, uint64_t sensor_ns);

#endif
