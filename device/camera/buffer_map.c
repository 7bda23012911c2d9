#include "device/camera/buffer_map.h"

#include <errno.h>
#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

static struct buffer_file *find_file(struct buffer_map *map, int fd)
{
    for (unsigned i = 0; i < map->file_count; i++)
        if (map->files[i].fd == fd)
            return &map->files[i];
    struct buffer_file *file = &map->files[map->file_count++];
    *file = (struct buffer_file){ .fd = fd };
    return file;
}

static int map_file(struct buffer_file *file)
{
    void *address = mmap(NULL, file->size, PROT_READ, MAP_SHARED, file->fd, 0);
    if (address == MAP_FAILED)
        return -errno;
    file->address = address;
    return 0;
}

int buffer_map_open(struct buffer_map *map, const struct buffer_plane *planes, unsigned count)
{
    int result = 0;
    *map = (struct buffer_map){ .plane_count = count };
    if (count > BUFFER_PLANES_MAX)
        return -EINVAL;
    for (unsigned i = 0; i < count; i++) {
        struct buffer_file *file = find_file(map, planes[i].fd);
        size_t end;
        map->planes[i] = planes[i];
        if (__builtin_add_overflow(planes[i].offset, planes[i].length, &end))
            return -EINVAL;
        if (end > file->size)
            file->size = end;
    }
    for (unsigned i = 0; i < map->file_count && result == 0; i++)
        result = map_file(&map->files[i]);
    if (result)
        buffer_map_close(map);
    return result;
}

void buffer_map_close(struct buffer_map *map)
{
    for (unsigned i = 0; i < map->file_count; i++)
        if (map->files[i].address)
            munmap(map->files[i].address, map->files[i].size);
    *map = (struct buffer_map){ 0 };
}

static const uint8_t *address_of(const struct buffer_map *map, const struct buffer_plane *plane)
{
    for (unsigned i = 0; i < map->file_count; i++)
        if (map->files[i].fd == plane->fd)
            return (const uint8_t *)map->files[i].address + plane->offset;
    return NULL;
}

int buffer_map_describe(const struct buffer_map *map, size_t stride, struct picture *picture)
{
    const unsigned count = picture_planes(picture->format);
    const bool single = map->plane_count == 1;
    size_t used = 0; /* of the only plane */
    if (map->plane_count == 0 || (!single && map->plane_count < count))
        return -EINVAL;
    for (unsigned i = 0; i < count; i++) {
        const struct buffer_plane *plane = &map->planes[single ? 0 : i];
        size_t offset = single && used < plane->length ? used : single ? plane->length : 0;
        size_t row = picture_stride(picture->format, i, stride);
        picture->planes[i] =
            (struct plane){ address_of(map, plane) + offset, row, plane->length - offset };
        used += row * picture_rows(picture, i);
    }
    return picture_check(picture);
}

static void sync_files(const struct buffer_map *map, uint64_t flags)
{
    struct dma_buf_sync sync = { flags | DMA_BUF_SYNC_READ };
    for (unsigned i = 0; i < map->file_count; i++)
        while (ioctl(map->files[i].fd, DMA_BUF_IOCTL_SYNC, &sync) < 0 &&
               (errno == EINTR || errno == EAGAIN))
            ;
}

void buffer_map_begin_read(const struct buffer_map *map)
{
    sync_files(map, DMA_BUF_SYNC_START);
}

void buffer_map_end_read(const struct buffer_map *map)
{
    sync_files(map, DMA_BUF_SYNC_END);
}
