#include "device/stream/supervisor_still.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "device/controls/assignments.h"
#include "device/stream/supervisor_streams.h"
#include "device/stream/supervisor_watch.h"
#include "shared/base/log.h"

/* One of "NAME=VALUE,..."; what the camera can't be set to is left out. */
static void carry(struct assignments *read, const char *setting, const struct control_table *table,
                  struct control_list *list)
{
    if (assignments_read(read, setting, table, ASSIGNMENTS_CLAMP))
        return;
    for (unsigned i = 0; i < read->list.count; i++)
        control_list_set(list, read->list.items[i].name, &read->list.items[i].value);
}

/* What users have set, and then, as fixed values, what the camera chose for the streams. */
static int begin(void *user, const struct control_table *table, struct control_list *list,
                 struct error *error)
{
    struct supervisor *supervisor = user;
    struct changes *changes = supervisor->config.changes;
    int result = changes ? changes_fill(changes, table, list, error) : 0;
    struct assignments *read = result ? NULL : malloc(sizeof(*read));
    char setting[STILL_SETTING_MAX];
    if (!result && !read)
        return error_set(error, -ENOMEM, "out of memory for what the camera is set to");
    for (unsigned i = 0; read && i < STILL_SETTINGS; i++)
        if (still_setting(&supervisor->still, i, setting))
            carry(read, setting, table, list);
    if (changes && read)
        changes_given(changes, list);
    free(read);
    return result;
}

/* What is set meanwhile is for the streams' next run. */
static uint64_t take(void *user, struct control_list *list)
{
    (void)user;
    (void)list;
    return 0;
}

/* False: it can't be started, which the one who asked is told. */
static bool start(struct supervisor *supervisor, bool cold)
{
    const struct camera_ops *ops = supervisor->config.ops;
    struct camera_mode *mode = &supervisor->mode;
    struct still_request request = still_requested(&supervisor->still);
    struct camera_run camera_run = {
        .sink = supervisor_sink(supervisor),
        .controls = { .begin = begin, .take = take, .user = supervisor },
        .still = true,
        .still_width = request.width,
        .still_height = request.height
    };
    struct error error = { "" };
    if (ops->start(supervisor->config.camera, &camera_run, mode, &error)) {
        still_fail(&supervisor->still, error.text);
        return false;
    }
    log_info("%scamera on for a still: %s, %ux%u %s", supervisor->config.label, mode->model,
             mode->width, mode->height, pixel_format_name(mode->format));
    still_await_run(&supervisor->still, mode, cold);
    return true;
}

static bool should_run(struct supervisor *supervisor)
{
    return still_phase(&supervisor->still) == STILL_AWAITED && !supervisor->ended &&
           !supervisor_is_over(supervisor);
}

static void stop(struct supervisor *supervisor, int ended)
{
    char why[SUPERVISOR_WHY_MAX];
    if (ended) {
        supervisor_explain(supervisor, ended, why);
        log_warning("%s%s while it took a still", supervisor->config.label, why);
        still_fail(&supervisor->still, why);
    }
    supervisor->config.ops->stop(supervisor->config.camera);
    encoder_drain(supervisor->config.still_encoder);
    log_info("%scamera off after the still", supervisor->config.label);
}

void supervisor_run_still(struct supervisor *supervisor)
{
    bool cold = still_phase(&supervisor->still) == STILL_WAITS;
    supervisor->ended = 0;
    atomic_store(&supervisor->still_run, true);
    pthread_mutex_unlock(&supervisor->lock);
    supervisor->mode = (struct camera_mode){ 0 };
    bool started = start(supervisor, cold);
    pthread_mutex_lock(&supervisor->lock);
    if (started)
        supervisor_watch(supervisor, should_run);
    int ended = supervisor->ended;
    bool stays = supervisor_is_wanted(supervisor) && !supervisor_is_over(supervisor);
    pthread_mutex_unlock(&supervisor->lock);
    if (started)
        stop(supervisor, ended);
    if (supervisor->switching && !stays)
        supervisor_end_switch(supervisor);
    pthread_mutex_lock(&supervisor->lock);
    supervisor->ended = 0;
    atomic_store(&supervisor->still_run, false);
}
