#include "device/camera/libcamera/log_stream.h"

#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <streambuf>
#include <string_view>

#include <libcamera/logging.h>

extern "C" {
#include "shared/base/log.h"
}

namespace pitether
{
namespace
{

thread_local bool paused;

/* libcamera writes whole lines. They are queued as ours are; but when libcamera is about to
 * end the process, the reason is written out first. */
class LogBuffer : public std::streambuf
{
  protected:
    std::streamsize xsputn(const char *text, std::streamsize size) override
    {
        const std::string_view line(text, static_cast<size_t>(size));
        const bool is_last = line.find("FATAL") != std::string_view::npos;
        if (paused && !is_last)
            return size;
        fwrite(line.data(), 1, line.size(), log_stream());
        fflush(log_stream());
        if (is_last)
            log_flush();
        return size;
    }
};

} // namespace

LogPause::LogPause()
{
    paused = true;
}

LogPause::~LogPause()
{
    paused = false;
}

void join_logs()
{
    /* Never destroyed: libcamera may log as long as the program lives. */
    static auto *const stream = new std::ostream(new LogBuffer);
    /* It logs much at its default level. */
    setenv("LIBCAMERA_LOG_LEVELS", "*:WARN", 0);
    if (!secure_getenv("LIBCAMERA_LOG_FILE"))
        libcamera::logSetStream(stream);
}

} // namespace pitether
