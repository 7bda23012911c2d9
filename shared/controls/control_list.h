/*
 * Values that are to be set, or were, by the controls' names: what a request of a camera is given.
 * Pure; a list is one thread's.
 */
#ifndef PITETHER_SHARED_CONTROLS_CONTROL_LIST_H
#define PITETHER_SHARED_CONTROLS_CONTROL_LIST_H

#include "shared/controls/control_table.h"

enum { CONTROL_LIST_MAX = 48 };

struct control_setting {
    char name[CONTROL_NAME_MAX + 1]; /* exactly as in the table */
    struct value value;              /* of the control's type */
    bool given_back;                 /* the camera is to choose again: value is its default, for
                                        those that can't do more */
};

/* No name comes twice. The order is the one in which they are to be set. */
struct control_list {
    unsigned count;
    struct control_setting items[CONTROL_LIST_MAX];
};

/* NULL: it is not in the list. */
struct control_setting *control_list_find(const struct control_list *list, const char *name);

/* Sets it, not given back, in the place of an earlier value of that name, which goes to the end.
 * False: the list is full. */
bool control_list_set(struct control_list *list, const char *name, const struct value *value);

/* Takes it out; does nothing if it is not in. */
void control_list_remove(struct control_list *list, const char *name);

#endif
