#include "device/stream/demand.h"

void demand_init(struct demand *demand)
{
    *demand = (struct demand){ .first = NULL };
    pthread_mutex_init(&demand->lock, NULL);
}

void demand_destroy(struct demand *demand)
{
    pthread_mutex_destroy(&demand->lock);
}

uint64_t demand_add(struct demand *demand, struct demand_entry *entry)
{
    pthread_mutex_lock(&demand->lock);
    if (!entry->listed) {
        entry->next = demand->first;
        demand->first = entry;
        entry->listed = true;
    }
    uint64_t first_id = demand->skipped_end;
    pthread_mutex_unlock(&demand->lock);
    return first_id;
}

void demand_remove(struct demand *demand, struct demand_entry *entry)
{
    if (!entry->listed)
        return;
    pthread_mutex_lock(&demand->lock);
    struct demand_entry **at = &demand->first;
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    entry->listed = false;
    pthread_mutex_unlock(&demand->lock);
}

void demand_update(struct demand *demand, struct demand_entry *entry,
                   const struct decimation *decimation, bool full)
{
    if (entry->full == full && entry->decimation.next == decimation->next &&
        entry->decimation.anchored == decimation->anchored)
        return;
    pthread_mutex_lock(&demand->lock);
    entry->decimation = *decimation;
    entry->full = full;
    pthread_mutex_unlock(&demand->lock);
}

bool demand_wants(struct demand *demand, uint64_t id, uint64_t sensor_ns)
{
    bool wanted = false;
    pthread_mutex_lock(&demand->lock);
    for (struct demand_entry *entry = demand->first; entry && !wanted; entry = entry->next)
        wanted = !entry->full && decimation_wants(&entry->decimation, id, sensor_ns);
    if (!wanted)
        demand->skipped_end = id + 1;
    pthread_mutex_unlock(&demand->lock);
    return wanted;
}
