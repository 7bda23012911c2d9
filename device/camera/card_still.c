#include "device/camera/card_still.h"

#include <errno.h>
#include <stdlib.h>

#include "shared/base/clock.h"

void card_still_init(struct card_still *still)
{
    pthread_mutex_init(&still->lock, NULL);
    pthread_cond_init(&still->changed, NULL);
}

void card_still_destroy(struct card_still *still)
{
    pthread_cond_destroy(&still->changed);
    pthread_mutex_destroy(&still->lock);
}

void card_still_ask(struct card_still *still)
{
    pthread_mutex_lock(&still->lock);
    still->wanted++;
    pthread_mutex_unlock(&still->lock);
}

static void set_state(struct card_still *still, int state)
{
    pthread_mutex_lock(&still->lock);
    still->state = state;
    pthread_cond_broadcast(&still->changed);
    pthread_mutex_unlock(&still->lock);
}

static void give_back(struct raw_frame *frame)
{
    struct card_still *still = frame->owner;
    free(still->memory);
    still->memory = NULL;
    set_state(still, STILL_IDLE);
}

static int paint(struct card_still *still)
{
    struct picture *picture = &still->job.frame.picture;
    const struct test_card card = { picture->width, picture->height };
    struct card_painter painter = { .own = NULL };
    struct card_buffer buffer = { .plain = false };
    still->memory = malloc(test_card_size(&card));
    if (!still->memory || card_painter_init(&painter, &card)) {
        free(still->memory);
        still->memory = NULL;
        return -ENOMEM;
    }
    card_painter_paint(&painter, still->memory, &buffer, still->job.moment, &still->job.look);
    card_painter_free(&painter);
    size_t offset = 0;
    for (unsigned i = 0; i < 3; i++) {
        size_t row = picture_row(picture, i), size = row * picture_rows(picture, i);
        picture->planes[i] = (struct plane){ still->memory + offset, row, size };
        offset += size;
    }
    return 0;
}

static void *run(void *user)
{
    struct card_still *still = user;
    still->result = paint(still);
    set_state(still, STILL_PAINTED);
    return NULL;
}

static void hand_over(struct card_still *still, const struct camera_sink *sink)
{
    struct raw_frame *frame = &still->job.frame;
    pthread_join(still->thread, NULL);
    if (still->result) {
        set_state(still, STILL_IDLE);
        sink->on_still_lost(sink->user);
        return;
    }
    set_state(still, STILL_LENT);
    frame->release = give_back;
    frame->owner = still;
    frame->capture_time_ns = clock_device();
    sink->on_frame(sink->user, frame);
}

void card_still_step(struct card_still *still, const struct card_still_job *job,
                     const struct camera_sink *sink)
{
    pthread_mutex_lock(&still->lock);
    bool painted = still->state == STILL_PAINTED;
    bool begins = still->state == STILL_IDLE && still->wanted > 0;
    if (begins) {
        still->wanted--;
        still->state = STILL_PAINTING;
    }
    pthread_mutex_unlock(&still->lock);
    if (painted)
        hand_over(still, sink);
    if (!begins)
        return;
    still->job = *job;
    if (pthread_create(&still->thread, NULL, run, still) == 0)
        return;
    set_state(still, STILL_IDLE);
    sink->on_still_lost(sink->user);
}

void card_still_stop(struct card_still *still)
{
    pthread_mutex_lock(&still->lock);
    still->wanted = 0;
    bool begun = still->state == STILL_PAINTING || still->state == STILL_PAINTED;
    pthread_mutex_unlock(&still->lock);
    if (begun) {
        pthread_join(still->thread, NULL);
        free(still->memory);
        still->memory = NULL;
        set_state(still, STILL_IDLE);
    }
    pthread_mutex_lock(&still->lock);
    while (still->state == STILL_LENT)
        pthread_cond_wait(&still->changed, &still->lock);
    pthread_mutex_unlock(&still->lock);
}
