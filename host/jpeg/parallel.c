#include "host/jpeg/parallel.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

#include "host/jpeg/split.h"

enum { ALIGNMENT = 64, DEFAULT_MAX = 4 };

/* A thread with its decoder, and a buffer for a piece with its header. */
struct worker {
    struct jpeg_parallel *parallel;
    struct jpeg_decoder *decoder;
    uint8_t *piece;
    size_t capacity;
    pthread_t thread; /* not of worker 0, which is the caller */
};

struct jpeg_parallel {
    struct worker workers[JPEG_PARALLEL_MAX];
    unsigned count, started;
    uint8_t *memory; /* the planes */
    size_t memory_size;

    /* The picture being decoded; set while no worker is decoding. */
    const uint8_t *data;
    struct jpeg_split split;
    uint8_t *planes[3];
    size_t strides[3];

    pthread_mutex_t lock;
    pthread_cond_t work, done;
    /* Under lock. */
    unsigned next, unfinished; /* the next piece to decode; pieces not yet decoded */
    int error;                 /* the first that occurred */
    bool stopping;
};

static int reserve(uint8_t **memory, size_t *capacity, size_t size)
{
    if (*capacity >= size)
        return 0;
    free(*memory);
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    *memory = aligned_alloc(ALIGNMENT, size);
    *capacity = *memory ? size : 0;
    return *memory ? 0 : -ENOMEM;
}

static int decode_piece(struct worker *worker, unsigned index)
{
    struct jpeg_parallel *parallel = worker->parallel;
    const struct jpeg_split *split = &parallel->split;
    if (reserve(&worker->piece, &worker->capacity,
                split->header_size + split->pieces[index].size + 2))
        return -ENOMEM;
    size_t size = jpeg_split_piece(split, parallel->data, index, worker->piece);
    size_t top = (size_t)index * split->piece_height;
    uint8_t *planes[3];
    for (int c = 0; c < 3; c++)
        planes[c] = parallel->planes[c] + (c ? top / 2 : top) * parallel->strides[c];
    return jpeg_decode_into(worker->decoder, worker->piece, size, split->width,
                            jpeg_split_height(split, index), planes);
}

/* Decodes pieces until all have been started. Called with the lock held; releases it while it
 * decodes. */
static void work_on(struct worker *worker)
{
    struct jpeg_parallel *parallel = worker->parallel;
    while (parallel->next < parallel->split.piece_count) {
        unsigned index = parallel->next++;
        pthread_mutex_unlock(&parallel->lock);
        int error = decode_piece(worker, index);
        pthread_mutex_lock(&parallel->lock);
        if (error && !parallel->error)
            parallel->error = error;
        if (--parallel->unfinished == 0)
            pthread_cond_signal(&parallel->done);
    }
}

static void *run(void *user)
{
    struct worker *worker = user;
    struct jpeg_parallel *parallel = worker->parallel;
    pthread_mutex_lock(&parallel->lock);
    while (!parallel->stopping) {
        work_on(worker);
        if (!parallel->stopping)
            pthread_cond_wait(&parallel->work, &parallel->lock);
    }
    pthread_mutex_unlock(&parallel->lock);
    return NULL;
}

static unsigned cores(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);
    return count > DEFAULT_MAX ? DEFAULT_MAX : (unsigned)count;
}

struct jpeg_parallel *jpeg_parallel_create(unsigned threads)
{
    struct jpeg_parallel *parallel = calloc(1, sizeof(*parallel));
    if (!parallel)
        return NULL;
    pthread_mutex_init(&parallel->lock, NULL);
    pthread_cond_init(&parallel->work, NULL);
    pthread_cond_init(&parallel->done, NULL);
    parallel->count = threads ? threads : cores();
    for (; parallel->started < parallel->count; parallel->started++) {
        struct worker *worker = &parallel->workers[parallel->started];
        worker->parallel = parallel;
        worker->decoder = jpeg_decoder_create();
        if (!worker->decoder)
            break;
        if (parallel->started > 0 && pthread_create(&worker->thread, NULL, run, worker)) {
            jpeg_decoder_destroy(worker->decoder);
            break;
        }
    }
    if (parallel->started == parallel->count)
        return parallel;
    jpeg_parallel_destroy(parallel);
    return NULL;
}

void jpeg_parallel_destroy(struct jpeg_parallel *parallel)
{
    if (!parallel)
        return;
    pthread_mutex_lock(&parallel->lock);
    parallel->stopping = true;
    pthread_cond_broadcast(&parallel->work);
    pthread_mutex_unlock(&parallel->lock);
    for (unsigned i = 0; i < parallel->started; i++) {
        struct worker *worker = &parallel->workers[i];
        if (i > 0)
            pthread_join(worker->thread, NULL);
        jpeg_decoder_destroy(worker->decoder);
        free(worker->piece);
    }
    pthread_cond_destroy(&parallel->done);
    pthread_cond_destroy(&parallel->work);
    pthread_mutex_destroy(&parallel->lock);
    free(parallel->memory);
    free(parallel);
}

static int decode_pieces(struct jpeg_parallel *parallel)
{
    pthread_mutex_lock(&parallel->lock);
    parallel->next = 0;
    parallel->unfinished = parallel->split.piece_count;
    parallel->error = 0;
    pthread_cond_broadcast(&parallel->work);
    work_on(&parallel->workers[0]);
    while (parallel->unfinished > 0)
        pthread_cond_wait(&parallel->done, &parallel->lock);
    int error = parallel->error;
    pthread_mutex_unlock(&parallel->lock);
    return error;
}

int jpeg_parallel_decode(struct jpeg_parallel *parallel, const uint8_t *data, size_t size,
                         unsigned width, unsigned height, struct jpeg_planes *planes)
{
    struct jpeg_split split;
    size_t offsets[3];
    if (parallel->count == 1 || jpeg_split(data, size, &split) || split.width != width ||
        split.height != height)
        return jpeg_decode(parallel->workers[0].decoder, data, size, width, height, planes);
    size_t needed = jpeg_plane_layout(width, height, offsets, parallel->strides);
    if (reserve(&parallel->memory, &parallel->memory_size, needed))
        return -ENOMEM;
    for (int c = 0; c < 3; c++)
        parallel->planes[c] = parallel->memory + offsets[c];
    parallel->data = data;
    pthread_mutex_lock(&parallel->lock);
    parallel->split = split;
    parallel->next = split.piece_count; /* nothing to decode until all is set */
    pthread_mutex_unlock(&parallel->lock);
    int error = decode_pieces(parallel);
    if (error)
        return error;
    *planes = (struct jpeg_planes){ .width = width, .height = height };
    for (int c = 0; c < 3; c++) {
        planes->data[c] = parallel->planes[c];
        planes->stride[c] = parallel->strides[c];
    }
    return 0;
}
