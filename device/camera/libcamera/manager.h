/*
 * The cameras of this machine, and which stream of this daemon has which.
 *
 * libcamera allows one CameraManager in a process: all open cameras share it, and the last one ends
 * it. What libcamera itself serialises: it runs all its camera drivers' code on one thread of its
 * manager. configure(), start() and stop() of a camera wait for that thread, and requests complete
 * on it, so that a driver which blocks there holds up all libcamera cameras of this process. Ours
 * adds nothing to that: the lock below is never held across such a call.
 */
#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_MANAGER_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_MANAGER_H

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <libcamera/libcamera.h>

extern "C" {
#include "device/camera/choice.h"
#include "shared/base/error.h"
}

namespace pitether
{

/* The cameras that are there at a moment, sorted. */
struct CameraList {
    std::vector<std::shared_ptr<libcamera::Camera>> cameras;
    std::vector<std::string> models;
    std::vector<struct camera_entry> entries; /* point into the above, and are not moved */
};

/* The camera of a stream, over all its starts. */
struct Identity {
    std::string id; /* empty: it has had none yet */
    std::string model;
    bool only = false; /* see struct camera_identity */
};

class Manager
{
  public:
    struct Release {
        void operator()(Manager *manager) const;
    };
    using Handle = std::unique_ptr<Manager, Release>;

    /* The one that is there, or a new one; it ends with its last handle. Empty, with error filled
     * and *result set, if libcamera does not start. This and the others: any thread. */
    static Handle share(struct error *error, int *result);

    Manager(const Manager &) = delete;

    std::unique_ptr<CameraList> list() const;

    /* Chooses a camera by the argument of --source or, if it has one, by identity (see
     * camera_choose()), and notes that the stream has it. 0, or a negative errno with error
     * filled. */
    int choose(const char *argument, const std::string &stream, Identity *identity,
               std::shared_ptr<libcamera::Camera> *camera, struct error *error);

    /* The stream of this identity needs its camera no more. */
    void give_up(const Identity &identity);

  private:
    Manager() = default;

    libcamera::CameraManager manager_;
    std::mutex lock_;
    std::map<std::string, std::string> users_; /* under lock_: streams by camera id */
};

} // namespace pitether

#endif
