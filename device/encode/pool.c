#include "device/encode/pool.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>

struct worker {
    pthread_t thread;
    struct encode_pool *pool;
    struct jpeg_slicer *slicer; /* the worker's own */
};

struct encode_pool {
    pthread_mutex_t lock;
    pthread_cond_t work; /* for the workers: there are wake-ups, or it is stopping */
    /* Under lock. */
    struct encode_queue *first, *last; /* the line of queues; NULL: it is empty */
    unsigned waiting;                  /* workers that have not been woken */
    unsigned wakeups;                  /* for workers that still have to notice */
    bool stopping;

    unsigned worker_count; /* running; set by create alone */
    struct worker workers[ENCODE_THREADS_MAX];
};

static unsigned cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set))
        return 1;
    int count = CPU_COUNT(&set);
    return count < 1 ? 1 : count > ENCODE_THREADS_MAX ? ENCODE_THREADS_MAX : (unsigned)count;
}

static void append(struct encode_pool *pool, struct encode_queue *queue)
{
    if (queue->in_line)
        return;
    queue->in_line = true;
    queue->next = NULL;
    if (pool->first)
        pool->last->next = queue;
    else
        pool->first = queue;
    pool->last = queue;
}

static struct encode_queue *remove_first(struct encode_pool *pool)
{
    struct encode_queue *queue = pool->first;
    if (queue) {
        pool->first = queue->next;
        queue->in_line = false;
    }
    return queue;
}

/* Takes the next slice of the first queue that has one; NULL: none has. A queue that turns out to
 * have none leaves the line until it is offered again. */
static struct encode_queue *take_slice(struct encode_pool *pool, struct slice_task *task)
{
    struct encode_queue *queue;
    while ((queue = remove_first(pool)) && !queue->take(queue->user, task))
        ;
    if (queue)
        append(pool, queue);
    return queue;
}

static void wait_for_work(struct encode_pool *pool)
{
    pool->waiting++;
    while (pool->wakeups == 0 && !pool->stopping)
        pthread_cond_wait(&pool->work, &pool->lock);
    if (pool->wakeups > 0)
        pool->wakeups--;
}

static void *run_worker(void *user)
{
    struct worker *worker = user;
    struct encode_pool *pool = worker->pool;
    struct encode_queue *queue;
    struct slice_task task;
    pthread_mutex_lock(&pool->lock);
    while (!pool->stopping) {
        queue = take_slice(pool, &task);
        if (!queue) {
            wait_for_work(pool);
            continue;
        }
        pthread_mutex_unlock(&pool->lock);
        int error = jpeg_slice_encode(worker->slicer, task.picture, task.plan, task.index,
                                      task.quality, task.out);
        pthread_mutex_lock(&pool->lock);
        queue->finish(queue->user, &task, error);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static int start_worker(struct encode_pool *pool, struct worker *worker)
{
    worker->pool = pool;
    worker->slicer = jpeg_slicer_create();
    if (!worker->slicer)
        return -ENOMEM;
    int error = pthread_create(&worker->thread, NULL, run_worker, worker);
    if (error) {
        jpeg_slicer_destroy(worker->slicer);
        return -error;
    }
    pthread_setname_np(worker->thread, "encoder");
    return 0;
}

int encode_pool_create(struct encode_pool **pool, unsigned threads)
{
    assert(threads <= ENCODE_THREADS_MAX);
    struct encode_pool *self = *pool = calloc(1, sizeof(*self));
    if (!self)
        return -ENOMEM;
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->work, NULL);
    for (unsigned count = threads ? threads : cores(); self->worker_count < count;
         self->worker_count++) {
        int error = start_worker(self, &self->workers[self->worker_count]);
        if (error) {
            encode_pool_destroy(pool);
            return error;
        }
    }
    return 0;
}

void encode_pool_destroy(struct encode_pool **pool)
{
    if (!pool || !*pool)
        return;
    struct encode_pool *self = *pool;
    pthread_mutex_lock(&self->lock);
    assert(!self->first);
    self->stopping = true;
    pthread_cond_broadcast(&self->work);
    pthread_mutex_unlock(&self->lock);
    for (unsigned i = 0; i < self->worker_count; i++) {
        pthread_join(self->workers[i].thread, NULL);
        jpeg_slicer_destroy(self->workers[i].slicer);
    }
    pthread_cond_destroy(&self->work);
    pthread_mutex_destroy(&self->lock);
    free(self);
    *pool = NULL;
}

unsigned encode_pool_threads(const struct encode_pool *pool)
{
    return pool->worker_count;
}

pthread_mutex_t *encode_pool_lock(struct encode_pool *pool)
{
    return &pool->lock;
}

void encode_pool_offer(struct encode_pool *pool, struct encode_queue *queue, unsigned helpers)
{
    append(pool, queue);
    if (helpers > pool->waiting)
        helpers = pool->waiting;
    if (helpers == 0)
        return;
    pool->waiting -= helpers;
    pool->wakeups += helpers;
    if (pool->waiting == 0) { /* one system call for all */
        pthread_cond_broadcast(&pool->work);
        return;
    }
    while (helpers-- > 0)
        pthread_cond_signal(&pool->work);
}

void encode_pool_withdraw(struct encode_pool *pool, struct encode_queue *queue)
{
    struct encode_queue *each, *before = NULL;
    if (!queue->in_line)
        return;
    for (each = pool->first; each != queue; each = each->next)
        before = each;
    if (before)
        before->next = queue->next;
    else
        pool->first = queue->next;
    if (pool->last == queue)
        pool->last = before;
    queue->in_line = false;
}
