/*
 * One request with its buffer, mapped: what a raw frame is lent from.
 */
#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_SLOT_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_SLOT_H

#include <memory>

#include "device/camera/libcamera/compat.h"
#include "device/camera/libcamera/metadata.h"
#include "device/camera/libcamera/setup.h"

extern "C" {
#include "device/camera/buffer_map.h"
#include "device/camera/camera.h"
}

namespace pitether
{

class RequestLoop;

class Slot
{
  public:
    Slot(RequestLoop *loop, lc::FrameBuffer *buffer);
    ~Slot();
    Slot(const Slot &) = delete;

    /* Maps the buffer, describes the picture in it, and makes the request that fills it; cookie is
     * the request's. 0, or a negative errno with error filled. */
    int prepare(const Setup &setup, uint64_t cookie, struct error *error);

    Outcome outcome() const;

    /* Sets frame to what the request came back with. False: there is no picture in it after all. */
    bool fill(const Outcome &outcome, MetadataPacker &packer);

    struct raw_frame frame = {};
    struct buffer_map map = {};
    RequestLoop *const loop; /* that the frame goes back to */
    std::unique_ptr<lc::Request> request;
    uint64_t change = 0; /* the number of the one that the request brought the camera; 0: none */

  private:
    lc::FrameBuffer *const buffer_;
};

} // namespace pitether

#endif
