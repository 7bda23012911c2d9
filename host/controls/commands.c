#include "host/controls/commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/controls/assignments.h"
#include "host/controls/document.h"
#include "host/controls/format.h"
#include "host/controls/link.h"
#include "host/controls/lock.h"
#include "host/controls/outcome.h"
#include "host/controls/table.h"
#include "shared/base/log.h"
#include "shared/base/signals.h"
#include "shared/base/suggest.h"
#include "shared/controls/aliases.h"

/* Whether standard output is for what is printed at the end. */
static bool prints(const struct host_options *options)
{
    return options->controls || options->get;
}

static enum exit_code set(struct control_link *link, const struct host_options *options,
                          const char *assignments)
{
    enum exit_code code = control_link_set(link, assignments);
    if (code)
        return code;
    if (prints(options))
        control_outcome_log(&link->view, &link->event.changed, "");
    else
        control_outcome_write(&link->view, &link->event.changed, stdout);
    if (link->event.changed.status == PITETHER_CHANGED_CUT)
        return control_link_end(link);
    return control_outcome_code(&link->event.changed);
}

/* The first frame is one of a picture that has settled: see control_link_open(). */
static enum exit_code lock(struct control_link *link, const struct host_options *options)
{
    char assignments[ASSIGNMENTS_MAX + 1];
    struct error error;
    enum exit_code code = control_link_wait(link);
    if (code)
        return code;
    if (!lock_assignments(&link->view, assignments, &error))
        return set(link, options, assignments);
    log_error("%s", error.text);
    return EXIT_CONTROL;
}

static enum exit_code change(struct control_link *link, const struct host_options *options,
                             const struct control_assignments *assignments)
{
    enum exit_code code = control_link_open(link, options, options->settle);
    for (unsigned i = 0; !code && i < assignments->count; i++)
        code = set(link, options, assignments->items[i]);
    return !code && options->lock ? lock(link, options) : code;
}

static enum exit_code get_unknown(const struct control_view *view, const char *typed)
{
    struct suggestion best = { NULL, 0 };
    struct pitether_value value;
    const char *name;
    for (size_t i = 0; i < view->count; i++)
        suggest_consider(&best, typed, strlen(typed), view->controls[i].name);
    for (unsigned i = 0; i < ALIAS_COUNT; i++)
        if (control_view_find(view, control_aliases[i].name))
            suggest_consider(&best, typed, strlen(typed), control_aliases[i].name);
    for (size_t at = 0;
         view->frame && (name = pitether_frame_next_value(view->frame, &at, &value));)
        suggest_consider(&best, typed, strlen(typed), name);
    log_error("camera %s has no control %.60s, and reports no such value%s%s%s", view->stream.model,
              typed, best.word ? "; did you mean " : "", best.word ? best.word : "",
              best.word ? "?" : ": --controls lists what it has");
    return EXIT_CONTROL;
}

static enum exit_code get(const struct control_view *view, const char *name)
{
    const struct pitether_control *control = control_view_find(view, name);
    struct pitether_value value;
    char text[CONTROL_TEXT_SIZE];
    if (control ? !control_view_now(view, control, &value)
                : !control_view_reported(view, name, &value)) {
        if (!control)
            return get_unknown(view, name);
        log_error("camera %s does not report %s, and nothing is set", view->stream.model,
                  control->name);
        return EXIT_CONTROL;
    }
    control_whole_text(&value, control, text);
    printf("%s\n", text);
    return EXIT_DONE;
}

static enum exit_code save(const struct control_view *view, const char *path)
{
    struct error error;
    signals_block(true); /* one comes before it or after it, and leaves no temporary file */
    int count = profile_write(path, view, &error);
    signals_block(false);
    if (count < 0)
        log_error("%s", error.text);
    else if (count == 0)
        log_warning("nothing is set, so %s has no control", path);
    else
        log_info("saved the settings of %d controls in %s", count, path);
    return count < 0 ? EXIT_SYSTEM : EXIT_DONE;
}

static enum exit_code show(const struct control_view *view, const struct host_options *options)
{
    enum exit_code code = EXIT_DONE;
    if (view->count == 0)
        log_warning("camera %s has no controls", view->stream.model);
    if (options->save_controls)
        code = save(view, options->save_controls);
    if (options->get)
        code = exit_code_worse(code, get(view, options->get));
    if (options->json)
        controls_write_json(view, stdout);
    else if (options->controls)
        controls_write_table(view, stdout);
    return code;
}

/* Over a connection of its own, whose list has what was set over another one. What was locked need
 * not settle. */
static enum exit_code report(const struct host_options *options)
{
    struct control_link link;
    enum exit_code code = control_link_open(&link, options, options->lock ? 0 : options->settle);
    if (!code)
        code = control_link_wait(&link);
    if (link.view.known)
        code = exit_code_worse(code, show(&link.view, options));
    control_link_close(&link);
    return code;
}

enum exit_code control_commands_run(const struct host_options *options)
{
    static struct control_assignments assignments;
    struct control_link link = { .receiver = NULL };
    struct error error;
    enum exit_code code = EXIT_DONE;
    int result = control_assignments_read(&assignments, options, &error);
    if (result) {
        log_error("%s", error.text);
        return control_assignments_code(result);
    }
    if (assignments.count > 0 || options->lock)
        code = change(&link, options, &assignments);
    if (!code && (prints(options) || options->save_controls))
        code = report(options);
    control_link_close(&link); /* so late, since a camera that nobody watches is switched off */
    return code;
}
