/*
 * --save as a sink: where the folders are, and what it says of them.
 */
#include "host/sinks/files/files_sink.h"

#include "host_support.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STREAMS = 3 };

struct fixture {
    char root[32], save[64];
    struct host_options options;
    struct frame_pool *pool;
    struct sink_stream streams[STREAMS];
    struct sink *sinks[STREAMS];
    struct error error;
};

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static int setup(void **state)
{
    struct fixture *fixture = *state = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    strcpy(fixture->root, "/tmp/pitether-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->root));
    snprintf(fixture->save, sizeof(fixture->save), "%s/save", fixture->root);
    fixture->options = (struct host_options){ .save = fixture->save, .name = "{id}.jpg" };
    /* Each stream's sink may still hold its frame when the next one is given. */
    fixture->pool = frame_pool_create(STREAMS, SIZE_MAX);
    assert_non_null(fixture->pool);
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 0; i < STREAMS; i++)
        sink_close(&fixture->sinks[i], NULL, NULL);
    nftw(fixture->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    frame_pool_destroy(fixture->pool);
    free(fixture);
    return 0;
}

static int open_streams(struct fixture *fixture, unsigned count, const char *const places[])
{
    struct sink_setup setup = { &fixture->options, fixture->streams, count };
    for (unsigned i = 0; i < count; i++)
        fixture->streams[i] = (struct sink_stream){ .label = places[i], .place = places[i] };
    return sink_kind_open(&sink_files, &setup, fixture->sinks, &fixture->error);
}

static void give(struct fixture *fixture, unsigned stream, uint64_t id, size_t size)
{
    struct pitether_frame *frame = frame_make(fixture->pool, id, size);
    struct sink *sink = fixture->sinks[stream];
    assert_int_equal(sink->ops->frame(sink, frame), SINK_TAKEN);
    pitether_frame_release(frame);
}

static bool is_there(const struct fixture *fixture, const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", fixture->root, name);
    return access(path, F_OK) == 0;
}

/* What it says at its end, but for the line feed; the caller's. */
static char *finish(struct fixture *fixture, unsigned stream)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_true(sink_close(&fixture->sinks[stream], NULL, out));
    fclose(out);
    assert_true(size > 0 && text[size - 1] == '\n');
    text[size - 1] = '\0';
    return text;
}

static void one_stream(void **state)
{
    struct fixture *fixture = *state;
    char wanted[256];
    assert_int_equal(open_streams(fixture, 1, (const char *[]){ "" }), 0);
    give(fixture, 0, 1, 2000000);
    give(fixture, 0, 2, 500000);
    char *text = finish(fixture, 0);
    snprintf(wanted, sizeof(wanted), "saved 2 frames (2.5 MB) in %s", fixture->save);
    assert_string_equal(text, wanted);
    free(text);
    assert_true(is_there(fixture, "save/00000001.jpg"));
    assert_true(is_there(fixture, "save/frames.csv"));
}

static void several_streams(void **state)
{
    struct fixture *fixture = *state;
    static const char *const places[] = { "front", "rear/deep/er", "rear" };
    assert_int_equal(open_streams(fixture, STREAMS, places), 0);
    for (unsigned i = 0; i < STREAMS; i++)
        give(fixture, i, i, 10);
    for (unsigned i = 0; i < STREAMS; i++) {
        char wanted[256], *text = finish(fixture, i);
        snprintf(wanted, sizeof(wanted), "saved 1 frames (0.0 MB) in %s/%s", fixture->save,
                 places[i]);
        assert_string_equal(text, wanted);
        free(text);
    }
    assert_true(is_there(fixture, "save/front/00000000.jpg"));
    assert_true(is_there(fixture, "save/rear/deep/er/00000001.jpg"));
    assert_true(is_there(fixture, "save/rear/00000002.jpg"));
    assert_false(is_there(fixture, "save/frames.csv"));
}

/* The folder above --save's is not made: it may be that of a disk that is missing. Where one
 * stream's folder can't be, none is open. */
static void folders_that_cannot_be(void **state)
{
    struct fixture *fixture = *state;
    char missing[64];
    snprintf(missing, sizeof(missing), "%s/missing/save", fixture->root);
    fixture->options.save = missing;
    assert_int_equal(open_streams(fixture, 1, (const char *[]){ "" }), -ENOENT);
    assert_non_null(strstr(fixture->error.text, missing));
    assert_non_null(strstr(fixture->error.text, strerror(ENOENT)));
    assert_int_equal(open_streams(fixture, 2, (const char *[]){ "front", "rear" }), -ENOENT);
    assert_false(is_there(fixture, "missing"));
    fixture->options.save = fixture->save;
    assert_int_equal(open_streams(fixture, 2, (const char *[]){ "front", "front/frames.csv" }),
                     -ENOTDIR);
    assert_null(fixture->sinks[0]);
    assert_null(fixture->sinks[1]);
}

/* All streams together hold no more bytes than one alone. */
static void the_bounds(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(open_streams(fixture, 1, (const char *[]){ "" }), 0);
    struct sink_bound alone = fixture->sinks[0]->bound;
    sink_close(&fixture->sinks[0], NULL, NULL);
    assert_int_equal(open_streams(fixture, STREAMS, (const char *[]){ "a", "b", "c" }), 0);
    assert_int_equal(fixture->sinks[1]->bound.frames, alone.frames);
    assert_int_equal(fixture->sinks[1]->bound.bytes, alone.bytes / STREAMS);
    assert_int_equal(fixture->sinks[1]->policy, SINK_EVERY_FRAME);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_stream),
        TEST(several_streams),
        TEST(folders_that_cannot_be),
        TEST(the_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
