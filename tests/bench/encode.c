/*
 * What encoding costs: libjpeg-turbo alone, as the limit, beside pitether's encoder, on the same
 * pictures in the same process, in turn.
 *
 *     bench_encode FILE.y4m QUALITY ROUNDS MILLISECONDS LOOPS VARIANT...
 *
 * Each variant encodes the whole file LOOPS times, or (LOOPS 0) as many times as the first variant
 * manages in so many milliseconds; then the next variant, and so on, ROUNDS times over. A variant
 * is KIND:THREADS[:SLICES][@FORM]:
 *     bare      libjpeg-turbo, whole pictures, a compressor for each thread
 *     paced     the same on one thread, a picture each 1/30 s, as from a camera
 *     latency   pitether's encoder, the next picture once the last one is done
 *     pipeline  pitether's encoder, pictures as soon as it takes them
 * FORM (see formats.h) is what pitether's encoder is given the pictures in: "NV12,limited".
 * Prints a line of JSON for each measurement.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "formats.h"

#include "device/camera/y4m_format.h"
#include "device/stream/encoder.h"
#include "device/stream/events.h"
#include "shared/base/clock.h"

/* As many as a camera has. */
enum { CAPTURES = 6 };
enum { VARIANTS_MAX = 32, MCU_SIDE = 16, PACE_FPS = 30 };

struct pictures {
    unsigned count;
    struct picture *items;
    unsigned width, height;
};

struct bare {
    struct jpeg_compress_struct compress;
    struct jpeg_error_mgr errors;
    unsigned char *buffer;
    unsigned long capacity;
};

struct variant {
    const char *name;
    enum { KIND_BARE, KIND_PACED, KIND_LATENCY, KIND_PIPELINE } kind;
    unsigned threads, slices;
    struct pictures pictures;
    struct bare *bare; /* one for each thread */
    struct encode_pool *pool;
    struct encoder *encoder;
    struct stream_events events;
    uint64_t next_id;
    sem_t free_captures;
    struct raw_frame captures[CAPTURES];
    atomic_bool used[CAPTURES];
};

/* One measurement. */
struct run {
    struct variant *variant;
    unsigned frames;
    atomic_uint next; /* picture to take */
    atomic_ullong bytes;
    uint64_t *latencies;
    struct frame *begun[STREAM_EVENTS_MAX]; /* a ring: published, not yet whole */
    unsigned first_begun, begun_count;
    unsigned done;
};

static void die(const char *what)
{
    fprintf(stderr, "bench_encode: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void *must(void *memory)
{
    if (!memory)
        die("memory");
    return memory;
}

static struct pictures load(const char *path)
{
    char line[Y4M_LINE_MAX];
    struct error error;
    struct y4m_header header;
    struct pictures pictures = { 0 };
    FILE *file = fopen(path, "rb");
    if (!file || !fgets(line, sizeof(line), file))
        die(path);
    line[strcspn(line, "\n")] = '\0';
    if (y4m_parse_header(line, &header, &error) || header.format != PIXEL_YUV420 ||
        header.limited_range || header.width % MCU_SIDE != 0) {
        fprintf(stderr, "bench_encode: %s: full-range 4:2:0, a multiple of 16 wide, is wanted\n",
                path);
        exit(1);
    }
    while (fgets(line, sizeof(line), file)) {
        struct picture picture;
        size_t offsets[3], size;
        y4m_layout(&header, &picture, offsets, &size);
        uint8_t *memory = must(malloc(size));
        if (fread(memory, 1, size, file) != size)
            die(path);
        for (unsigned c = 0; c < 3; c++)
            picture.planes[c].data = memory + offsets[c];
        pictures.items =
            must(realloc(pictures.items, (pictures.count + 1) * sizeof(*pictures.items)));
        pictures.items[pictures.count++] = picture;
    }
    fclose(file);
    if (pictures.count == 0)
        die("no pictures");
    pictures.width = header.width;
    pictures.height = header.height;
    return pictures;
}

/* The pictures in the form that a variant is given them in. */
static struct pictures in_form(const struct pictures *pictures, const struct picture *form,
                               int quality)
{
    struct pictures made = *pictures;
    made.items = must(calloc(made.count, sizeof(*made.items)));
    for (unsigned i = 0; i < made.count; i++)
        made.items[i] = form_make(form, &pictures->items[i], quality);
    return made;
}

static void pictures_free(struct pictures *pictures)
{
    for (unsigned i = 0; i < pictures->count; i++)
        free((void *)pictures->items[i].planes[0].data);
    free(pictures->items);
}

static void bare_create(struct bare *bare, const struct pictures *pictures, int quality)
{
    struct jpeg_compress_struct *compress = &bare->compress;
    compress->err = jpeg_std_error(&bare->errors);
    jpeg_create_compress(compress);
    compress->image_width = pictures->width;
    compress->image_height = pictures->height;
    compress->input_components = 3;
    compress->in_color_space = JCS_YCbCr;
    jpeg_set_defaults(compress);
    jpeg_set_quality(compress, quality, TRUE);
    compress->dct_method = JDCT_ISLOW;
    compress->raw_data_in = TRUE;
    compress->comp_info[0].h_samp_factor = compress->comp_info[0].v_samp_factor = 2;
    /* Never too small, so that it is never grown. */
    bare->capacity = 2ul * pictures->width * pictures->height + 65536;
    bare->buffer = must(malloc(bare->capacity));
}

/* Returns the JPEG's size. */
static size_t bare_encode(struct bare *bare, const struct picture *picture)
{
    struct jpeg_compress_struct *compress = &bare->compress;
    unsigned char *buffer = bare->buffer;
    unsigned long size = bare->capacity;
    JSAMPROW rows[3][MCU_SIDE];
    JSAMPARRAY planes[3] = { rows[0], rows[1], rows[2] };
    jpeg_mem_dest(compress, &buffer, &size);
    jpeg_start_compress(compress, TRUE);
    while (compress->next_scanline < compress->image_height) {
        for (unsigned c = 0; c < 3; c++) {
            unsigned halved = c > 0, height = (picture->height + halved) >> halved;
            for (unsigned i = 0; i < (unsigned)MCU_SIDE >> halved; i++) {
                unsigned y = (compress->next_scanline >> halved) + i;
                /* libjpeg's row type is not const; it only reads. */
                rows[c][i] = (JSAMPROW)picture->planes[c].data +
                             (y < height ? y : height - 1) * picture->planes[c].stride;
            }
        }
        jpeg_write_raw_data(compress, planes, MCU_SIDE);
    }
    jpeg_finish_compress(compress);
    return size;
}

static void wait_until(uint64_t due_ns)
{
    struct timespec due = clock_timespec(due_ns);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
        ;
}

struct bare_thread {
    struct run *run;
    struct bare *bare;
    pthread_t thread;
};

static void *bare_run(void *user)
{
    struct bare_thread *self = user;
    struct run *run = self->run;
    bool paced = run->variant->kind == KIND_PACED;
    uint64_t begin = clock_monotonic();
    unsigned i;
    while ((i = atomic_fetch_add(&run->next, 1)) < run->frames) {
        if (paced)
            wait_until(begin + i * CLOCK_SECOND / PACE_FPS);
        uint64_t start = clock_monotonic();
        size_t size = bare_encode(self->bare,
                                  &run->variant->pictures.items[i % run->variant->pictures.count]);
        run->latencies[i] = clock_monotonic() - start;
        atomic_fetch_add(&run->bytes, size);
    }
    return NULL;
}

static void run_bare(struct run *run)
{
    struct bare_thread threads[ENCODE_THREADS_MAX];
    unsigned count = run->variant->threads;
    for (unsigned i = 0; i < count; i++) {
        threads[i] = (struct bare_thread){ .run = run, .bare = &run->variant->bare[i] };
        if (i > 0 && pthread_create(&threads[i].thread, NULL, bare_run, &threads[i]))
            die("pthread_create");
    }
    bare_run(&threads[0]);
    for (unsigned i = 1; i < count; i++)
        pthread_join(threads[i].thread, NULL);
}

static void give_back(struct raw_frame *capture)
{
    struct variant *variant = capture->owner;
    atomic_store(&variant->used[capture - variant->captures], false);
    sem_post(&variant->free_captures);
}

static void submit(struct run *run, unsigned index)
{
    struct variant *variant = run->variant;
    unsigned i = 0;
    while (sem_wait(&variant->free_captures))
        ;
    while (atomic_exchange(&variant->used[i], true))
        i++;
    struct raw_frame *capture = &variant->captures[i];
    *capture =
        (struct raw_frame){ .picture =
                                run->variant->pictures.items[index % run->variant->pictures.count],
                            .id = variant->next_id++,
                            .release = give_back,
                            .owner = variant };
    capture->sensor_time_ns = capture->capture_time_ns = clock_device();
    encoder_submit(variant->encoder, capture);
}

static void *submit_all(void *user)
{
    struct run *run = user;
    for (unsigned i = 0; i < run->frames; i++)
        submit(run, i);
    return NULL;
}

/* What the daemon's loop does: waits for news, and lets go of what is whole. */
static void take_news(struct run *run)
{
    struct stream_events *events = &run->variant->events;
    struct pollfd news = { .fd = events->fd, .events = POLLIN };
    struct stream_event event;
    while (poll(&news, 1, -1) < 0)
        ;
    events_clear(events);
    while (events_take(events, &event)) {
        if (event.kind != EVENT_FRAME || run->begun_count == STREAM_EVENTS_MAX) {
            fprintf(stderr, "bench_encode: the encoder lost a frame\n");
            exit(1);
        }
        run->begun[(run->first_begun + run->begun_count++) % STREAM_EVENTS_MAX] = event.frame;
    }
    while (run->begun_count > 0 && frame_state(run->begun[run->first_begun]) != FRAME_GROWING) {
        struct frame *frame = run->begun[run->first_begun];
        run->latencies[run->done++] = clock_device() - frame->head.capture_time;
        atomic_fetch_add(&run->bytes, frame->length);
        frame_release(frame);
        run->first_begun = (run->first_begun + 1) % STREAM_EVENTS_MAX;
        run->begun_count--;
    }
}

static void run_latency(struct run *run)
{
    for (unsigned i = 0; i < run->frames; i++) {
        submit(run, i);
        while (run->done <= i)
            take_news(run);
    }
}

static void run_pipeline(struct run *run)
{
    pthread_t camera;
    if (pthread_create(&camera, NULL, submit_all, run))
        die("pthread_create");
    while (run->done < run->frames)
        take_news(run);
    pthread_join(camera, NULL);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Returns the time that it took. */
static uint64_t measure(struct variant *variant, unsigned loops, int round)
{
    static void (*const runs[])(struct run *) = { run_bare, run_bare, run_latency, run_pipeline };
    struct run run = { .variant = variant, .frames = loops * variant->pictures.count };
    run.latencies = must(calloc(run.frames, sizeof(*run.latencies)));
    uint64_t cpu = clock_read(CLOCK_PROCESS_CPUTIME_ID), wall = clock_monotonic();
    runs[variant->kind](&run);
    wall = clock_monotonic() - wall;
    cpu = clock_read(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    qsort(run.latencies, run.frames, sizeof(*run.latencies), compare);
    uint64_t sum = 0;
    for (unsigned i = 0; i < run.frames; i++)
        sum += run.latencies[i];
    if (round >= 0)
        printf("{\"variant\": \"%s\", \"round\": %d, \"frames\": %u, \"wall_ns\": %" PRIu64
               ", \"cpu_ns\": %" PRIu64 ", \"bytes\": %llu, \"latency_mean_ns\": %" PRIu64
               ", \"latency_p99_ns\": %" PRIu64 "}\n",
               variant->name, round, run.frames, wall, cpu, atomic_load(&run.bytes),
               sum / run.frames, run.latencies[run.frames - 1 - run.frames / 100]);
    fflush(stdout);
    free(run.latencies);
    return wall;
}

static void set_up(struct variant *variant, const char *name, const struct pictures *pictures,
                   int quality)
{
    static const char *const kinds[] = { "bare", "paced", "latency", "pipeline" };
    char kind[16];
    int known = -1;
    const char *at = strchr(name, '@');
    struct picture form;
    variant->name = name;
    int fields = sscanf(name, "%15[a-z]:%u:%u", kind, &variant->threads, &variant->slices);
    for (int i = 0; i < 4; i++)
        if (fields >= 2 && strcmp(kind, kinds[i]) == 0)
            known = i;
    if (known < 0 || variant->threads < 1 || variant->threads > ENCODE_THREADS_MAX ||
        !form_parse(at ? at + 1 : "YUV420", &form)) {
        fprintf(stderr, "bench_encode: unknown variant %s\n", name);
        exit(2);
    }
    variant->kind = known;
    variant->pictures = in_form(pictures, &form, quality);
    if (known == KIND_BARE || known == KIND_PACED) {
        variant->bare = must(calloc(variant->threads, sizeof(*variant->bare)));
        for (unsigned i = 0; i < variant->threads; i++)
            bare_create(&variant->bare[i], pictures, quality);
        return;
    }
    struct encoder_config config = { .slices = variant->slices,
                                     .quality = quality,
                                     .blocking = true };
    sem_init(&variant->free_captures, 0, CAPTURES);
    if (events_init(&variant->events) || encode_pool_create(&variant->pool, variant->threads) ||
        encoder_create(&variant->encoder, &config, variant->pool, &variant->events))
        die("encoder");
}

static void tear_down(struct variant *variant)
{
    for (unsigned i = 0; variant->bare && i < variant->threads; i++) {
        jpeg_destroy_compress(&variant->bare[i].compress);
        free(variant->bare[i].buffer);
    }
    free(variant->bare);
    pictures_free(&variant->pictures);
    if (variant->encoder) {
        encoder_drain(variant->encoder);
        encoder_destroy(&variant->encoder);
        encode_pool_destroy(&variant->pool);
        events_destroy(&variant->events);
        sem_destroy(&variant->free_captures);
    }
}

int main(int argc, char **argv)
{
    static struct variant variants[VARIANTS_MAX];
    if (argc < 7 || argc - 6 > VARIANTS_MAX) {
        fprintf(stderr, "usage: bench_encode FILE.y4m QUALITY ROUNDS MILLISECONDS LOOPS "
                        "KIND:THREADS[:SLICES][@FORM]...\n");
        return 2;
    }
    struct pictures pictures = load(argv[1]);
    int quality = atoi(argv[2]), rounds = atoi(argv[3]), count = argc - 6;
    uint64_t target = strtoull(argv[4], NULL, 10) * CLOCK_MS;
    unsigned loops = (unsigned)atoi(argv[5]);
    for (int i = 0; i < count; i++)
        set_up(&variants[i], argv[6 + i], &pictures, quality);
    if (loops == 0) {
        /* Everybody once, so that nobody's first allocations are counted. */
        for (int i = 0; i < count; i++)
            measure(&variants[i], 1, -1);
        uint64_t once = measure(&variants[0], 1, -1);
        loops = once < target ? (unsigned)(target / once) : 1;
    }
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < count; i++)
            measure(&variants[i], loops, round);
    for (int i = 0; i < count; i++)
        tear_down(&variants[i]);
    pictures_free(&pictures);
    return 0;
}
