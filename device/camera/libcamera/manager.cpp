#include "device/camera/libcamera/manager.h"

#include <cstring>

#include "device/camera/libcamera/log_stream.h"
#include "device/camera/libcamera/properties.h"

extern "C" {
#include "device/camera/permissions.h"
}

namespace lc = libcamera;

namespace pitether
{

namespace
{

/* Held until a manager has started or has ended, since there must never be two. */
std::mutex shared_lock;
Manager *shared;     /* under shared_lock */
unsigned references; /* under shared_lock */

} // namespace

Manager::Handle Manager::share(struct error *error, int *result)
{
    std::lock_guard<std::mutex> hold(shared_lock);
    if (!shared) {
        join_logs();
        std::unique_ptr<Manager> manager(new Manager());
        *result = manager->manager_.start();
        if (*result < 0) {
            error_set(error, *result, "libcamera %s didn't start: %s",
                      lc::CameraManager::version().c_str(), strerror(-*result));
            return {};
        }
        shared = manager.release();
    }
    references++;
    return Handle(shared);
}

void Manager::Release::operator()(Manager *manager) const
{
    std::lock_guard<std::mutex> hold(shared_lock);
    if (--references > 0)
        return;
    shared = nullptr;
    delete manager;
}

std::unique_ptr<CameraList> Manager::list() const
{
    auto list = std::make_unique<CameraList>();
    list->cameras = manager_.cameras();
    for (const auto &camera : list->cameras)
        list->models.push_back(model_of(*camera));
    for (size_t i = 0; i < list->cameras.size(); i++) {
        struct camera_entry entry = {};
        entry.id = list->cameras[i]->id().c_str();
        entry.model = list->models[i].empty() ? nullptr : list->models[i].c_str();
        entry.usb = is_usb(*list->cameras[i]);
        entry.camera = &list->cameras[i];
        list->entries.push_back(entry);
    }
    camera_sort(list->entries.data(), list->entries.size());
    return list;
}

int Manager::choose(const char *argument, const std::string &stream, Identity *identity,
                    std::shared_ptr<lc::Camera> *camera, struct error *error)
{
    std::unique_ptr<CameraList> there = list();
    std::vector<struct camera_entry> &entries = there->entries;
    if (entries.empty() && identity->id.empty())
        return camera_explain_none(camera_device_files, error);
    const bool known = !identity->id.empty();
    struct camera_identity before = {};
    before.id = known ? identity->id.c_str() : nullptr;
    before.model = identity->model.empty() ? nullptr : identity->model.c_str();
    before.only = identity->only;
    std::lock_guard<std::mutex> hold(lock_);
    for (struct camera_entry &entry : entries) {
        auto user = users_.find(entry.id);
        if (user != users_.end() && identity->id != entry.id)
            entry.user = user->second.c_str();
    }
    const int found = camera_choose(entries.data(), entries.size(), argument, &before, error);
    if (found < 0)
        return found;
    const auto index = static_cast<size_t>(found);
    const struct camera_entry &entry = entries[index];
    Identity now;
    now.id = entry.id;
    now.model = entry.model ? entry.model : "";
    now.only = camera_is_only(entries.data(), entries.size(), index);
    users_.insert_or_assign(now.id, stream);
    if (known && identity->id != now.id)
        users_.erase(identity->id);
    *camera = *static_cast<std::shared_ptr<lc::Camera> *>(entry.camera);
    *identity = std::move(now);
    return 0;
}

void Manager::give_up(const Identity &identity)
{
    std::lock_guard<std::mutex> hold(lock_);
    if (!identity.id.empty())
        users_.erase(identity.id);
}

} // namespace pitether
