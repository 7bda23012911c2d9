#include "support.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <jpeglib.h>

#include "shared/base/clock.h"

uint32_t random_next(uint32_t *state)
{
    /* xorshift32; the state is never 0 */
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

void guarded_make(struct guarded *memory, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (size + page - 1) / page * page;
    memory->mapping_size = room + page;
    memory->mapping = mmap(NULL, memory->mapping_size, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(memory->mapping != MAP_FAILED);
    assert_int_equal(mprotect((char *)memory->mapping + room, page, PROT_NONE), 0);
    memory->data = (uint8_t *)memory->mapping + room - size;
    memory->size = size;
}

void guarded_free(struct guarded *memory)
{
    if (memory->mapping)
        munmap(memory->mapping, memory->mapping_size);
    *memory = (struct guarded){ 0 };
}

static bool is_rgb(const struct picture *picture)
{
    return picture->format == PIXEL_RGB || picture->format == PIXEL_BGR;
}

unsigned component_count(const struct picture *picture)
{
    return picture->format == PIXEL_GREY ? 1 : 3;
}

unsigned component_width(const struct picture *picture, unsigned component)
{
    bool whole = component == 0 || is_rgb(picture) || picture->format == PIXEL_YUV444;
    return whole ? picture->width : (picture->width + 1) / 2;
}

unsigned component_height(const struct picture *picture, unsigned component)
{
    bool halved = picture->format == PIXEL_YUV420 || picture->format == PIXEL_NV12;
    return component > 0 && halved ? (picture->height + 1) / 2 : picture->height;
}

uint8_t *picture_sample(const struct picture *picture, unsigned component, unsigned x, unsigned y)
{
    unsigned plane = component;
    size_t at = x;
    switch (picture->format) {
    case PIXEL_NV12:
        plane = component > 0;
        at = component > 0 ? 2 * (size_t)x + component - 1 : x;
        break;
    case PIXEL_YUYV:
        plane = 0;
        at = component > 0 ? 4 * (size_t)x + 2 * component - 1 : 2 * (size_t)x;
        break;
    case PIXEL_RGB:
        plane = 0;
        at = 3 * (size_t)x + component;
        break;
    case PIXEL_BGR:
        plane = 0;
        at = 3 * (size_t)x + 2 - component;
        break;
    default:
        break;
    }
    return (uint8_t *)picture->planes[plane].data + y * picture->planes[plane].stride + at;
}

static unsigned plane_count(enum pixel_format format)
{
    switch (format) {
    case PIXEL_YUV420:
    case PIXEL_YUV422:
    case PIXEL_YUV444:
        return 3;
    case PIXEL_NV12:
        return 2;
    default:
        return 1;
    }
}

static size_t row_bytes(const struct picture *picture, unsigned plane)
{
    switch (picture->format) {
    case PIXEL_NV12:
        return plane ? 2 * (size_t)component_width(picture, 1) : picture->width;
    case PIXEL_YUYV:
        return 4 * (size_t)component_width(picture, 1);
    case PIXEL_RGB:
    case PIXEL_BGR:
        return 3 * (size_t)picture->width;
    default:
        return component_width(picture, plane);
    }
}

static void allocate(struct own_picture *own, enum pixel_format format, unsigned width,
                     unsigned height, size_t padding, int poison)
{
    memset(own, 0, sizeof(*own));
    own->picture = (struct picture){ .format = format, .width = width, .height = height };
    for (unsigned i = 0; i < plane_count(format); i++) {
        size_t row = row_bytes(&own->picture, i), rows = component_height(&own->picture, i);
        guarded_make(&own->planes[i], (row + padding) * (rows - 1) + row);
        memset(own->planes[i].data, poison, own->planes[i].size);
        own->picture.planes[i] =
            (struct plane){ own->planes[i].data, row + padding, own->planes[i].size };
    }
}

static uint8_t make_sample(enum content content, unsigned component, unsigned x, unsigned y,
                           uint32_t *state)
{
    if (content == CONTENT_NOISE)
        return (uint8_t)(random_next(state) >> 11);
    unsigned gradient = 60 + 40 * component + (x / 4 + y / 3) % 64;
    return (uint8_t)(gradient + (content == CONTENT_DETAIL ? random_next(state) >> 27 : 0));
}

void own_picture_make(struct own_picture *own, enum pixel_format format, unsigned width,
                      unsigned height, size_t padding, int poison, enum content content)
{
    uint32_t state = 2463534242u;
    allocate(own, format, width, height, padding, poison);
    for (unsigned c = 0; c < component_count(&own->picture); c++)
        for (unsigned y = 0; y < component_height(&own->picture, c); y++)
            for (unsigned x = 0; x < component_width(&own->picture, c); x++)
                *picture_sample(&own->picture, c, x, y) = make_sample(content, c, x, y, &state);
}

void own_picture_free(struct own_picture *own)
{
    for (unsigned i = 0; i < 3; i++)
        guarded_free(&own->planes[i]);
}

void own_picture_mirror(struct own_picture *to, const struct picture *from, bool across, bool down)
{
    allocate(to, from->format, from->width, from->height, 0, 0);
    for (unsigned c = 0; c < component_count(from); c++) {
        unsigned width = component_width(from, c), height = component_height(from, c);
        for (unsigned y = 0; y < height; y++)
            for (unsigned x = 0; x < width; x++)
                *picture_sample(&to->picture, c, across ? width - 1 - x : x,
                                down ? height - 1 - y : y) = *picture_sample(from, c, x, y);
    }
}

void bytes_free(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){ 0 };
}

void assert_same_bytes(const struct bytes *one, const struct bytes *other)
{
    assert_int_equal(one->size, other->size);
    assert_memory_equal(one->data, other->data, one->size);
}

void join_slices(const struct slice *slices, unsigned count, struct bytes *joined)
{
    joined->size = 0;
    for (unsigned i = 0; i < count; i++)
        joined->size += slices[i].size;
    joined->data = malloc(joined->size + 1);
    assert_non_null(joined->data);
    size_t at = 0;
    for (unsigned i = 0; i < count; i++) {
        memcpy(joined->data + at, slices[i].data, slices[i].size);
        at += slices[i].size;
    }
}

void encode_joined(const struct picture *picture, unsigned slices, int quality,
                   struct bytes *joined)
{
    struct slice out[FRAME_SLICES_MAX] = { { 0 } };
    struct jpeg_slicer *slicer = jpeg_slicer_create();
    assert_non_null(slicer);
    struct slice_plan plan = slice_plan(picture, slices);
    for (unsigned i = 0; i < plan.count; i++)
        assert_int_equal(jpeg_slice_encode(slicer, picture, &plan, i, quality, &out[i]), 0);
    join_slices(out, plan.count, joined);
    for (unsigned i = 0; i < plan.count; i++)
        free(out[i].buffer);
    jpeg_slicer_destroy(slicer);
}

static void on_error(j_common_ptr common)
{
    longjmp(*(jmp_buf *)common->client_data, 1);
}

/* level -1 is a warning, the others are traces. */
static void on_message(j_common_ptr common, int level)
{
    if (level < 0)
        on_error(common);
}

static void read_samples(struct jpeg_decompress_struct *decompress, struct decoded *decoded)
{
    decompress->out_color_space = decompress->jpeg_color_space;
    decompress->do_fancy_upsampling = FALSE;
    jpeg_start_decompress(decompress);
    decoded->width = decompress->output_width;
    decoded->height = decompress->output_height;
    decoded->components = (unsigned)decompress->output_components;
    size_t row = (size_t)decoded->width * decoded->components;
    decoded->samples = malloc(row * decoded->height);
    if (!decoded->samples)
        on_error((j_common_ptr)decompress);
    while (decompress->output_scanline < decompress->output_height) {
        JSAMPROW to = decoded->samples + row * decompress->output_scanline;
        jpeg_read_scanlines(decompress, &to, 1);
    }
    jpeg_finish_decompress(decompress);
}

/* decoded: NULL if the header is enough. */
static bool decode_as_far(const uint8_t *jpeg, size_t size, struct decoded *decoded)
{
    struct jpeg_decompress_struct decompress;
    struct jpeg_error_mgr errors;
    jmp_buf failed;
    decompress.err = jpeg_std_error(&errors);
    errors.error_exit = on_error;
    errors.emit_message = on_message;
    decompress.client_data = &failed;
    if (setjmp(failed)) {
        jpeg_destroy_decompress(&decompress);
        return false;
    }
    jpeg_create_decompress(&decompress);
    jpeg_mem_src(&decompress, jpeg, size);
    jpeg_read_header(&decompress, TRUE);
    if (decoded)
        read_samples(&decompress, decoded);
    else
        jpeg_start_decompress(&decompress);
    jpeg_destroy_decompress(&decompress);
    return true;
}

bool decode(const uint8_t *jpeg, size_t size, struct decoded *decoded)
{
    *decoded = (struct decoded){ 0 };
    if (decode_as_far(jpeg, size, decoded))
        return true;
    decoded_free(decoded);
    return false;
}

bool decode_begins(const uint8_t *jpeg, size_t size)
{
    return decode_as_far(jpeg, size, NULL);
}

void decoded_free(struct decoded *decoded)
{
    free(decoded->samples);
    decoded->samples = NULL;
}

uint8_t decoded_sample(const struct decoded *decoded, unsigned component, unsigned x, unsigned y)
{
    return decoded->samples[((size_t)y * decoded->width + x) * decoded->components + component];
}

void assert_same_pixels(const struct decoded *one, const struct decoded *other)
{
    assert_int_equal(one->width, other->width);
    assert_int_equal(one->height, other->height);
    assert_int_equal(one->components, other->components);
    assert_memory_equal(one->samples, other->samples,
                        (size_t)one->width * one->height * one->components);
}

void recorder_init(struct recorder *recorder, int (*mark)(const struct raw_frame *capture))
{
    memset(recorder, 0, sizeof(*recorder));
    pthread_mutex_init(&recorder->lock, NULL);
    pthread_cond_init(&recorder->changed, NULL);
    recorder->mark = mark;
}

void recorder_destroy(struct recorder *recorder)
{
    pthread_cond_destroy(&recorder->changed);
    pthread_mutex_destroy(&recorder->lock);
}

static void note_sequence(struct recorder *recorder, uint32_t sequence)
{
    if (recorder->captures + recorder->losses > 0 && sequence <= recorder->last)
        recorder->disordered = true;
    recorder->last = sequence;
    recorder->late |= recorder->stopped;
    pthread_cond_broadcast(&recorder->changed);
}

static void on_frame(void *user, struct raw_frame *capture)
{
    struct recorder *recorder = user;
    int mark = recorder->mark ? recorder->mark(capture) : 0;
    pthread_mutex_lock(&recorder->lock);
    note_sequence(recorder, capture->sequence);
    if (recorder->captures < RECORDED_MAX) {
        recorder->sequences[recorder->captures] = capture->sequence;
        recorder->marks[recorder->captures] = mark;
    }
    recorder->captures++;
    bool keep = recorder->keep > 0;
    if (keep) {
        recorder->keep--;
        recorder->kept[recorder->kept_count++] = capture;
    }
    pthread_mutex_unlock(&recorder->lock);
    if (!keep)
        raw_frame_release(capture);
}

static void on_lost(void *user, uint32_t sequence, enum wire_drop_reason reason)
{
    struct recorder *recorder = user;
    pthread_mutex_lock(&recorder->lock);
    note_sequence(recorder, sequence);
    if (recorder->losses < RECORDED_MAX) {
        recorder->lost[recorder->losses] = sequence;
        recorder->reasons[recorder->losses] = reason;
    }
    recorder->losses++;
    pthread_mutex_unlock(&recorder->lock);
}

static void on_still_lost(void *user)
{
    struct recorder *recorder = user;
    pthread_mutex_lock(&recorder->lock);
    recorder->stills_lost++;
    recorder->late |= recorder->stopped;
    pthread_cond_broadcast(&recorder->changed);
    pthread_mutex_unlock(&recorder->lock);
}

static void on_end(void *user, int error)
{
    struct recorder *recorder = user;
    pthread_mutex_lock(&recorder->lock);
    recorder->ends++;
    recorder->end_error = error;
    recorder->late |= recorder->stopped;
    pthread_cond_broadcast(&recorder->changed);
    pthread_mutex_unlock(&recorder->lock);
}

struct camera_sink recorder_sink(struct recorder *recorder)
{
    recorder->stopped = false;
    return (struct camera_sink){ on_frame, on_lost, on_still_lost, on_end, recorder };
}

void recorder_wait(struct recorder *recorder, unsigned captures, unsigned losses, unsigned ends)
{
    enum { WAIT_SECONDS = 30 };
    struct timespec until = clock_timespec(clock_monotonic() + WAIT_SECONDS * CLOCK_SECOND);
    int error = 0;
    pthread_mutex_lock(&recorder->lock);
    while (!error && recorder->ends <= ends &&
           (recorder->captures < captures || recorder->losses < losses || recorder->ends < ends))
        error =
            pthread_cond_clockwait(&recorder->changed, &recorder->lock, CLOCK_MONOTONIC, &until);
    bool ended = recorder->ends > ends;
    pthread_mutex_unlock(&recorder->lock);
    assert_int_equal(error, 0);
    if (ended)
        fail_msg("the source ended: %d", recorder->end_error);
}

void recorder_keep(struct recorder *recorder, unsigned count)
{
    pthread_mutex_lock(&recorder->lock);
    recorder->keep = count;
    pthread_mutex_unlock(&recorder->lock);
}

void recorder_release(struct recorder *recorder)
{
    pthread_mutex_lock(&recorder->lock);
    while (recorder->kept_count > 0) {
        struct raw_frame *capture = recorder->kept[--recorder->kept_count];
        pthread_mutex_unlock(&recorder->lock);
        raw_frame_release(capture);
        pthread_mutex_lock(&recorder->lock);
    }
    pthread_mutex_unlock(&recorder->lock);
}

void recorder_check(struct recorder *recorder)
{
    pthread_mutex_lock(&recorder->lock);
    recorder->stopped = true;
    bool disordered = recorder->disordered, late = recorder->late;
    pthread_mutex_unlock(&recorder->lock);
    assert_false(disordered);
    assert_false(late);
}
