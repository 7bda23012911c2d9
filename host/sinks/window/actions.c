#include "host/sinks/window/actions.h"

#include <errno.h>
#include <stdio.h>

#include "host/still/still_saver.h"
#include "shared/base/clock.h"

#define STILL_SETTLE_S 2

static struct tile *active(struct window *window)
{
    return view_active(&window->view);
}

static void go_back(struct window *window)
{
    struct view *view = &window->view;
    struct instruments *instruments = &view->instruments;
    if (instruments->keys)
        instruments->keys = false;
    else if (instruments->panel.open)
        instruments->panel.open = false;
    else if (view->alone != VIEW_ALL)
        view->alone = VIEW_ALL;
    else
        window->quit = true;
    window->stale = true;
}

/* Of the window itself. False: it is none of these. */
static bool do_window(struct window *window, const struct input *input)
{
    struct view *view = &window->view;
    switch (input->action) {
    case INPUT_QUIT:
        window->quit = true;
        return true;
    case INPUT_BACK:
        go_back(window);
        return true;
    case INPUT_FULL_SCREEN:
        canvas_toggle_full_screen(&view->canvas);
        pointer_show_cursor(window);
        return true;
    case INPUT_SNAPSHOT:
        view_save(view);
        window->stale = true;
        return true;
    case INPUT_FREEZE:
        view->frozen = !view->frozen;
        return true;
    case INPUT_RESET:
        if (!pointer_reset(window))
            view->alone = VIEW_ALL;
        return true;
    case INPUT_STREAM:
        view_toggle_alone(view, input->stream - 1);
        return true;
    default:
        return false;
    }
}

static void draw_anew(struct window *window)
{
    instruments_reset(&window->view.instruments);
    window->unmeasured = true;
    window->stale = true;
}

static bool do_instruments(struct window *window, const struct input *input)
{
    struct instruments *instruments = &window->view.instruments;
    bool *shown = input->action == INPUT_HELP        ? &instruments->keys /* and its pages */
                  : input->action == INPUT_HISTOGRAM ? &instruments->histogram
                  : input->action == INPUT_PEAKING   ? &instruments->peaking
                  : input->action == INPUT_GRID      ? &instruments->grid
                  : input->action == INPUT_VALUES    ? &instruments->values
                  : input->action == INPUT_PANEL     ? &instruments->panel.open
                                                     : NULL;
    if (input->action == INPUT_HELP)
        instruments_turn_page(instruments);
    else if (shown)
        *shown = !*shown;
    if (input->action == INPUT_PEAKING)
        window->unmarked = true;
    if (shown)
        draw_anew(window);
    return shown;
}

static void focus(struct window *window)
{
    struct camera *camera = &active(window)->camera;
    char text[AIM_TEXT_MAX];
    if (!aim_focus(camera, text)) {
        camera_say(camera, true, "this camera has no autofocus");
        return;
    }
    camera_set_together(camera, text);
    instruments_mark(&window->view.instruments, (struct zoom_point){ 0.5, 0.5 }, clock_monotonic());
}

static void expose(struct window *window, int steps)
{
    struct camera *camera = &active(window)->camera;
    char value[CONTROL_TEXT_MAX];
    struct aim_exposure *last = &stream_of(window, active(window))->exposure;
    const struct pitether_control *control =
        aim_expose(camera, active(window)->shown, steps, last, clock_monotonic());
    if (!control) {
        camera_say(camera, true, "this camera has no exposure to be set");
        return;
    }
    control_write_number(control, last->number, value);
    camera_set(camera, control->name, value);
}

/* By a thread of the still's own. */
static void on_still(void *user, bool saved, const char *line)
{
    struct window_stream *stream = user;
    char text[CAMERA_MESSAGE_MAX];
    snprintf(text, sizeof(text), "%s%s", saved ? "still saved: " : "", line);
    inbox_put_message(&stream->inbox, !saved, text);
    window_refresh(stream->window);
}

static void take_still(struct window *window)
{
    struct window_stream *stream = stream_of(window, active(window));
    struct tile *tile = &stream->tile;
    const struct still_saver_config config = { .address = stream->config.address,
                                               .stream = stream->config.stream,
                                               .keys_file = stream->config.keys_file,
                                               .folder = tile->snapshot_dir,
                                               .name = window->view.count > 1 ? tile->name : NULL,
                                               .settle_s = STILL_SETTLE_S,
                                               .done = on_still,
                                               .user = stream };
    int result = stream->stills ? 0 : still_saver_create(&stream->stills, &config);
    if (!result)
        result = still_saver_take(stream->stills);
    if (result == -EBUSY)
        camera_say(&tile->camera, true, "a still is being taken already");
    else if (result)
        camera_say(&tile->camera, true, "no still: out of memory or threads");
    else
        camera_say(&tile->camera, false, "taking a still ...");
}

static bool do_camera(struct window *window, const struct input *input)
{
    switch (input->action) {
    case INPUT_FOCUS:
        focus(window);
        break;
    case INPUT_EXPOSE:
        expose(window, input->steps);
        break;
    case INPUT_STILL:
        take_still(window);
        break;
    default:
        return false;
    }
    window->stale = true;
    return true;
}

static void do_panel(struct window *window, const struct input *input)
{
    struct panel *panel = &window->view.instruments.panel;
    struct panel_context context = { &active(window)->camera, active(window)->shown,
                                     clock_monotonic() };
    panel_list(panel, context.camera);
    window->stale = true;
    switch (input->action) {
    case INPUT_SELECT:
        panel_move(panel, input->steps);
        break;
    case INPUT_STEP:
        panel_step(panel, &context, input->steps);
        break;
    case INPUT_AUTO:
        panel_set_word(panel, &context, "auto");
        break;
    case INPUT_DEFAULT:
        panel_set_word(panel, &context, "default");
        break;
    case INPUT_EDIT:
        panel_begin_edit(panel, &context);
        break;
    case INPUT_TYPE:
        panel_type(panel, input->text);
        break;
    case INPUT_ERASE:
        panel_erase(panel);
        break;
    default:
        panel_end_edit(panel, &context, input->action == INPUT_ACCEPT);
        break;
    }
}

void action_do(struct window *window, const struct input *input)
{
    switch (input->action) {
    case INPUT_PRESS:
    case INPUT_MOVE:
    case INPUT_RELEASE:
    case INPUT_ZOOM:
        pointer_do(window, input);
        break;
    default:
        if (!do_window(window, input) && !do_instruments(window, input) &&
            !do_camera(window, input))
            do_panel(window, input);
        break;
    }
}
