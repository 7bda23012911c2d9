#include "device/camera/libcamera/buffers.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include <libcamera/base/unique_fd.h>

#include "device/camera/libcamera/properties.h"

extern "C" {
#include "device/camera/dma_heap.h"
#include "device/camera/permissions.h"
}

namespace pitether
{
namespace
{

/* True for a camera at the connector of a Raspberry Pi, whose driver is known to take buffers of
 * our making. Those of others may end the process instead of refusing. */
bool is_pi_sensor(const lc::Camera &camera)
{
    if (camera.id().rfind("/base/", 0) != 0 || is_usb(camera))
        return false;
    std::ifstream file("/sys/firmware/devicetree/base/compatible");
    std::string compatible(std::istreambuf_iterator<char>(file), {});
    return compatible.find("raspberrypi,") != std::string::npos;
}

} // namespace

Buffers::Buffers(const Setup &setup) : setup_(setup), allocator_(setup.camera)
{
}

Buffers::~Buffers()
{
    for (lc::Stream *stream : streams_)
        allocator_.free(stream);
}

int Buffers::allocate(bool use_heap, struct error *error)
{
    from_heap = use_heap && allocate_from_heap();
    return from_heap ? 0 : allocate_from_driver(error);
}

bool Buffers::may_use_heap() const
{
    for (const Output &output : setup_.outputs)
        if (setup_.stream(output).frameSize == 0 || output.format->ours == PIXEL_JPEG)
            return false;
    return is_pi_sensor(*setup_.camera);
}

bool Buffers::add_from_heap(int heap, const lc::StreamConfiguration &stream)
{
    std::vector<lc::FrameBuffer *> added;
    for (unsigned i = 0; i < stream.bufferCount; i++) {
        lc::UniqueFD memory(dma_heap_allocate(heap, stream.frameSize));
        if (!memory.isValid())
            return false;
        lc::FrameBuffer::Plane plane;
        plane.fd = lc::SharedFD(std::move(memory));
        plane.offset = 0;
        plane.length = stream.frameSize;
        std::vector<lc::FrameBuffer::Plane> planes(1, plane);
        heap_buffers_.push_back(std::make_unique<lc::FrameBuffer>(planes));
        added.push_back(heap_buffers_.back().get());
    }
    all.push_back(added);
    return true;
}

/* A Pi's video driver maps its own buffers uncached, and reading them so costs more than encoding
 * does. Those of the CMA heap are cached. */
bool Buffers::allocate_from_heap()
{
    if (!may_use_heap())
        return false;
    lc::UniqueFD heap(dma_heap_open(dma_heap_cached));
    bool complete = heap.isValid();
    for (const Output &output : setup_.outputs)
        complete = complete && add_from_heap(heap.get(), setup_.stream(output));
    if (!complete) {
        all.clear();
        heap_buffers_.clear();
    }
    return complete;
}

int Buffers::allocate_from_driver(struct error *error)
{
    for (const Output &output : setup_.outputs) {
        const lc::StreamConfiguration &stream = setup_.stream(output);
        const int result = allocator_.allocate(stream.stream());
        if (result < 0 && camera_check_permissions(camera_device_files, error) < 0)
            return -EACCES;
        if (result <= 0)
            return error_set(
                error, result < 0 ? result : -ENOMEM,
                "no memory for %u buffers of %u bytes (%s): try a smaller --size, on a Pi a larger "
                "cma= in config.txt, and see that the kernel has /dev/dma_heap",
                stream.bufferCount, stream.frameSize, strerror(-result));
        streams_.push_back(stream.stream());
        all.emplace_back();
        for (const auto &buffer : allocator_.buffers(stream.stream()))
            all.back().push_back(buffer.get());
    }
    return 0;
}

} // namespace pitether
