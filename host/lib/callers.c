#include "host/lib/callers.h"

#include <string.h>

_Static_assert((int)PITETHER_LOG_ERROR == (int)LOG_LEVEL_ERROR &&
                   (int)PITETHER_LOG_WARNING == (int)LOG_LEVEL_WARNING &&
                   (int)PITETHER_LOG_INFO == (int)LOG_LEVEL_INFO &&
                   (int)PITETHER_LOG_DEBUG == (int)LOG_LEVEL_DEBUG,
               "the public levels are the log's");

static void pass_on(void *user, enum log_level level, const char *line)
{
    const struct callers_log *log = user;
    log->log(log->user, (enum pitether_log_level)level, line);
}

void callers_log_init(struct callers_log *log, const struct pitether_options *options)
{
    *log = (struct callers_log){ .handler = { .write = options->log ? pass_on : NULL, .user = log },
                                 .log = options->log,
                                 .user = options->user };
}

int callers_error_set(struct pitether_error *callers, int code, const struct error *error)
{
    _Static_assert(sizeof(callers->text) == sizeof(error->text), "the texts have one size");
    if (callers) {
        callers->code = code;
        memcpy(callers->text, error->text, sizeof(callers->text));
    }
    return code;
}
