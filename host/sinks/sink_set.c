#include "host/sinks/sink_set.h"

#include <errno.h>

#include "host/sinks/window/window.h"

int sink_set_choose(struct host_options *options, struct error *error)
{
    if (options->save || options->to_stdout || options->window || options->null)
        return 0;
    options->window = window_available();
    return options->window ? 0
                           : error_set(error, -EINVAL,
                                       "no display for a window, and no sink is named: give --save "
                                       "DIR, --stdout, --window or --null");
}

int sink_set_open(struct sink_set *set, const struct sink_setup *setup, struct error *error)
{
    *set = (struct sink_set){ .stream_count = setup->count };
    for (const struct sink_kind *const *kind = sink_kinds; *kind; kind++) {
        if (!(*kind)->is_requested(setup->options))
            continue;
        int result = sink_kind_open(*kind, setup, set->kinds[set->kind_count].sinks, error);
        if (result)
            return result;
        set->kinds[set->kind_count++].kind = *kind;
    }
    return 0;
}

void sink_set_add(const struct sink_set *set, unsigned stream, struct outputs *outputs)
{
    for (unsigned i = 0; i < set->kind_count; i++)
        outputs_add(outputs, set->kinds[i].sinks[stream]);
}

/* Where it is among the kinds; their count: nowhere. */
static unsigned find_runner(const struct sink_set *set)
{
    unsigned at = 0;
    while (at < set->kind_count && !set->kinds[at].kind->run)
        at++;
    return at;
}

bool sink_set_has_runner(const struct sink_set *set)
{
    return find_runner(set) < set->kind_count;
}

bool sink_set_run(const struct sink_set *set)
{
    unsigned at = find_runner(set);
    return set->kinds[at].kind->run(set->kinds[at].sinks);
}

void sink_set_stop(const struct sink_set *set)
{
    unsigned at = find_runner(set);
    if (at < set->kind_count)
        set->kinds[at].kind->stop(set->kinds[at].sinks);
}

static bool close_kind(struct sink_set *set, unsigned at, struct grace *grace, FILE *out)
{
    bool took_all = true;
    for (unsigned i = 0; i < set->stream_count; i++)
        if (!sink_close(&set->kinds[at].sinks[i], grace, out))
            took_all = false;
    return took_all;
}

bool sink_set_close(struct sink_set *set, struct grace *grace, FILE *out)
{
    bool took_all = true;
    for (unsigned at = 0; at < set->kind_count; at++)
        if (!close_kind(set, at, grace, out))
            took_all = false;
    return took_all;
}
