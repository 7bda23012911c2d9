#include "host/sinks/window/inbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/log.h"

void inbox_init(struct inbox *inbox)
{
    *inbox = (struct inbox){ 0 };
    pthread_mutex_init(&inbox->lock, NULL);
}

void inbox_destroy(struct inbox *inbox)
{
    free(inbox->controls);
    for (unsigned i = 0; i < inbox->change_count; i++)
        free(inbox->changes[i]);
    pthread_mutex_destroy(&inbox->lock);
}

void inbox_put_controls(struct inbox *inbox, const struct pitether_controls *controls)
{
    size_t size = controls->count * sizeof(*controls->controls);
    struct pitether_control *copy = malloc(size + 1);
    if (!copy)
        return;
    if (size > 0)
        memcpy(copy, controls->controls, size);
    pthread_mutex_lock(&inbox->lock);
    struct pitether_control *earlier = inbox->controls;
    inbox->controls = copy;
    inbox->control_count = controls->count;
    pthread_mutex_unlock(&inbox->lock);
    free(earlier);
}

/* With its list behind it in the same memory. */
static struct pitether_changed *copy_of(const struct pitether_changed *changed)
{
    size_t size = changed->count * sizeof(*changed->changes);
    struct pitether_changed *copy = malloc(sizeof(*copy) + size);
    if (!copy)
        return NULL;
    *copy = *changed;
    copy->changes = (const struct pitether_change *)(copy + 1);
    if (size > 0)
        memcpy(copy + 1, changed->changes, size);
    return copy;
}

/* Under the lock: the oldest of others. Answers to our own are waited for. */
static struct pitether_changed *take_out(struct inbox *inbox)
{
    unsigned at = 0;
    while (at + 1 < inbox->change_count && inbox->changes[at]->request != 0)
        at++;
    struct pitether_changed *change = inbox->changes[at];
    inbox->change_count--;
    memmove(inbox->changes + at, inbox->changes + at + 1,
            (inbox->change_count - at) * sizeof(*inbox->changes));
    return change;
}

void inbox_put_changed(struct inbox *inbox, const struct pitether_changed *changed)
{
    struct pitether_changed *copy = copy_of(changed), *oldest = NULL;
    if (!copy)
        return;
    pthread_mutex_lock(&inbox->lock);
    if (inbox->change_count == INBOX_CHANGES)
        oldest = take_out(inbox);
    inbox->changes[inbox->change_count++] = copy;
    pthread_mutex_unlock(&inbox->lock);
    free(oldest);
}

void inbox_put_message(struct inbox *inbox, bool failed, const char *text)
{
    pthread_mutex_lock(&inbox->lock);
    snprintf(inbox->message, sizeof(inbox->message), "%s", text);
    inbox->failed = failed;
    pthread_mutex_unlock(&inbox->lock);
}

void inbox_take(struct inbox *inbox, struct camera *camera)
{
    struct pitether_changed *changes[INBOX_CHANGES];
    pthread_mutex_lock(&inbox->lock);
    struct pitether_controls controls = { inbox->controls, inbox->control_count };
    unsigned count = inbox->change_count;
    memcpy(changes, inbox->changes, count * sizeof(*changes));
    char message[CAMERA_MESSAGE_MAX];
    bool failed = inbox->failed;
    strcpy(message, inbox->message);
    inbox->message[0] = '\0';
    inbox->controls = NULL;
    inbox->change_count = 0;
    pthread_mutex_unlock(&inbox->lock);
    if (controls.controls && camera_take_controls(camera, &controls))
        log_warning("the window can't show the camera's controls: out of memory");
    for (unsigned i = 0; i < count; i++) {
        camera_take_changed(camera, changes[i]);
        free(changes[i]);
    }
    if (message[0])
        camera_say(camera, failed, message);
    free((void *)controls.controls);
}
