#include "device/camera/registry.h"

#include <string.h>

#include "device/camera/libcamera/source.h"
#include "device/camera/pattern.h"
#include "device/camera/y4m.h"

static const struct camera_ops *find_libcamera(const char *argument)
{
    return !argument || (*argument && strcmp(argument, "model=") != 0) ? &camera_libcamera : NULL;
}

const struct camera_ops *camera_find(const char *source, const char **argument)
{
    *argument = NULL;
    size_t name = strcspn(source, ":");
    if (name == strlen("libcamera") && strncmp(source, "libcamera", name) == 0) {
        if (source[name] == ':')
            *argument = source + name + 1;
        return find_libcamera(*argument);
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
