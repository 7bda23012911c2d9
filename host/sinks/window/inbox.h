/*
 * What the receiver's thread reports of a camera, until the window's thread takes it. Neither waits
 * for the other.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_INBOX_H
#define PITETHER_HOST_SINKS_WINDOW_INBOX_H

#include <pthread.h>

#include "host/sinks/window/camera.h"

enum { INBOX_CHANGES = 48 }; /* more than a receiver has unanswered, and others' */

struct inbox {
    pthread_mutex_t lock;
    /* Under lock. */
    struct pitether_control *controls; /* a copy; NULL: no list has come */
    size_t control_count;
    struct pitether_changed *changes[INBOX_CHANGES]; /* copies, oldest first */
    unsigned change_count;
    char message[CAMERA_MESSAGE_MAX]; /* empty: none */
    bool failed;
};

void inbox_init(struct inbox *inbox);
void inbox_destroy(struct inbox *inbox);

/* Any thread; what can't be copied for lack of memory is lost, as is the oldest change of others
 * when there are too many. */
void inbox_put_controls(struct inbox *inbox, const struct pitether_controls *controls);
void inbox_put_changed(struct inbox *inbox, const struct pitether_changed *changed);

/* Tells the user something, in the place of an earlier message that was not taken. */
void inbox_put_message(struct inbox *inbox, bool failed, const char *text);

/* Gives all that has come to the camera. */
void inbox_take(struct inbox *inbox, struct camera *camera);

#endif
