/*
 * The buffers of a configured camera: of a cached dma-buf heap where that is better, otherwise of
 * the camera's driver.
 */
#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_BUFFERS_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_BUFFERS_H

#include <memory>
#include <vector>

#include "device/camera/libcamera/setup.h"

namespace pitether
{

class Buffers
{
  public:
    /* setup must outlive it. */
    explicit Buffers(const Setup &setup);
    /* All requests that use them must be gone. */
    ~Buffers();
    Buffers(const Buffers &) = delete;

    /* Once. 0, or a negative errno with error filled. */
    int allocate(bool use_heap, struct error *error);

    std::vector<std::vector<lc::FrameBuffer *>> all; /* of each of the setup's outputs */
    bool from_heap = false;

  private:
    bool may_use_heap() const;
    bool allocate_from_heap();
    bool add_from_heap(int heap, const lc::StreamConfiguration &stream);
    int allocate_from_driver(struct error *error);

    const Setup &setup_;
    lc::FrameBufferAllocator allocator_;
    std::vector<lc::Stream *> streams_; /* of the allocator's buffers */
    std::vector<std::unique_ptr<lc::FrameBuffer>> heap_buffers_;
};

} // namespace pitether

#endif
