#include "host/sinks/registry.h"

#include <stddef.h>

#include "host/sinks/files/files_sink.h"
#include "host/sinks/latency_log.h"
#include "host/sinks/null.h"
#include "host/sinks/statistics.h"
#include "host/sinks/stdout.h"
#include "host/sinks/window/window_sink.h"

const struct sink_kind *const sink_kinds[] = {
    &sink_statistics, &sink_latency_log, &sink_files, &sink_stdout, &sink_window, &sink_null, NULL
};

_Static_assert(sizeof(sink_kinds) / sizeof(sink_kinds[0]) - 1 <= SINK_KINDS_MAX,
               "SINK_KINDS_MAX is too small");

int sink_kind_open(const struct sink_kind *kind, const struct sink_setup *setup,
                   struct sink *sinks[], struct error *error)
{
    unsigned opened = 0;
    int result = 0;
    while (opened < setup->count && !(result = kind->open(setup, opened, sinks, error)))
        opened++;
    while (result && opened > 0)
        sink_close(&sinks[--opened], NULL, NULL);
    return result;
}
