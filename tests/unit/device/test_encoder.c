/*
 * Captures go in, frames and losses come out: every id once and in order, every picture as it was,
 * every capture given back once and not before its last slice was made.
 */
#include "device/encode/encoder.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shared/base/clock.h"
#include "shared/protocol/crc32c.h"
#include "support.h"

enum { IDS_MAX = 4096, WAIT_MS = 20000, WIDTH = 96, HEIGHT = 80, KINDS = 4 };

/* What became of an id. */
enum { FATE_NONE, FATE_WHOLE = 100, FATE_ABORTED }; /* or the reason of its loss */

/* Pictures to submit, and what they are once they are decoded. */
struct original {
    struct own_picture own;
    struct decoded pixels;
};

struct test {
    struct stream_events events;
    struct encode_pool *pool;
    struct encoder *encoder;
    struct original originals[KINDS];
    uint64_t expected; /* the id that the next event must begin with */
    int fates[IDS_MAX];
    struct frame *pending[IDS_MAX]; /* begun, not yet looked at */
    unsigned pending_first, pending_count;
    uint64_t whole, bytes;
    uint64_t next_id;
    atomic_uint lent, released;
    bool gated; /* the next capture to be made stops at its release until the gate opens */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned at_gate; /* under lock, like the next one */
    bool open;
};

/* A capture with a memory of its own, which is made unusable when it is given back. */
struct lent {
    struct raw_frame capture;
    struct own_picture own;
    struct test *test;
    bool gated;
    atomic_int releases;
};

static struct lent *all_lent[IDS_MAX];

static void wait_at_gate(struct test *test)
{
    pthread_mutex_lock(&test->lock);
    test->at_gate++;
    pthread_cond_broadcast(&test->changed);
    while (!test->open)
        pthread_cond_wait(&test->changed, &test->lock);
    pthread_mutex_unlock(&test->lock);
}

static void release(struct raw_frame *capture)
{
    struct lent *lent = capture->owner;
    /* Whoever still reads the picture now gets another one, and ThreadSanitizer's attention. */
    for (unsigned i = 0; i < 3; i++)
        if (lent->own.planes[i].data)
            memset(lent->own.planes[i].data, 0xAA, lent->own.planes[i].size);
    atomic_fetch_add(&lent->releases, 1);
    atomic_fetch_add(&lent->test->released, 1);
    if (lent->gated)
        wait_at_gate(lent->test);
}

/* Submits original number id % KINDS under the next id. */
static struct lent *submit(struct test *test)
{
    struct lent *lent = calloc(1, sizeof(*lent));
    assert_non_null(lent);
    uint64_t id = test->next_id++;
    own_picture_mirror(&lent->own, &test->originals[id % KINDS].own.picture, false, false);
    lent->test = test;
    lent->gated = test->gated;
    test->gated = false;
    lent->capture = (struct raw_frame){
        .picture = lent->own.picture,
        .sensor_time_ns = 1000 + id,
        .capture_time_ns = 2000 + id,
        .metadata = { .present = WIRE_META_GAIN, .gain_milli = 3000 + (uint32_t)id },
        .id = id,
        .release = release,
        .owner = lent,
    };
    all_lent[id] = lent;
    atomic_fetch_add(&test->lent, 1);
    encoder_submit(test->encoder, &lent->capture);
    return lent;
}

/* The same with a thing that claims to be a JPEG. */
static void submit_broken(struct test *test)
{
    struct lent *lent = calloc(1, sizeof(*lent));
    assert_non_null(lent);
    lent->test = test;
    guarded_make(&lent->own.planes[0], 5000);
    memset(lent->own.planes[0].data, 0x11, 5000);
    lent->capture = (struct raw_frame){
        .picture = { .format = PIXEL_JPEG,
                     .width = WIDTH,
                     .height = HEIGHT,
                     .planes = { { lent->own.planes[0].data, 0, 5000 } } },
        .id = test->next_id++,
        .release = release,
        .owner = lent,
    };
    all_lent[lent->capture.id] = lent;
    atomic_fetch_add(&test->lent, 1);
    encoder_submit(test->encoder, &lent->capture);
}

static void lose(struct test *test, uint32_t count, enum wire_drop_reason reason)
{
    encoder_lost(test->encoder, &(struct lost_run){ .run = { test->next_id, count, reason } });
    test->next_id += count;
}

static void set_up(struct test *test, unsigned threads, unsigned slices)
{
    static const enum pixel_format formats[KINDS] = { PIXEL_YUV420, PIXEL_NV12, PIXEL_BGR,
                                                      PIXEL_GREY };
    memset(test, 0, sizeof(*test));
    memset(all_lent, 0, sizeof(all_lent));
    pthread_mutex_init(&test->lock, NULL);
    pthread_cond_init(&test->changed, NULL);
    for (unsigned i = 0; i < KINDS; i++) {
        struct bytes jpeg;
        own_picture_make(&test->originals[i].own, formats[i], WIDTH + 3 * i, HEIGHT + i, 0, 0,
                         CONTENT_DETAIL);
        encode_joined(&test->originals[i].own.picture, 1, 80, &jpeg);
        assert_true(decode(jpeg.data, jpeg.size, &test->originals[i].pixels));
        bytes_free(&jpeg);
    }
    struct encoder_config config = { .slices = slices, .quality = 80 };
    assert_int_equal(events_init(&test->events), 0);
    assert_int_equal(encode_pool_create(&test->pool, threads), 0);
    assert_int_equal(encoder_create(&test->encoder, &config, test->pool, &test->events), 0);
}

static void check_whole(struct test *test, struct frame *frame)
{
    struct bytes joined;
    struct decoded pixels;
    uint64_t id = frame->head.frame_id;
    assert_int_equal(frame_published(frame), frame->slice_count);
    join_slices(frame->slices, frame->slice_count, &joined);
    assert_int_equal(joined.size, frame->length);
    assert_int_equal(joined.size, atomic_load(&frame->size));
    assert_int_equal(crc32c_portable(0, joined.data, joined.size), frame->crc32c);
    assert_true(frame->encode_start <= frame->encode_end);
    assert_int_equal(frame->head.sensor_time, 1000 + id);
    assert_int_equal(frame->head.capture_time, 2000 + id);
    assert_int_equal(frame->head.metadata.present, WIRE_META_GAIN);
    assert_int_equal(frame->head.metadata.gain_milli, 3000 + id);
    assert_true(decode(joined.data, joined.size, &pixels));
    assert_int_equal(frame->head.width, pixels.width);
    assert_int_equal(frame->head.height, pixels.height);
    assert_same_pixels(&pixels, &test->originals[id % KINDS].pixels);
    test->bytes += joined.size;
    decoded_free(&pixels);
    bytes_free(&joined);
}

/* Looks at the frames that are finished, the oldest first. */
static void check_pending(struct test *test)
{
    while (test->pending_count > 0) {
        struct frame *frame = test->pending[test->pending_first];
        enum frame_state state = frame_state(frame);
        if (state == FRAME_GROWING)
            return;
        int *fate = &test->fates[frame->head.frame_id];
        assert_int_equal(*fate, FATE_NONE);
        *fate = state == FRAME_WHOLE ? FATE_WHOLE : FATE_ABORTED;
        /* The state is told after the picture was given back. */
        assert_int_equal(atomic_load(&all_lent[frame->head.frame_id]->releases), 1);
        if (state == FRAME_WHOLE)
            check_whole(test, frame);
        test->whole += state == FRAME_WHOLE;
        frame_release(frame);
        test->pending_first++;
        test->pending_count--;
    }
}

static void take_all(struct test *test)
{
    struct stream_event event;
    events_clear(&test->events);
    while (events_take(&test->events, &event)) {
        if (event.kind == EVENT_FRAME) {
            assert_int_equal(event.frame->head.frame_id, test->expected);
            test->expected++;
            test->pending[test->pending_first + test->pending_count++] = event.frame;
            continue;
        }
        assert_int_equal(event.kind, EVENT_LOST);
        assert_int_equal(event.lost.run.first, test->expected);
        assert_true(event.lost.run.count >= 1);
        for (uint32_t i = 0; i < event.lost.run.count; i++) {
            assert_int_equal(test->fates[event.lost.run.first + i], FATE_NONE);
            test->fates[event.lost.run.first + i] = (int)event.lost.run.reason;
        }
        test->expected += event.lost.run.count;
    }
    check_pending(test);
}

/* Waits for all that was submitted; then each id has its fate and each capture is back. */
static void finish(struct test *test)
{
    encoder_drain(test->encoder);
    assert_int_equal(atomic_load(&test->released), atomic_load(&test->lent));
    take_all(test);
    assert_int_equal(test->pending_count, 0);
    assert_int_equal(test->expected, test->next_id);
    for (uint64_t id = 0; id < test->next_id; id++) {
        assert_true(test->fates[id] != FATE_NONE);
        if (all_lent[id])
            assert_int_equal(atomic_load(&all_lent[id]->releases), 1);
    }
    struct encoder_totals totals = encoder_totals(test->encoder);
    assert_int_equal(totals.frames, test->whole);
    assert_int_equal(totals.bytes, test->bytes);
}

static void tear_down(struct test *test)
{
    encoder_destroy(&test->encoder);
    assert_null(test->encoder);
    encode_pool_destroy(&test->pool);
    assert_null(test->pool);
    events_destroy(&test->events);
    for (unsigned id = 0; id < IDS_MAX; id++)
        if (all_lent[id]) {
            own_picture_free(&all_lent[id]->own);
            free(all_lent[id]);
        }
    for (unsigned i = 0; i < KINDS; i++) {
        decoded_free(&test->originals[i].pixels);
        own_picture_free(&test->originals[i].own);
    }
    pthread_cond_destroy(&test->changed);
    pthread_mutex_destroy(&test->lock);
}

static void *make_test(void)
{
    struct test *test = malloc(sizeof(*test));
    assert_non_null(test);
    return test;
}

/* Submitted one by one, nothing is lost, and the frames are the pictures. */
static void frames_are_the_pictures(void **state)
{
    (void)state;
    struct test *test = make_test();
    for (unsigned threads = 1; threads <= 4; threads++)
        for (unsigned slices = 0; slices <= 5; slices += 5) {
            set_up(test, threads, slices);
            for (int i = 0; i < 40; i++) {
                submit(test);
                encoder_drain(test->encoder);
                take_all(test);
                assert_int_equal(test->fates[i], FATE_WHOLE);
            }
            finish(test);
            assert_int_equal(test->whole, 40);
            tear_down(test);
        }
    free(test);
}

/* Everything mixed up: whatever is lost, the accounts are right. */
static void accounts_are_exact(void **state)
{
    (void)state;
    struct test *test = make_test();
    for (unsigned threads = 1; threads <= 4; threads++) {
        uint32_t seed = 1234 + threads;
        set_up(test, threads, 3);
        for (int i = 0; i < 500; i++) {
            uint32_t dice = random_next(&seed) % 100;
            if (dice < 20)
                lose(test, 1 + random_next(&seed) % 3, 1 + random_next(&seed) % 3);
            if (dice >= 95)
                submit_broken(test);
            else
                submit(test);
            if (dice % 7 == 0)
                encoder_drain(test->encoder);
            take_all(test);
        }
        finish(test);
        assert_true(test->whole > 50);
        tear_down(test);
    }
    free(test);
}

/* A loop that does not run for a long time: frames give way in the events, ids do not. */
static void accounts_are_exact_when_nobody_takes(void **state)
{
    (void)state;
    struct test *test = make_test();
    uint32_t seed = 5;
    set_up(test, 2, 2);
    for (int i = 0; i < 300; i++) {
        submit(test);
        if (i % 3 == 0)
            lose(test, 1, 1 + random_next(&seed) % 3);
        if (i % 2 == 0)
            encoder_drain(test->encoder);
    }
    /* What the event queue gave up was encoded all the same, so the encoder's totals are larger. */
    encoder_drain(test->encoder);
    take_all(test);
    assert_int_equal(test->expected, test->next_id);
    assert_int_equal(test->pending_count, 0);
    assert_int_equal(atomic_load(&test->released), 300);
    tear_down(test);
    free(test);
}

static void wait_for_gate(struct test *test)
{
    struct timespec until = clock_timespec(clock_monotonic() + WAIT_MS * CLOCK_MS);
    int error = 0;
    pthread_mutex_lock(&test->lock);
    while (test->at_gate == 0 && !error)
        error = pthread_cond_clockwait(&test->changed, &test->lock, CLOCK_MONOTONIC, &until);
    pthread_mutex_unlock(&test->lock);
    assert_int_equal(error, 0);
}

static void open_gate(struct test *test)
{
    pthread_mutex_lock(&test->lock);
    test->open = true;
    pthread_cond_broadcast(&test->changed);
    pthread_mutex_unlock(&test->lock);
}

/* With its only worker held up, the encoder keeps the newest capture and gives up the others. */
static void newer_captures_displace_older_ones(void **state)
{
    (void)state;
    struct test *test = make_test();
    set_up(test, 1, 1);
    test->gated = true;
    submit(test); /* 0 */
    wait_for_gate(test);
    struct lent *first = submit(test);  /* 1 */
    lose(test, 2, WIRE_DROP_NO_BUFFER); /* 2, 3 */
    lose(test, 1, WIRE_DROP_NO_BUFFER); /* 4: joins them */
    assert_int_equal(atomic_load(&first->releases), 0);
    submit(test); /* 5 */
    assert_int_equal(atomic_load(&first->releases), 1);
    for (int i = 0; i < 10; i++)
        submit(test); /* 6..15 */
    take_all(test);
    assert_int_equal(test->expected, 15);
    open_gate(test);
    finish(test);
    assert_int_equal(test->fates[0], FATE_WHOLE);
    assert_int_equal(test->fates[1], WIRE_DROP_ENCODER_BUSY);
    for (int id = 2; id < 5; id++)
        assert_int_equal(test->fates[id], WIRE_DROP_NO_BUFFER);
    for (int id = 5; id < 15; id++)
        assert_int_equal(test->fates[id], WIRE_DROP_ENCODER_BUSY);
    assert_int_equal(test->fates[15], FATE_WHOLE);
    tear_down(test);
    free(test);
}

/* More losses behind a waiting capture than are remembered: the capture gives way, not a count. */
static void many_losses_behind_a_waiting_capture(void **state)
{
    (void)state;
    struct test *test = make_test();
    set_up(test, 1, 1);
    test->gated = true;
    submit(test); /* 0 */
    wait_for_gate(test);
    submit(test); /* 1 */
    for (int i = 0; i < 40; i++)
        lose(test, 1 + (uint32_t)i, 1 + i % 3);
    submit(test);
    open_gate(test);
    finish(test);
    uint64_t id = 2;
    for (int i = 0; i < 40; i++)
        for (int k = 0; k <= i; k++)
            assert_int_equal(test->fates[id++], 1 + i % 3);
    assert_int_equal(test->fates[id], FATE_WHOLE);
    tear_down(test);
    free(test);
}

static void broken_captures_abort_their_frames(void **state)
{
    (void)state;
    struct test *test = make_test();
    set_up(test, 2, 4);
    for (int i = 0; i < 20; i++) {
        if (i % 2)
            submit_broken(test);
        else
            submit(test);
        encoder_drain(test->encoder);
        take_all(test);
        assert_int_equal(test->fates[i], i % 2 ? FATE_ABORTED : FATE_WHOLE);
    }
    finish(test);
    tear_down(test);
    free(test);
}

/* A reader beside the workers, as the loop is: it copies each slice as soon as it is published. */
struct reader {
    struct test *test;
    unsigned frames; /* to be read */
    const char *problem;
};

static void copy_published(struct frame *frame, unsigned *have, struct bytes *copy)
{
    unsigned published = frame_published(frame);
    for (; *have < published; ++*have) {
        const struct slice *slice = &frame->slices[*have];
        copy->data = realloc(copy->data, copy->size + slice->size);
        memcpy(copy->data + copy->size, slice->data, slice->size);
        copy->size += slice->size;
    }
}

static bool wait_for_news(struct stream_events *events)
{
    struct pollfd ready = { .fd = events->fd, .events = POLLIN };
    bool news = poll(&ready, 1, WAIT_MS) == 1;
    events_clear(events);
    return news;
}

static const char *read_frame(struct stream_events *events)
{
    struct stream_event event;
    struct bytes copy = { 0 };
    unsigned have = 0;
    enum frame_state state;
    while (!events_take(events, &event))
        if (!wait_for_news(events))
            return "no poke for a frame that begins";
    if (event.kind != EVENT_FRAME)
        return "an event that is no frame";
    for (;;) {
        state = frame_state(event.frame);
        copy_published(event.frame, &have, &copy);
        if (state != FRAME_GROWING)
            break;
        if (!wait_for_news(events))
            return "no poke for a frame that grew or ended";
    }
    bool same = state == FRAME_WHOLE && copy.size == event.frame->length &&
                crc32c_portable(0, copy.data, copy.size) == event.frame->crc32c;
    bytes_free(&copy);
    frame_release(event.frame);
    return same ? NULL : "the published slices are not the frame";
}

static void *run_reader(void *user)
{
    struct reader *reader = user;
    while (reader->frames-- > 0 && !reader->problem)
        reader->problem = read_frame(&reader->test->events);
    if (reader->problem)
        events_close(&reader->test->events); /* nobody makes room there any more */
    return NULL;
}

static void growing_frames_can_be_read(void **state)
{
    (void)state;
    struct test *test = make_test();
    for (unsigned threads = 1; threads <= 4; threads++) {
        struct reader reader = { .test = test, .frames = 100 };
        pthread_t thread;
        set_up(test, threads, 5);
        assert_int_equal(pthread_create(&thread, NULL, run_reader, &reader), 0);
        for (int i = 0; i < 100; i++) {
            /* So that none is displaced, neither here nor in the encoder. */
            events_wait_for_room(&test->events);
            submit(test);
            encoder_drain(test->encoder);
        }
        pthread_join(thread, NULL);
        assert_string_equal(reader.problem ? reader.problem : "", "");
        tear_down(test);
    }
    free(test);
}

/* With workers idle, busy or never used; frames live in the encoder's pool, so the events' are
 * given back first. */
static void encoders_end(void **state)
{
    (void)state;
    struct test *test = make_test();
    for (unsigned threads = 0; threads <= ENCODE_THREADS_MAX; threads += 16)
        for (int captures = 0; captures < 3; captures++) {
            struct stream_event event;
            set_up(test, threads, 2);
            for (int i = 0; i < captures; i++)
                submit(test);
            encoder_drain(test->encoder);
            while (events_take(&test->events, &event))
                if (event.kind == EVENT_FRAME)
                    frame_release(event.frame);
            tear_down(test);
            assert_int_equal(atomic_load(&test->released), captures);
        }
    encoder_destroy(NULL);
    struct encoder *none = NULL;
    encoder_destroy(&none);
    free(test);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_the_pictures),
        cmocka_unit_test(accounts_are_exact),
        cmocka_unit_test(accounts_are_exact_when_nobody_takes),
        cmocka_unit_test(newer_captures_displace_older_ones),
        cmocka_unit_test(many_losses_behind_a_waiting_capture),
        cmocka_unit_test(broken_captures_abort_their_frames),
        cmocka_unit_test(growing_frames_can_be_read),
        cmocka_unit_test(encoders_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
