/*
 * A camera's buffer as the processor sees it: the files (dma-bufs) that its planes lie in, mapped
 * for reading, and the picture in them. Planes may share a file at different offsets: each file is
 * mapped once, as far as it is used.
 *
 * One thread at a time for each struct.
 */
#ifndef PITETHER_DEVICE_CAMERA_BUFFER_MAP_H
#define PITETHER_DEVICE_CAMERA_BUFFER_MAP_H

#include <stddef.h>

#include "device/image/picture.h"
#include "shared/base/attributes.h"

enum { BUFFER_PLANES_MAX = 3 };

/* Where a plane of the buffer lies. */
struct buffer_plane {
    int fd; /* stays the caller's */
    size_t offset, length;
};

struct buffer_map {
    struct buffer_plane planes[BUFFER_PLANES_MAX];
    unsigned plane_count;
    struct buffer_file {
        int fd;
        size_t size;
        void *address; /* NULL: not mapped */
    } files[BUFFER_PLANES_MAX];
    unsigned file_count;
};

/* Maps count planes. 0 or a negative errno, with nothing mapped; -EINVAL: too many planes. */
NODISCARD int buffer_map_open(struct buffer_map *map, const struct buffer_plane *planes,
                              unsigned count);

/* Unmaps. Fine on a struct of zeros. */
void buffer_map_close(struct buffer_map *map);

/* Sets picture's planes to the rows in the buffer, which has a plane for each of the picture's, or
 * one in which they follow one another. Format, width and height are set; stride is that of the
 * first plane, in bytes. 0, or -EINVAL if the picture does not fit. */
NODISCARD int buffer_map_describe(const struct buffer_map *map, size_t stride,
                                  struct picture *picture);

/* Before the first read, makes the device's writes visible through the processor's cache; after the
 * last, ends that (linux/dma-buf.h). Does nothing to memory that is no dma-buf. */
void buffer_map_begin_read(const struct buffer_map *map);
void buffer_map_end_read(const struct buffer_map *map);

#endif
