#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_LOG_STREAM_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_LOG_STREAM_H

namespace pitether
{

/* From now on libcamera's log lines go where ours go (shared/base/log.h), unless the user has sent
 * them elsewhere. Once, before libcamera first logs. */
void join_logs();

/* As long as there is one, what libcamera logs on this thread is left out, but for what ends the
 * process: for what is tried and may fail. One at a time on a thread. */
class LogPause
{
  public:
    LogPause();
    ~LogPause();
    LogPause(const LogPause &) = delete;
};

} // namespace pitether

#endif
