#include "host/sinks/files/save_target.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static const char *const videos[] = { "264",  "265", "3gp",   "avi",  "flv", "gif", "h264", "h265",
                                      "hevc", "m4v", "mjpeg", "mjpg", "mkv", "mov", "mp4",  "mpeg",
                                      "mpg",  "ogv", "ts",    "webm", "wmv", "y4m", NULL };
static const char *const pictures[] = { "bmp", "jpeg", "jpg",  "png", "ppm",
                                        "tif", "tiff", "webp", NULL };

static bool is_one_of(const char *extension, const char *const *words)
{
    for (; *words; words++)
        if (strcasecmp(extension, *words) == 0)
            return true;
    return false;
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

int save_target_check(const char *path, struct error *error)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.'), *instead;
    if (strcmp(path, "-") == 0)
        instead = "to write to standard output: --stdout";
    else if (dot && is_one_of(dot + 1, videos))
        instead = "to record a video: pitether HOST --stdout --lossless | ffmpeg -f mjpeg "
                  "-use_wallclock_as_timestamps 1 -i - -c copy video.mkv";
    else if (dot && is_one_of(dot + 1, pictures))
        instead = "to have one picture: pitether HOST --stdout --frames 1 >picture.jpg";
    else
        return 0;
    if (is_folder(path))
        return 0;
    return error_set(
        error, -EINVAL,
        "--save makes a folder with a JPEG of each frame, and '%.150s' is not a folder's name; %s",
        path, instead);
}
