#include "host_support.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "shared/base/bytes.h"
#include "shared/base/log.h"
#include "shared/protocol/crc32c.h"
#include "shared/protocol/wire_controls.h"

void script_free(struct script *script)
{
    free(script->bytes);
    *script = (struct script){ 0 };
}

void script_add(struct script *script, const void *bytes, size_t size)
{
    if (script->size + size > script->capacity) {
        script->capacity = 2 * (script->size + size);
        script->bytes = realloc(script->bytes, script->capacity);
        assert_non_null(script->bytes);
    }
    memcpy(script->bytes + script->size, bytes, size);
    script->size += size;
}

void script_say(struct script *script, const struct wire_message *message)
{
    uint8_t bytes[WIRE_ENCODED_MAX];
    script_add(script, bytes, wire_encode(message, bytes));
}

void script_raw(struct script *script, uint8_t type, const void *fixed, uint16_t size)
{
    uint8_t header[WIRE_HEADER_SIZE] = { 'P', 'T', type };
    bytes_store(header + 4, size, 4);
    bytes_store(header + 8, size, 2);
    script_add(script, header, sizeof(header));
    script_add(script, fixed, size);
}

const struct wire_streams script_one_stream = {
    .count = 1,
    .entries = { { .state = WIRE_STREAM_RUNNING,
                   .width = SCRIPT_WIDTH,
                   .height = SCRIPT_HEIGHT,
                   .fps_mhz = 30000,
                   .name = "camera",
                   .model = "model" } },
};

void script_streams(struct script *script, const struct wire_streams *streams)
{
    uint8_t bytes[WIRE_STREAMS_ENCODED_MAX];
    script_add(script, bytes, wire_encode_streams(streams, bytes));
}

void script_greet(struct script *script, uint64_t epoch)
{
    script_add(script, wire_opening, WIRE_OPENING_SIZE);
    script_say(script,
               &(struct wire_message){
                   .type = WIRE_HELLO,
                   .hello = { .max_message = WIRE_CONTROL_MAX, .epoch = epoch, .name = "bench" } });
    script_streams(script, &script_one_stream);
    script->names_due = true;
}

struct control_table script_table(void)
{
    struct control_table table = { .count = 0 };
    struct control_info *exposure = control_table_add(&table, "ExposureTime");
    assert_non_null(exposure);
    exposure->type = VALUE_INT32;
    exposure->settable = true;
    strcpy(exposure->unit, "µs");
    exposure->min = value_of_int32(1);
    exposure->max = value_of_int32(1000);
    struct control_info *mode = control_table_add(&table, "AfMode");
    assert_non_null(mode);
    mode->type = VALUE_INT32;
    mode->settable = true;
    mode->set = value_of_int32(1);
    mode->enumerator_count = 2;
    mode->enumerators[0] = (struct control_enumerator){ 0, "Manual" };
    mode->enumerators[1] = (struct control_enumerator){ 1, "Auto" };
    return table;
}

void script_controls(struct script *script, const struct control_table *table)
{
    uint8_t bytes[WIRE_MESSAGE_MAX];
    unsigned first = 0;
    do
        script_add(script, bytes, wire_encode_controls(0, table, &first, bytes));
    while (first < table->count);
}

void script_changed(struct script *script, const struct wire_changed *changed)
{
    uint8_t bytes[WIRE_MESSAGE_MAX];
    script_add(script, bytes, wire_encode_changed(changed, bytes));
}

void script_answer(struct script *script, uint32_t request, int32_t asked, int32_t now)
{
    struct wire_changed changed = {
        .head = { .request = request, .first_frame_id = 7, .by = "laptop2" }, .count = 1
    };
    strcpy(changed.items[0].name, "ExposureTime");
    changed.items[0].result = asked == now ? WIRE_SET_OK : WIRE_SET_CLAMPED;
    changed.items[0].asked = value_of_int32(asked);
    changed.items[0].now = value_of_int32(now);
    script_changed(script, &changed);
}

static const struct metadata_names script_names = {
    .count = 1, .items = { { "ExposureTime", VALUE_INT32, false } }
};

static void script_metadata(struct script *script)
{
    uint8_t bytes[WIRE_MESSAGE_MAX];
    unsigned first = 0;
    script_add(script, bytes, wire_encode_metadata(0, &script_names, &first, 1, bytes));
    script->names_due = false;
}

void script_stream(struct script *script, uint64_t first_id)
{
    script_say(script, &(struct wire_message){ .type = WIRE_STREAM,
                                               .stream = { .codec = WIRE_CODEC_JPEG,
                                                           .width = SCRIPT_WIDTH,
                                                           .height = SCRIPT_HEIGHT,
                                                           .fps_mhz = 30000,
                                                           .first_frame_id = first_id,
                                                           .model = "model" } });
    if (script->names_due)
        script_metadata(script);
}

void script_status(struct script *script, unsigned state, const char *text)
{
    struct wire_message message = { .type = WIRE_STATUS, .status.state = (uint8_t)state };
    strncpy(message.status.text, text, WIRE_BLOB_TEXT_MAX);
    script_say(script, &message);
}

void script_ping(struct script *script, uint64_t t1)
{
    script_say(script, &(struct wire_message){ .type = WIRE_PING, .ping.t1 = t1 });
}

void script_drops(struct script *script, uint64_t first, uint32_t count, unsigned reason)
{
    script_say(script, &(struct wire_message){ .type = WIRE_DROPS,
                                               .drops = { .reason = (uint8_t)reason,
                                                          .first_frame_id = first,
                                                          .count = count } });
}

void script_end(struct script *script, unsigned reason, uint64_t delivered, uint64_t dropped)
{
    script_say(script, &(struct wire_message){ .type = WIRE_END,
                                               .end = { .reason = (uint16_t)reason,
                                                        .captured = delivered + dropped,
                                                        .delivered = delivered,
                                                        .dropped = dropped } });
}

void script_error(struct script *script, unsigned code, const char *text)
{
    struct wire_message message = { .type = WIRE_ERROR, .error.code = (uint16_t)code };
    strncpy(message.error.text, text, WIRE_BLOB_TEXT_MAX);
    script_say(script, &message);
}

void script_head(struct script *script, uint64_t id)
{
    struct value exposure = value_of_int32(SCRIPT_EXPOSURE_US);
    struct wire_metadata metadata = { .present = 0 };
    assert_true(metadata_add(&metadata.values, 0, &exposure));
    script_say(script, &(struct wire_message){ .type = WIRE_FRAME_HEAD,
                                               .frame_head = { .frame_id = id,
                                                               .sensor_time = 1000 * id + 1,
                                                               .capture_time = 1000 * id + 2,
                                                               .width = SCRIPT_WIDTH,
                                                               .height = SCRIPT_HEIGHT,
                                                               .metadata = metadata } });
}

uint8_t frame_byte(uint64_t id, size_t at)
{
    return (uint8_t)(at ^ at >> 8 ^ id * 37);
}

bool frame_is_right(const uint8_t *data, uint64_t id, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] != frame_byte(id, i))
            return false;
    return true;
}

/* SOI and a frame header of one component; EOI. */
static const uint8_t jpeg_begin[] = { 0xFF,
                                      0xD8,
                                      0xFF,
                                      0xC0,
                                      0,
                                      11,
                                      8,
                                      SCRIPT_HEIGHT >> 8,
                                      SCRIPT_HEIGHT & 255,
                                      SCRIPT_WIDTH >> 8,
                                      SCRIPT_WIDTH & 255,
                                      1,
                                      1,
                                      0x11,
                                      0 };
static const uint8_t jpeg_end[] = { 0xFF, 0xD9 };

static uint8_t script_byte(uint64_t id, size_t at, size_t whole)
{
    if (at < sizeof(jpeg_begin))
        return jpeg_begin[at];
    return at + sizeof(jpeg_end) < whole ? frame_byte(id, at)
                                         : jpeg_end[at + sizeof(jpeg_end) - whole];
}

bool script_frame_is_right(const uint8_t *data, uint64_t id, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] != script_byte(id, i, size))
            return false;
    return true;
}

void script_part(struct script *script, uint64_t id, size_t from, size_t size, size_t whole)
{
    uint8_t header[WIRE_HEADER_SIZE];
    assert_true(from + size <= whole && whole >= SCRIPT_FRAME_MIN);
    wire_encode_part((uint32_t)size, header);
    script_add(script, header, sizeof(header));
    for (size_t i = from; i < from + size; i++)
        script_add(script, &(uint8_t){ script_byte(id, i, whole) }, 1);
}

static uint32_t script_crc(uint64_t id, size_t size)
{
    uint32_t crc = 0;
    for (size_t i = 0; i < size; i++)
        crc = crc32c(crc, &(uint8_t){ script_byte(id, i, size) }, 1);
    return crc;
}

void script_tail(struct script *script, uint64_t id, size_t size)
{
    script_say(script, &(struct wire_message){ .type = WIRE_FRAME_TAIL,
                                               .frame_tail = { .frame_id = id,
                                                               .length = (uint32_t)size,
                                                               .crc32c = script_crc(id, size),
                                                               .encode_start = 1000 * id + 3,
                                                               .encode_end = 1000 * id + 4,
                                                               .send_start = 1000 * id + 5,
                                                               .send_end = 1000 * id + 6 } });
}

void script_abort(struct script *script, uint64_t id)
{
    script_say(script, &(struct wire_message){
                           .type = WIRE_FRAME_TAIL,
                           .frame_tail = { .frame_id = id, .status = WIRE_FRAME_ABORTED } });
}

void script_frame(struct script *script, uint64_t id, size_t size, unsigned parts)
{
    script_head(script, id);
    for (size_t i = 0; i < parts; i++)
        script_part(script, id, i * size / parts, (i + 1) * size / parts - i * size / parts, size);
    script_tail(script, id, size);
}

struct pitether_frame *frame_make(struct frame_pool *pool, uint64_t id, size_t size)
{
    assert_non_null(pool);
    struct pitether_frame *frame = frame_pool_take(pool);
    assert_non_null(frame);
    assert_int_equal(frame_reserve(frame, size), 0);
    for (size_t i = 0; i < size; i++)
        frame_data(frame)[i] = frame_byte(id, i);
    frame->size = size;
    frame->epoch = SCRIPT_EPOCH;
    frame->id = id;
    frame->width = SCRIPT_WIDTH;
    frame->height = SCRIPT_HEIGHT;
    frame->crc32c = crc32c(0, frame->data, size);
    return frame;
}

void told_add(struct told *told, const char *name, struct value value)
{
    int number = metadata_names_add(&told->names, name, value.type, value.array);
    assert_in_range(number, 0, METADATA_NAMES_MAX - 1);
    assert_true(metadata_add(&told->metadata, (unsigned)number, &value));
}

void frame_tell(struct pitether_frame *frame, const struct told *told)
{
    frame_set_metadata(frame, &told->metadata, &told->names);
}

static void ignore_gone(void *user, struct sink *sink, enum sink_gone how)
{
    (void)user;
    (void)sink;
    (void)how;
}

static void ignore_space(void *user)
{
    (void)user;
}

int open_sink(const struct sink_kind *kind, const struct host_options *options, const char *label,
              struct sink **sink, struct error *error)
{
    struct sink_stream stream = { .label = label,
                                  .place = "",
                                  .owner = { .gone = ignore_gone, .space = ignore_space } };
    struct sink_setup setup = { options, &stream, 1 };
    return sink_kind_open(kind, &setup, sink, error);
}

struct grace grace_of(uint64_t ns)
{
    return (struct grace){ .signal_fd = -1, .signals = 1, .deadline_ns = clock_monotonic() + ns };
}

void limit_files(size_t size)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size ? size : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static struct {
    int saved, file;
    char *text;
} captured = { -1, -1, NULL };

void stderr_capture(void)
{
    stderr_release();
    log_flush();
    captured.saved = dup(STDERR_FILENO);
    captured.file = memfd_create("stderr", MFD_CLOEXEC);
    assert_true(captured.saved >= 0 && captured.file >= 0);
    assert_int_equal(dup2(captured.file, STDERR_FILENO), STDERR_FILENO);
}

const char *stderr_text(void)
{
    log_flush();
    off_t size = lseek(captured.file, 0, SEEK_END);
    assert_true(size >= 0);
    free(captured.text);
    captured.text = calloc(1, (size_t)size + 1);
    assert_non_null(captured.text);
    assert_int_equal(pread(captured.file, captured.text, (size_t)size, 0), size);
    return captured.text;
}

void stderr_release(void)
{
    log_flush();
    if (captured.saved >= 0) {
        dup2(captured.saved, STDERR_FILENO);
        close(captured.saved);
        close(captured.file);
    }
    free(captured.text);
    captured.saved = captured.file = -1;
    captured.text = NULL;
}

unsigned count_text(const char *text, const char *wanted)
{
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, wanted)); at += strlen(wanted))
        count++;
    return count;
}
