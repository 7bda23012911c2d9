#include "host/base/quiet_log.h"

#include "shared/base/log.h"

void quiet_log(void *user, enum pitether_log_level level, const char *line)
{
    (void)user;
    if (level == PITETHER_LOG_INFO)
        log_debug("%s", line);
    else if (level != PITETHER_LOG_ERROR)
        log_write((enum log_level)level, "%s", line);
}
