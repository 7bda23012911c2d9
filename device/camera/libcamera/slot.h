/*
 * One request, and the buffers that it fills, mapped: what raw frames are lent from.
 */
#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_SLOT_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_SLOT_H

#include <memory>
#include <vector>

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
class Slot;

/* A buffer of one output, and the frame in it. */
class Picture
{
  public:
    Picture(lc::Stream *stream, lc::FrameBuffer *buffer);
    ~Picture();
    Picture(const Picture &) = delete;

    /* Maps the buffer, and describes the picture in it. 0, or a negative errno with error filled.
     */
    int prepare(const Setup &setup, const Output &output, struct error *error);

    /* Adds the buffer to the request. False: it takes none. */
    bool join(lc::Request &request) const;

    /* What became of it. */
    Outcome outcome(lc::Request &request) const;

    /* Sets frame to what the request came back with, but for the metadata. False: there is no
     * picture in it after all. */
    bool fill(lc::Request &request, const Outcome &outcome);

    struct raw_frame frame = {};
    struct buffer_map map = {};
    Slot *slot = nullptr; /* whose request it came with */

  private:
    lc::Stream *const stream_;
    lc::FrameBuffer *const buffer_;
};

class Slot
{
  public:
    explicit Slot(RequestLoop *loop);
    Slot(const Slot &) = delete;

    /* Makes the request that fills the pictures; cookie is the request's. 0, or a negative errno
     * with error filled. */
    int prepare(lc::Camera &camera, uint64_t cookie, struct error *error);

    /* Has the request fill this one, too, once. False: it does not take it. */
    bool take_still(Picture *picture);

    /* Makes the request ready for another time. */
    void reuse();

    RequestLoop *const loop;                        /* that the frames go back to */
    std::vector<std::unique_ptr<Picture>> pictures; /* of the outputs that come with each request */
    Picture *still = nullptr;                       /* besides them, this time */
    std::unique_ptr<lc::Request> request;
    uint64_t change = 0; /* number of the change that the request brings; 0: none */
    uint64_t applied_change =
        0; /* number of the newest change that this request or an earlier one brings; 0: none */
    bool sets = false;  /* the request brings the camera settings */
    unsigned users = 0; /* of its pictures; under the loop's lock */
};

} // namespace pitether

#endif
