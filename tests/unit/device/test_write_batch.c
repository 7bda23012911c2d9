#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "device/serve/write_batch.h"
#include "frames.h"

enum { STREAM_MAX = 1 << 20, PART = 3000, PARTS = 5 };

/* Takes `grain` bytes at a time, and after each `patience` writes says once that it is full. */
struct fake_sink {
    struct transport transport;
    size_t grain;
    unsigned patience, writes;
    int error; /* what it says instead of taking more than `error_at` bytes */
    size_t error_at, size;
    uint8_t bytes[STREAM_MAX];
};

static ssize_t fake_write(struct transport *transport, const struct iovec *data, int count)
{
    struct fake_sink *sink = (struct fake_sink *)transport;
    size_t left = sink->grain, before = sink->size;
    assert_in_range(count, 1, WRITE_BATCH_PIECES);
    if (sink->patience && ++sink->writes % sink->patience == 0)
        return -EAGAIN;
    if (sink->error && sink->size >= sink->error_at)
        return sink->error;
    for (int i = 0; i < count && left > 0; i++) {
        size_t size = data[i].iov_len < left ? data[i].iov_len : left;
        assert_in_range(data[i].iov_len, 1, STREAM_MAX);
        assert_in_range(sink->size + size, 1, STREAM_MAX);
        memcpy(sink->bytes + sink->size, data[i].iov_base, size);
        sink->size += size;
        left -= size;
    }
    return (ssize_t)(sink->size - before);
}

static const struct transport_ops fake_ops = { .write = fake_write };

static struct fake_sink sink, reference;
static struct write_batch write_batch;
static uint8_t parts[PARTS][PART];

static void reset(struct fake_sink *fake, size_t grain, unsigned patience)
{
    fake->transport = (struct transport){ .ops = &fake_ops, .fd = -1 };
    fake->grain = grain;
    fake->patience = patience;
    fake->writes = 0;
    fake->error = 0;
    fake->error_at = fake->size = 0;
}

static void flush(struct fake_sink *fake)
{
    uint64_t written = 0;
    size_t before = fake->size;
    int error = -EAGAIN;
    for (int i = 0; error == -EAGAIN && i < STREAM_MAX; i++)
        error = write_batch_flush(&write_batch, &fake->transport, &written);
    assert_int_equal(error, 0);
    assert_int_equal(written, fake->size - before);
    assert_true(write_batch_empty(&write_batch));
    assert_true(write_batch_has_space(&write_batch));
}

/* Three batches: small messages alone, mixed with parts, and parts alone. */
static void converse(struct fake_sink *fake)
{
    struct wire_message ping = { .type = WIRE_PING, .ping.t1 = 5 };
    struct wire_message status = { .type = WIRE_STATUS, .status = { .text = "all is well" } };
    memset(&write_batch, 0, sizeof(write_batch));
    write_batch_opening(&write_batch);
    write_batch_message(&write_batch, &ping);
    write_batch_message(&write_batch, &status);
    flush(fake);
    write_batch_message(&write_batch, &status);
    write_batch_part(&write_batch, parts[0], PART);
    write_batch_message(&write_batch, &ping);
    write_batch_message(&write_batch, &ping);
    write_batch_part(&write_batch, parts[1], 1);
    write_batch_message(&write_batch, &status);
    flush(fake);
    for (int i = 2; i < PARTS; i++)
        write_batch_part(&write_batch, parts[i], PART);
    flush(fake);
}

static int setup(void **state)
{
    (void)state;
    uint64_t random = 5;
    for (int i = 0; i < PARTS; i++)
        for (int byte = 0; byte < PART; byte++)
            parts[i][byte] = (uint8_t)pseudo_random(&random, 256);
    reset(&reference, STREAM_MAX, 0);
    converse(&reference);
    return 0;
}

/* The same bytes, one message after another, as the encoding alone makes them. */
static void bytes_are_the_messages(void **state)
{
    (void)state;
    uint8_t expected[WIRE_OPENING_SIZE + 2 * WIRE_ENCODED_MAX], *at = expected;
    struct wire_message ping = { .type = WIRE_PING, .ping.t1 = 5 };
    struct wire_message status = { .type = WIRE_STATUS, .status = { .text = "all is well" } };
    memcpy(at, wire_opening, WIRE_OPENING_SIZE);
    at += WIRE_OPENING_SIZE;
    at += wire_encode(&ping, at);
    at += wire_encode(&status, at);
    size_t size = (size_t)(at - expected);
    assert_memory_equal(reference.bytes, expected, size);
    uint8_t *then = reference.bytes + size;
    size = wire_encode(&status, expected);
    assert_memory_equal(then, expected, size);
    wire_encode_part(PART, expected);
    assert_memory_equal(then + size, expected, WIRE_HEADER_SIZE);
    assert_memory_equal(then + size + WIRE_HEADER_SIZE, parts[0], PART);
    const uint8_t *last = reference.bytes + reference.size - PART;
    assert_memory_equal(last - WIRE_HEADER_SIZE, expected, WIRE_HEADER_SIZE);
    assert_memory_equal(last, parts[PARTS - 1], PART);
}

static void any_grain_gives_the_same(void **state)
{
    (void)state;
    for (size_t grain = 1; grain < 200; grain++) {
        reset(&sink, grain, (unsigned)(grain % 7) == 1 ? 0 : (unsigned)(grain % 7));
        if (sink.patience == 1)
            sink.patience = 2;
        converse(&sink);
        assert_int_equal(sink.size, reference.size);
        assert_memory_equal(sink.bytes, reference.bytes, reference.size);
    }
}

static void large_grains_give_the_same(void **state)
{
    (void)state;
    for (size_t grain = 200; grain < reference.size + 100; grain += 97) {
        reset(&sink, grain, 2);
        converse(&sink);
        assert_int_equal(sink.size, reference.size);
        assert_memory_equal(sink.bytes, reference.bytes, reference.size);
    }
}

static void full_transport_is_waited_for(void **state)
{
    (void)state;
    uint64_t written = 100;
    reset(&sink, 10, 2);
    memset(&write_batch, 0, sizeof(write_batch));
    write_batch_part(&write_batch, parts[0], 20);
    assert_int_equal(write_batch_flush(&write_batch, &sink.transport, &written), -EAGAIN);
    assert_int_equal(written, 110);
    assert_false(write_batch_empty(&write_batch));
    flush(&sink);
    assert_int_equal(sink.size, WIRE_HEADER_SIZE + 20);
}

static void errors_are_told(void **state)
{
    (void)state;
    uint64_t written = 0;
    reset(&sink, 10, 0);
    sink.error = -EPIPE;
    sink.error_at = 20;
    memset(&write_batch, 0, sizeof(write_batch));
    write_batch_part(&write_batch, parts[0], 100);
    assert_int_equal(write_batch_flush(&write_batch, &sink.transport, &written), -EPIPE);
    assert_int_equal(written, 20);
}

static void nothing_is_written_for_nothing(void **state)
{
    (void)state;
    uint64_t written = 0;
    reset(&sink, 10, 0);
    sink.error = -EIO;
    memset(&write_batch, 0, sizeof(write_batch));
    assert_int_equal(write_batch_flush(&write_batch, &sink.transport, &written), 0);
    assert_int_equal(written, 0);
}

/* As much of the longest messages and of parts as it says there is room for: the sanitizers see
 * whether there is. */
static void room_is_what_it_says(void **state)
{
    (void)state;
    struct wire_message longest = { .type = WIRE_FRAME_HEAD, .frame_head.metadata.present = 0xFE };
    struct wire_message text = { .type = WIRE_STATUS };
    memset(text.status.text, 'x', WIRE_BLOB_TEXT_MAX);
    for (int kind = 0; kind < 3; kind++) {
        unsigned count = 0;
        memset(&write_batch, 0, sizeof(write_batch));
        for (; write_batch_has_space(&write_batch); count++) {
            if (kind < 2)
                write_batch_message(&write_batch, kind ? &text : &longest);
            else
                write_batch_part(&write_batch, parts[0], 1);
        }
        assert_in_range(count, 8, 1000);
        assert_in_range(write_batch.small_used, 1, WRITE_BATCH_SMALL);
        assert_in_range(write_batch.count, 1, WRITE_BATCH_PIECES);
        reset(&sink, 1000, 0);
        flush(&sink);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_the_messages),
        cmocka_unit_test(any_grain_gives_the_same),
        cmocka_unit_test(large_grains_give_the_same),
        cmocka_unit_test(full_transport_is_waited_for),
        cmocka_unit_test(errors_are_told),
        cmocka_unit_test(nothing_is_written_for_nothing),
        cmocka_unit_test(room_is_what_it_says),
    };
    return cmocka_run_group_tests_name("write_batch", tests, setup, NULL);
}
