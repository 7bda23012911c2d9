/*
 * The C face of the libcamera source. No exception of C++ gets past it.
 */
#include <algorithm>
#include <cerrno>
#include <exception>
#include <iterator>
#include <memory>
#include <new>
#include <string>

#include "device/camera/libcamera/formats.h"
#include "device/camera/libcamera/manager.h"
#include "device/camera/libcamera/request_loop.h"

extern "C" {
#include "device/camera/libcamera/source.h"
#include "device/camera/permissions.h"
#include "shared/base/log.h"
}

namespace lc = libcamera;
using namespace pitether;

struct camera {
    ~camera()
    {
        loop.reset();
        if (manager)
            manager->give_up(identity);
    }

    Manager::Handle manager;
    const char *argument; /* lives as long as the program's options */
    std::string stream;
    struct camera_request request;
    Identity identity;
    Means means = { true, true };
    std::unique_ptr<RequestLoop> loop;
};

namespace
{

template <typename Work> int guard(struct error *error, Work work)
{
    try {
        return work();
    } catch (const std::bad_alloc &) {
        return error_set(error, -ENOMEM, "out of memory");
    } catch (const std::exception &exception) {
        return error_set(error, -EIO, "libcamera: %s", exception.what());
    }
}

int choose(struct camera *camera, std::shared_ptr<lc::Camera> *found, struct error *error)
{
    return camera->manager->choose(camera->argument, camera->stream, &camera->identity, found,
                                   error);
}

/* Has use() called with the camera, if that is there. It is looked for each time: after it was
 * unplugged and plugged in, it is another object. */
template <typename Use> int with_camera(struct camera *camera, struct error *error, const Use &use)
{
    return guard(error, [&]() -> int {
        std::shared_ptr<lc::Camera> found;
        const int result = choose(camera, &found, error);
        return result < 0 ? result : use(found);
    });
}

int source_open(struct camera **out, const char *argument, const struct camera_request *request,
                struct error *error)
{
    *out = nullptr;
    return guard(error, [&]() -> int {
        int result = 0;
        auto camera = std::make_unique<struct camera>();
        std::shared_ptr<lc::Camera> found;
        camera->request = *request;
        camera->argument = argument;
        camera->stream = request->stream ? request->stream : "";
        camera->request.stream = nullptr; /* the caller's, as the script of faults */
        camera->request.faults = nullptr;
        camera->manager = Manager::share(error, &result);
        if (!camera->manager)
            return result;
        result = choose(camera.get(), &found, error);
        if (result == 0 || result == -ENODEV)
            *out = camera.release();
        return result;
    });
}

int source_describe(struct camera *camera, struct camera_description *description,
                    struct error *error)
{
    *description = {};
    return with_camera(camera, error, [&](const std::shared_ptr<lc::Camera> &found) -> int {
        Setup setup(found);
        const int result = setup.begin(camera->request, camera->means.stills, error);
        if (result < 0)
            return result;
        setup.describe(&description->mode);
        if (control_table_copy(&description->controls, &setup.controls.table()) < 0)
            return error_set(error, -ENOMEM, "out of memory");
        return 0;
    });
}

/* Whether a start that failed may succeed with less. The sensor's full size takes much memory, of
 * which a small Pi has little. */
bool lessen(Means *means, RequestLoop &failed, int result)
{
    const bool stills = result == -ENOMEM && failed.takes_stills();
    const bool heap = !stills && failed.heap_failed();
    if (stills)
        log_info("there is not enough memory for stills beside the stream: each still will "
                 "interrupt it");
    means->stills = means->stills && !stills;
    means->heap = means->heap && !heap;
    return stills || heap;
}

int source_start(struct camera *camera, const struct camera_run *run, struct camera_mode *mode,
                 struct error *error)
{
    return with_camera(camera, error, [&](const std::shared_ptr<lc::Camera> &found) -> int {
        std::unique_ptr<RequestLoop> loop;
        int result;
        do {
            loop.reset(); /* two can't have the camera */
            loop = std::make_unique<RequestLoop>(found, *run, camera->request.names);
            result = loop->begin(camera->request, camera->means, mode, error);
        } while (result < 0 && lessen(&camera->means, *loop, result));
        if (result == 0)
            camera->loop = std::move(loop);
        return result;
    });
}

int source_still(struct camera *camera)
{
    return camera->loop->still();
}

void source_stop(struct camera *camera)
{
    if (camera->loop && camera->loop->heap_failed())
        camera->means.heap = false; /* a driver reports late that it can't use such memory */
    camera->loop.reset();
}

void source_close(struct camera **camera)
{
    if (!camera || !*camera)
        return;
    delete *camera;
    *camera = nullptr;
}

/* For --list-cameras. */
void print_camera(FILE *out, size_t index, const struct camera_entry &entry)
{
    lc::Camera &camera = **static_cast<std::shared_ptr<lc::Camera> *>(entry.camera);
    fprintf(out, "%zu: %s (%s)\n", index, entry.id, entry.model ? entry.model : "unknown model");
    auto config = camera.generateConfiguration({ lc::StreamRole::VideoRecording });
    if (!config || config->empty())
        return;
    const lc::StreamFormats &offered = config->at(0).formats();
    for (const lc::PixelFormat &format : offered.pixelformats()) {
        const bool usable =
            std::any_of(std::begin(usable_formats), std::end(usable_formats),
                        [&](const Format &known) { return known.theirs == format; });
        fprintf(out, "    %s%s:", format.toString().c_str(), usable ? "" : " (not used)");
        for (const lc::Size &size : offered.sizes(format))
            fprintf(out, " %ux%u", size.width, size.height);
        const lc::SizeRange range = offered.range(format);
        fprintf(out, " (up to %ux%u)\n", range.max.width, range.max.height);
    }
}

} // namespace

extern "C" {
const struct camera_ops camera_libcamera = { source_open,  source_describe, source_start,
                                             source_still, source_stop,     source_close };
}

int camera_libcamera_list(FILE *out, struct error *error)
{
    return guard(error, [&]() -> int {
        int result = 0;
        Manager::Handle manager = Manager::share(error, &result);
        if (!manager)
            return result;
        const std::unique_ptr<CameraList> list = manager->list();
        if (list->entries.empty()) {
            result = camera_explain_none(camera_device_files, error);
            return result == -ENODEV ? 0 : result;
        }
        for (size_t i = 0; i < list->entries.size(); i++)
            print_camera(out, i, list->entries[i]);
        return static_cast<int>(list->entries.size());
    });
}
