/*
 * Several sinks of one stream: who gets what, and who holds up whom.
 */
#include "host/sinks/outputs.h"

#include "host_support.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct fake {
    struct sink sink;
    unsigned frames, formats, drops, notes, presented;
    bool full;
    enum sink_result result;
};

struct fixture {
    struct outputs outputs;
    struct sink_owner owner; /* the sinks' */
    struct fake fakes[3];
    unsigned left, spaces, seen_calls;
    enum sink_gone how;
    bool seen;
};

static struct fake *fake_of(struct sink *sink)
{
    return (struct fake *)sink;
}

static enum sink_result fake_frame(struct sink *sink, const struct pitether_frame *frame)
{
    (void)frame;
    fake_of(sink)->frames++;
    return fake_of(sink)->result;
}

static void fake_format(struct sink *sink, const struct pitether_stream *stream)
{
    (void)stream;
    fake_of(sink)->formats++;
}

static void fake_drops(struct sink *sink, const struct pitether_drops *drops)
{
    (void)drops;
    fake_of(sink)->drops++;
}

static void fake_note(struct sink *sink, const char *note)
{
    (void)note;
    fake_of(sink)->notes++;
}

static void fake_presented(struct sink *sink, const struct pitether_frame *frame,
                           const struct sink_presentation *presentation)
{
    (void)frame;
    (void)presentation;
    fake_of(sink)->presented++;
}

static bool fake_is_full(struct sink *sink)
{
    return fake_of(sink)->full;
}

static const struct sink_ops ops = { .name = "the fake",
                                     .format = fake_format,
                                     .frame = fake_frame,
                                     .drops = fake_drops,
                                     .note = fake_note,
                                     .presented = fake_presented,
                                     .is_full = fake_is_full };
/* What a sink may do without. */
static const struct sink_ops few_ops = { .name = "the newest", .frame = fake_frame };

static void on_left(void *user, enum sink_gone how)
{
    struct fixture *fixture = user;
    fixture->left++;
    fixture->how = how;
}

static void on_space(void *user)
{
    struct fixture *fixture = user;
    fixture->spaces++;
}

static void on_seen(void *user, bool seen)
{
    struct fixture *fixture = user;
    fixture->seen_calls++;
    fixture->seen = seen;
}

static struct sink_rates on_rates(void *user)
{
    (void)user;
    return (struct sink_rates){ .fps = 30, .latency_ms = 5, .dropped = 2 };
}

static int on_set(void *user, const char *assignments, uint32_t *request)
{
    (void)user;
    assert_string_equal(assignments, "Contrast=1.2");
    *request = 7;
    return -EBUSY;
}

static int setup(void **state)
{
    struct fixture *fixture = *state = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    struct outputs_owner owner = { on_left, on_space, on_seen, on_rates, on_set, fixture };
    assert_non_null(fixture);
    outputs_init(&fixture->outputs, &owner);
    fixture->owner = outputs_sink_owner(&fixture->outputs);
    stderr_capture();
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    stderr_release();
    outputs_clear(&fixture->outputs);
    free(fixture);
    return 0;
}

static void add(struct fixture *fixture, unsigned at, enum sink_policy policy)
{
    struct fake *fake = &fixture->fakes[at];
    fake->sink = (struct sink){ .ops = policy == SINK_NEWEST ? &few_ops : &ops,
                                .policy = policy,
                                .bound = { 10, 1000 },
                                .owner = fixture->owner };
    outputs_add(&fixture->outputs, &fake->sink);
}

static bool give(struct fixture *fixture, bool keep)
{
    struct pitether_frame frame = { .id = 1 };
    return outputs_frame(&fixture->outputs, &frame, keep);
}

static void gone(struct fixture *fixture, unsigned at, enum sink_gone how)
{
    fixture->owner.gone(fixture->owner.user, &fixture->fakes[at].sink, how);
}

static void all_are_given_what_comes(void **state)
{
    struct fixture *fixture = *state;
    struct pitether_stream stream = { .fps = 30 };
    struct pitether_drops drops = { .count = 1 };
    struct pitether_frame frame = { .id = 1 };
    struct sink_presentation presentation = { 1, 2 };
    add(fixture, 0, SINK_OBSERVER);
    add(fixture, 1, SINK_EVERY_FRAME);
    add(fixture, 2, SINK_NEWEST);
    assert_true(give(fixture, true));
    outputs_format(&fixture->outputs, &stream);
    outputs_drops(&fixture->outputs, &drops);
    outputs_note(&fixture->outputs, "note");
    fixture->owner.presented(fixture->owner.user, &frame, &presentation);
    for (unsigned i = 0; i < 3; i++) {
        const struct fake *fake = &fixture->fakes[i];
        unsigned wanted = i < 2;
        assert_int_equal(fake->frames, 1);
        assert_int_equal(fake->formats, wanted);
        assert_int_equal(fake->drops, wanted);
        assert_int_equal(fake->notes, wanted);
        assert_int_equal(fake->presented, wanted);
    }
    assert_true(fixture->owner.rates(fixture->owner.user).fps == 30);
}

/* After the end, only observers are given frames. */
static void frames_that_are_not_kept(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, 0, SINK_OBSERVER);
    add(fixture, 1, SINK_EVERY_FRAME);
    assert_false(give(fixture, false));
    assert_int_equal(fixture->fakes[0].frames, 1);
    assert_int_equal(fixture->fakes[1].frames, 0);
}

/* A frame is one more if any sink has one more to write for it. */
static void what_counts(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, 0, SINK_OBSERVER);
    assert_false(give(fixture, true));
    add(fixture, 1, SINK_EVERY_FRAME);
    add(fixture, 2, SINK_NEWEST);
    fixture->fakes[1].result = SINK_LOST;
    fixture->fakes[2].result = SINK_REPLACED;
    assert_false(give(fixture, true));
    fixture->fakes[2].result = SINK_TAKEN;
    assert_true(give(fixture, true));
    fixture->fakes[1].result = SINK_TAKEN;
    fixture->fakes[2].result = SINK_REPLACED;
    assert_true(give(fixture, true));
}

/* The stream is held up while that holds up no sink that could take a frame. */
static void who_holds_up_whom(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, 0, SINK_OBSERVER);
    fixture->fakes[0].full = true;
    assert_false(outputs_are_full(&fixture->outputs));
    add(fixture, 1, SINK_EVERY_FRAME);
    assert_false(outputs_are_full(&fixture->outputs));
    fixture->fakes[1].full = true;
    assert_true(outputs_are_full(&fixture->outputs));
    add(fixture, 2, SINK_EVERY_FRAME);
    assert_false(outputs_are_full(&fixture->outputs));
    fixture->fakes[2].full = true;
    assert_true(outputs_are_full(&fixture->outputs));
    fixture->fakes[1].full = false;
    assert_false(outputs_are_full(&fixture->outputs));
}

static void the_newest_is_never_held_up(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, 0, SINK_EVERY_FRAME);
    fixture->fakes[0].full = true;
    assert_true(outputs_are_full(&fixture->outputs));
    add(fixture, 1, SINK_NEWEST);
    fixture->fakes[1].full = true;
    assert_false(outputs_are_full(&fixture->outputs));
}

/* Where the sink that was not full goes, the others hold up the stream from then on: it has to be
 * looked at again. */
static void a_sink_goes(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, 0, SINK_OBSERVER);
    add(fixture, 1, SINK_EVERY_FRAME);
    add(fixture, 2, SINK_EVERY_FRAME);
    gone(fixture, 2, SINK_BROKEN);
    assert_int_equal(fixture->left, 0);
    assert_int_equal(fixture->spaces, 1);
    assert_int_equal(count_text(stderr_text(), "going on without the fake\n"), 1);
    gone(fixture, 2, SINK_BROKEN); /* once is enough */
    assert_int_equal(count_text(stderr_text(), "going on"), 1);
    give(fixture, true);
    assert_int_equal(fixture->fakes[2].frames, 0);
    assert_int_equal(fixture->fakes[1].frames, 1);
    gone(fixture, 1, SINK_CLOSED);
    assert_int_equal(fixture->left, 1);
    assert_int_equal(fixture->how, SINK_CLOSED);
    give(fixture, true);
    assert_int_equal(fixture->fakes[0].frames, 2);
    assert_int_equal(fixture->fakes[1].frames, 1);
    assert_int_equal(count_text(stderr_text(), "going on"), 1);
}

static void see(struct fixture *fixture, unsigned at, bool seen)
{
    fixture->owner.seen(fixture->owner.user, &fixture->fakes[at].sink, seen);
}

/* Frames are for somebody as long as one sink's are. */
static void what_nobody_sees(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, 0, SINK_OBSERVER);
    add(fixture, 1, SINK_NEWEST);
    see(fixture, 1, false);
    assert_int_equal(fixture->seen_calls, 1);
    assert_false(fixture->seen);
    see(fixture, 1, false);
    assert_int_equal(fixture->seen_calls, 1);
    see(fixture, 1, true);
    assert_int_equal(fixture->seen_calls, 2);
    assert_true(fixture->seen);
    add(fixture, 2, SINK_EVERY_FRAME);
    see(fixture, 1, false);
    assert_int_equal(fixture->seen_calls, 2);
    gone(fixture, 2, SINK_BROKEN);
    assert_int_equal(fixture->seen_calls, 3);
    assert_false(fixture->seen);
}

/* What was seen of one is not taken for another's when one before it goes. */
static void what_is_seen_of_those_that_stay(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, 0, SINK_EVERY_FRAME);
    add(fixture, 1, SINK_NEWEST);
    add(fixture, 2, SINK_NEWEST);
    see(fixture, 1, false);
    gone(fixture, 0, SINK_BROKEN);
    assert_int_equal(fixture->seen_calls, 0);
    see(fixture, 2, false);
    assert_int_equal(fixture->seen_calls, 1);
    assert_false(fixture->seen);
}

static void the_sum_of_bounds(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, 0, SINK_OBSERVER);
    add(fixture, 1, SINK_EVERY_FRAME);
    add(fixture, 2, SINK_NEWEST);
    struct sink_bound bound = outputs_bound(&fixture->outputs);
    assert_int_equal(bound.frames, 20);
    assert_int_equal(bound.bytes, 2000);
}

/* A sink goes while frames are given: none is given to it afterwards. */

struct race {
    struct fixture *fixture;
    atomic_bool removed;
    atomic_uint late;
};

static struct race race;

static enum sink_result racing_frame(struct sink *sink, const struct pitether_frame *frame)
{
    (void)sink;
    (void)frame;
    if (atomic_load(&race.removed))
        atomic_fetch_add(&race.late, 1);
    return SINK_TAKEN;
}

static void *leave(void *user)
{
    struct fixture *fixture = user;
    gone(fixture, 0, SINK_BROKEN);
    atomic_store(&race.removed, true);
    return NULL;
}

static void a_sink_goes_meanwhile(void **state)
{
    static const struct sink_ops racing = { .name = "the racer", .frame = racing_frame };
    struct fixture *fixture = *state;
    pthread_t thread;
    race = (struct race){ .fixture = fixture };
    add(fixture, 1, SINK_NEWEST);
    for (unsigned i = 0; i < 200; i++) {
        atomic_store(&race.removed, false);
        add(fixture, 0, SINK_NEWEST);
        fixture->fakes[0].sink.ops = &racing;
        assert_int_equal(pthread_create(&thread, NULL, leave, fixture), 0);
        while (!atomic_load(&race.removed))
            give(fixture, true);
        give(fixture, true);
        pthread_join(thread, NULL);
    }
    assert_int_equal(atomic_load(&race.late), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_are_given_what_comes),
        TEST(frames_that_are_not_kept),
        TEST(what_counts),
        TEST(who_holds_up_whom),
        TEST(the_newest_is_never_held_up),
        TEST(a_sink_goes),
        TEST(what_nobody_sees),
        TEST(what_is_seen_of_those_that_stay),
        TEST(the_sum_of_bounds),
        TEST(a_sink_goes_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
