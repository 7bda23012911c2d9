#include "host/sinks/window/peaks.h"

#include <stdbool.h>
#include <stdlib.h>

#include "host/sinks/window/peaking.h"

static bool reserve(struct peaks *peaks, size_t size)
{
    if (size <= peaks->size)
        return true;
    peaks_clear(peaks);
    peaks->chroma = malloc(size);
    peaks->size = peaks->chroma ? size : 0;
    return peaks->chroma;
}

struct jpeg_planes peaks_mark(struct peaks *peaks, const struct jpeg_planes *planes)
{
    struct jpeg_planes marked = *planes;
    size_t size = planes->stride[1] * ((planes->height + 1) / 2);
    if (!reserve(peaks, 2 * size))
        return marked;
    peaking_mark(planes, peaks->chroma, peaks->chroma + size);
    marked.data[1] = peaks->chroma;
    marked.data[2] = peaks->chroma + size;
    return marked;
}

void peaks_clear(struct peaks *peaks)
{
    free(peaks->chroma);
    *peaks = (struct peaks){ 0 };
}
