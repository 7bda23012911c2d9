#include "host/sinks/window/peaking_chroma.h"

#include <stdbool.h>
#include <stdlib.h>

#include "host/sinks/window/peaking.h"

static bool reserve(struct peaking_chroma *marks, size_t size)
{
    if (size <= marks->size)
        return true;
    peaking_chroma_clear(marks);
    marks->chroma = malloc(size);
    marks->size = marks->chroma ? size : 0;
    return marks->chroma;
}

struct jpeg_planes peaking_chroma_mark(struct peaking_chroma *marks,
                                       const struct jpeg_planes *planes)
{
    struct jpeg_planes marked = *planes;
    size_t size = planes->stride[1] * ((planes->height + 1) / 2);
    if (!reserve(marks, 2 * size))
        return marked;
    peaking_mark(planes, marks->chroma, marks->chroma + size);
    marked.data[1] = marks->chroma;
    marked.data[2] = marks->chroma + size;
    return marked;
}

void peaking_chroma_clear(struct peaking_chroma *marks)
{
    free(marks->chroma);
    *marks = (struct peaking_chroma){ 0 };
}
