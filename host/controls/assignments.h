/*
 * What --load-controls and --set give, as pitether_set() takes it. One thread.
 */
#ifndef PITETHER_HOST_CONTROLS_ASSIGNMENTS_H
#define PITETHER_HOST_CONTROLS_ASSIGNMENTS_H

#include "host/controls/profile.h"
#include "host/exit_code.h"
#include "host/options.h"

struct control_assignments {
    unsigned count;
    char items[2][ASSIGNMENTS_MAX + 1]; /* to be set one after the other */
};

/* Reads the file, if one is given. 0; -EINVAL or another negative errno with a line for the user.
 */
NODISCARD int control_assignments_read(struct control_assignments *assignments,
                                       const struct host_options *options, struct error *error);

/* What the program ends with after that. result: less than 0. */
enum exit_code control_assignments_code(int result);

#endif
