#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_LOG_STREAM_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_LOG_STREAM_H

namespace pitether
{

/* From now on libcamera's log lines go where ours go (shared/base/log.h), unless the user has sent
 * them elsewhere. Once, before libcamera first logs. */
void join_logs();

} // namespace pitether

#endif
