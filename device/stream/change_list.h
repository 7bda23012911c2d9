/*
 * Changes in their order, which belong to the list. Plain data; one thread at a time.
 */
#ifndef PITETHER_DEVICE_STREAM_CHANGE_LIST_H
#define PITETHER_DEVICE_STREAM_CHANGE_LIST_H

#include "device/stream/change.h"

/* Zeroed at first. NULL: there is none. */
struct change_list {
    struct change *first, *last;
};

/* Adds it behind the last one. */
void change_list_add(struct change_list *list, struct change *change);

/* Removes the first one, which is the caller's then. NULL: there is none. */
struct change *change_list_take(struct change_list *list);

/* Frees them all. */
void change_list_free(struct change_list *list);

#endif
