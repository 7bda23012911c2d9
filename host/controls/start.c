#include "host/controls/start.h"

#include <stdio.h>
#include <string.h>

#include "host/controls/outcome.h"
#include "shared/base/log.h"

void control_start_init(struct control_start *start, const struct control_assignments *assignments,
                        const char *label)
{
    *start = (struct control_start){ .assignments = assignments, .label = label };
}

void control_start_clear(struct control_start *start)
{
    control_view_clear(&start->view);
}

static void set_next(struct control_start *start, struct pitether *receiver)
{
    const struct control_assignments *assignments = start->assignments;
    start->request = 0;
    if (start->failed || start->next == assignments->count)
        return;
    int result = pitether_set(receiver, assignments->items[start->next], &start->request);
    start->failed = result != 0;
    if (result)
        log_error("%s%scan't set %.100s: %s", start->label, *start->label ? ": " : "",
                  assignments->items[start->next], strerror(-result));
}

static void take_answer(struct control_start *start, struct pitether *receiver,
                        const struct pitether_changed *changed)
{
    bool again =
        changed->status == PITETHER_CHANGED_CUT || changed->status == PITETHER_CHANGED_NO_CAMERA;
    start->request = 0;
    if (again) { /* with the next CONTROLS */
        snprintf(start->obstacle, sizeof(start->obstacle), "%s", changed->text);
        return;
    }
    control_outcome_log(&start->view, changed, start->label);
    /* What is lost with a camera that stopped is set again by the daemon. */
    start->failed =
        changed->status != PITETHER_CHANGED_DONE && changed->status != PITETHER_CHANGED_LOST;
    start->unmet = start->unmet || control_outcome_code(changed);
    start->next++;
    set_next(start, receiver);
}

/* No more answers come. */
static void end(struct control_start *start)
{
    const struct control_assignments *assignments = start->assignments;
    if (start->failed || start->next == assignments->count)
        return;
    start->unmet = true;
    log_error("%s%s%.100s: %s", start->label, *start->label ? ": " : "",
              assignments->items[start->next],
              *start->obstacle ? start->obstacle
                               : "the camera's controls were not listed, so nothing was set");
}

void control_start_event(struct control_start *start, struct pitether *receiver,
                         const struct pitether_event *event)
{
    if (start->assignments->count == 0)
        return;
    if (event->type == PITETHER_CONNECTED && event->epoch != start->epoch) {
        start->epoch = event->epoch;
        if (start->request == 0)
            start->next = 0;
    }
    if (event->type == PITETHER_CONTROLS) {
        if (control_view_take(&start->view, event))
            log_warning("out of memory for the camera's controls");
        if (start->request == 0)
            set_next(start, receiver);
    } else if (event->type == PITETHER_CHANGED && start->request != 0 &&
               event->changed.request == start->request) {
        take_answer(start, receiver, &event->changed);
    } else if (event->type == PITETHER_END) {
        end(start);
    }
}
