#include "device/camera/camera.h"

#include <string.h>

const struct camera_ops *camera_find(const char *source, const char **argument)
{
    *argument = NULL;
    size_t name = strcspn(source, ":");
    if (name == strlen("libcamera") && strncmp(source, "libcamera", name) == 0) {
        if (source[name] == ':')
            *argument = source + name + 1;
        return *argument && !**argument ? NULL : &camera_libcamera;
    }
    if (strcmp(source, "pattern") == 0)
        return &camera_pattern;
    size_t size = strlen(source);
    if (size > 4 && strcmp(source + size - 4, ".y4m") == 0) {
        *argument = source;
        return &camera_y4m;
    }
    return NULL;
}
