/*
 * One run of a camera, from its start to its stop: keeps its requests going around.
 *
 * Threads: the owner's begins and destroys. libcamera's only notes that a request is done
 * (on_done). The loop's own, "camera" (run), is the one that calls the sink. raw_frame_release()
 * comes from any thread. lock_ guards what they share; it is never held across a call of the sink
 * or camera->stop(), since both wait for threads that take it.
 */
#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_REQUEST_LOOP_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_REQUEST_LOOP_H

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "device/camera/libcamera/buffers.h"
#include "device/camera/libcamera/settings.h"
#include "device/camera/libcamera/setup.h"
#include "device/camera/libcamera/slot.h"

extern "C" {
#include "device/camera/camera.h"
#include "device/camera/pacing.h"
#include "device/camera/watchdog.h"
#include "shared/base/log.h"
}

namespace pitether
{

/* What a run may use. */
struct Means {
    bool heap;   /* buffers of a dma-buf heap */
    bool stills; /* an output for stills beside the stream */
};

class RequestLoop
{
  public:
    RequestLoop(std::shared_ptr<lc::Camera> camera, const struct camera_run &run,
                struct metadata_names *names);
    /* Stops the camera, waits until all frames have come back, and releases it; also after a
     * begin() that failed. */
    ~RequestLoop();
    RequestLoop(const RequestLoop &) = delete;

    /* Once. Starts the camera: 0, or a negative errno with error filled; -ENOMEM: it may work
     * without one of the means. */
    int begin(const struct camera_request &request, const Means &means, struct camera_mode *mode,
              struct error *error);

    /* After begin(): whether there is an output for stills. */
    bool takes_stills() const
    {
        return setup_.takes_stills();
    }

    /* As camera_ops.still. Any thread. */
    int still();

    /* True if buffers of a dma-buf heap were used, and the start or the first picture failed. */
    bool heap_failed();

  private:
    int configure(const struct camera_request &request, bool stills, struct error *error);
    int make_slot(size_t index, struct error *error);
    int make_still(struct error *error);
    int prepare(struct error *error);
    int launch(struct error *error);
    int start(struct error *error);
    static void on_release(struct raw_frame *frame);
    void on_done(lc::Request *request);
    void observe_pace(const Slot &slot);
    void on_unplugged();
    void settle();
    void run();
    void step(std::unique_lock<std::mutex> &hold);
    void wait(std::unique_lock<std::mutex> &hold);
    void deliver(Slot &slot);
    bool is_refusal(const Slot &slot);
    bool deliver_first(Slot &slot);
    void deliver_other(Slot &slot, Picture &picture);
    void lend(Slot &slot, Picture &picture);
    void leave(Slot &slot);
    void give_back(Slot &slot);
    bool may_queue(uint64_t now) const;
    void queue_next(std::unique_lock<std::mutex> &hold);
    void queue(Slot &slot);

    const struct camera_run run_;
    const struct camera_sink &sink_;
    bool connected_ = false, started_ = false;
    /* In the order of their making; they go in the reverse one. */
    Setup setup_;
    Settings settings_; /* the camera's thread's, once that runs */
    MetadataPacker packer_;
    Buffers buffers_;
    std::vector<std::unique_ptr<Slot>> slots_;
    std::unique_ptr<Picture> still_; /* nullptr: there is no output for it */
    std::thread thread_;
    struct log_limit refused_limit_ = {};

    std::mutex lock_; /* guards the rest */
    std::condition_variable changed_;
    std::vector<Slot *> done_, idle_; /* never grow beyond what is reserved */
    size_t lent_ = 0;
    struct pacing pacing_ = {};
    struct watchdog watchdog_ = {};
    bool stopping_ = false, ended_ = false, produced_ = false;
    bool still_due_ = false,
         still_out_ = false; /* a still was asked for; it is being taken, or lent */
};

} // namespace pitether

#endif
