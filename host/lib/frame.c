#include "host/lib/frame.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/wakeup.h"

enum { FIRST_CAPACITY = 128 * 1024 };

/* What the callers see comes first: a pointer to it is one to the whole. */
struct frame {
    struct pitether_frame shown;
    uint8_t *data; /* writable; shown.data */
    size_t capacity;
    struct metadata metadata; /* by the numbers in the pool's names */
    atomic_uint references;
    struct frame_pool *pool;
    struct frame *next; /* in the pool's list of free frames, under its lock */
};

struct frame_pool {
    unsigned limit;
    size_t max_bytes;
    int fd;
    struct metadata_names names; /* of all connections, which each number them anew */
    pthread_mutex_t lock;
    /* Under lock. */
    struct frame *free;
    unsigned held;     /* frames that are out */
    size_t held_bytes; /* memory of those */
    size_t bytes;      /* memory of all frames, free ones too */
    bool wanted;       /* take() has returned NULL since the last frame came back */
    bool destroyed;    /* it goes with the last frame */
};

static struct frame *frame_of(const struct pitether_frame *frame)
{
    return (struct frame *)frame;
}

struct frame_pool *frame_pool_create(unsigned limit, size_t max_bytes)
{
    struct frame_pool *pool = calloc(1, sizeof(*pool));
    if (!pool)
        return NULL;
    pool->limit = limit;
    pool->max_bytes = max_bytes;
    int fd = pool->fd = wakeup_open();
    if (fd < 0) {
        free(pool);
        errno = -fd;
        return NULL;
    }
    pthread_mutex_init(&pool->lock, NULL);
    return pool;
}

/* All frames are free. */
static void free_pool(struct frame_pool *pool)
{
    while (pool->free) {
        struct frame *frame = pool->free;
        pool->free = frame->next;
        free(frame->data);
        free(frame);
    }
    pthread_mutex_destroy(&pool->lock);
    close(pool->fd);
    free(pool);
}

void frame_pool_destroy(struct frame_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->destroyed = true;
    bool last = pool->held == 0;
    pthread_mutex_unlock(&pool->lock);
    if (last)
        free_pool(pool);
}

int frame_pool_fd(const struct frame_pool *pool)
{
    return pool->fd;
}

static void reset(struct frame *frame)
{
    frame->shown = (struct pitether_frame){ .data = frame->data };
    frame->metadata.size = 0;
    atomic_store(&frame->references, 1);
}

struct pitether_frame *frame_pool_take(struct frame_pool *pool)
{
    wakeup_clear(pool->fd);
    pthread_mutex_lock(&pool->lock);
    struct frame *frame = NULL;
    if (pool->held < pool->limit && (pool->held == 0 || pool->held_bytes < pool->max_bytes)) {
        frame = pool->free;
        if (frame)
            pool->free = frame->next;
        else
            frame = calloc(1, sizeof(*frame));
    }
    if (frame) {
        pool->held++;
        pool->held_bytes += frame->capacity;
    }
    pool->wanted = !frame;
    pthread_mutex_unlock(&pool->lock);
    if (!frame)
        return NULL;
    frame->pool = pool;
    reset(frame);
    return &frame->shown;
}

int frame_reserve(struct pitether_frame *shown, size_t capacity)
{
    struct frame *frame = frame_of(shown);
    if (capacity <= frame->capacity)
        return 0;
    size_t grown = frame->capacity ? frame->capacity : FIRST_CAPACITY;
    while (grown < capacity)
        grown *= 2;
    uint8_t *data = realloc(frame->data, grown);
    if (!data)
        return -ENOMEM;
    pthread_mutex_lock(&frame->pool->lock);
    frame->pool->held_bytes += grown - frame->capacity;
    frame->pool->bytes += grown - frame->capacity;
    pthread_mutex_unlock(&frame->pool->lock);
    frame->shown.data = frame->data = data;
    frame->capacity = grown;
    return 0;
}

/* Whether a number that was already seen in this frame, of whatever type, has this name. */
static bool is_told(const struct metadata_names *names, const bool *told, const char *name)
{
    unsigned count = metadata_names_count(names);
    for (unsigned i = 0; i < count; i++)
        if (told[i] && strcmp(names->items[i].name, name) == 0)
            return true;
    return false;
}

void frame_set_metadata(struct pitether_frame *shown, const struct metadata *metadata,
                        const struct metadata_names *names)
{
    struct frame *frame = frame_of(shown);
    unsigned number;
    struct value value;
    bool told[METADATA_NAMES_MAX] = { false };
    frame->metadata.size = 0;
    for (size_t at = 0; metadata_next(metadata, names, &at, &number, &value) > 0;) {
        const struct metadata_name *name = &names->items[number];
        int ours = metadata_names_add(&frame->pool->names, name->name, name->type, name->array);
        if (ours < 0 || is_told(&frame->pool->names, told, name->name))
            continue;
        told[ours] = true;
        if (!metadata_add(&frame->metadata, (unsigned)ours, &value))
            break;
    }
}

_Static_assert(sizeof(struct pitether_value) == sizeof(struct value) &&
                   offsetof(struct pitether_value, count) == offsetof(struct value, count) &&
                   offsetof(struct pitether_value, text) == offsetof(struct value, text),
               "the public values are the protocol's");

bool pitether_frame_value(const struct pitether_frame *shown, const char *name,
                          struct pitether_value *value)
{
    const struct frame *frame = frame_of(shown);
    struct value found;
    if (!metadata_find(&frame->metadata, &frame->pool->names, name, &found))
        return false;
    memcpy(value, &found, sizeof(found));
    return true;
}

double pitether_frame_number(const struct pitether_frame *shown, const char *name)
{
    const struct frame *frame = frame_of(shown);
    return metadata_number(&frame->metadata, &frame->pool->names, name);
}

const char *pitether_frame_next_value(const struct pitether_frame *shown, size_t *at,
                                      struct pitether_value *value)
{
    const struct frame *frame = frame_of(shown);
    const struct metadata_names *names = &frame->pool->names;
    struct value found;
    unsigned number;
    if (metadata_next(&frame->metadata, names, at, &number, &found) <= 0)
        return NULL;
    memcpy(value, &found, sizeof(found));
    return names->items[number].name;
}

uint8_t *frame_data(struct pitether_frame *frame)
{
    return frame_of(frame)->data;
}

size_t frame_capacity(const struct pitether_frame *frame)
{
    return frame_of(frame)->capacity;
}

const struct pitether_frame *pitether_frame_hold(const struct pitether_frame *frame)
{
    atomic_fetch_add_explicit(&frame_of(frame)->references, 1, memory_order_relaxed);
    return frame;
}

/* The last reference is gone. */
static void give_back(struct frame *frame)
{
    struct frame_pool *pool = frame->pool;
    pthread_mutex_lock(&pool->lock);
    pool->held--;
    pool->held_bytes -= frame->capacity;
    /* Free frames keep their memory only within the bound, or 64 of them would in time each have
     * that of the largest frame. */
    if (pool->bytes > pool->max_bytes) {
        pool->bytes -= frame->capacity;
        free(frame->data);
        frame->data = NULL;
        frame->capacity = 0;
    }
    frame->next = pool->free;
    pool->free = frame;
    if (pool->wanted) {
        wakeup_send(pool->fd);
        pool->wanted = false;
    }
    bool last = pool->destroyed && pool->held == 0;
    pthread_mutex_unlock(&pool->lock);
    if (last)
        free_pool(pool);
}

void pitether_frame_release(const struct pitether_frame *shown)
{
    struct frame *frame = frame_of(shown);
    if (frame && atomic_fetch_sub_explicit(&frame->references, 1, memory_order_acq_rel) == 1)
        give_back(frame);
}

uint64_t pitether_frame_host_time(const struct pitether_frame *frame, uint64_t device_time)
{
    return frame->times.offset_known ? device_time - (uint64_t)frame->times.offset : 0;
}
