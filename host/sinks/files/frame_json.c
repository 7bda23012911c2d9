#include "host/sinks/files/frame_json.h"

#include <inttypes.h>
#include <stdio.h>

#include "host/base/json_value.h"
#include "host/sinks/files/file_name.h"

const struct index_kind frame_json = { .name = "frames.jsonl", .head = "{\"file\":\"" };

enum { END_SIZE = 3 }; /* of what follows the values: "}}" and a line feed */

static void put_text(struct json *json, const char *name, const char *text)
{
    json_name(json, name);
    json_text(json, text);
}

static void put_count(struct json *json, const char *name, uint64_t count)
{
    json_name(json, name);
    json_count(json, count);
}

/* A time that is not known is null. */
static void put_time(struct json *json, const char *name, uint64_t time)
{
    json_name(json, name);
    if (time)
        json_count(json, time);
    else
        json_null(json);
}

static void put_identity(struct json *json, const struct pitether_frame *frame, const char *name,
                         uint64_t wall_ns)
{
    char epoch[24], wall[40];
    snprintf(epoch, sizeof(epoch), "%016" PRIx64, frame->epoch);
    file_name_time(wall_ns, 0, wall);
    put_text(json, "file", name);
    put_text(json, "epoch", epoch);
    put_count(json, "id", frame->id);
    put_text(json, "wall_time", wall);
}

static void put_offset(struct json *json, const struct pitether_frame *frame)
{
    static const char *const names[] = { "clock_offset_ns", "clock_error_ns", "latency_ms" };
    const struct pitether_times *times = &frame->times;
    if (times->offset_known) {
        uint64_t taken = pitether_frame_host_time(frame, times->sensor);
        json_name(json, names[0]);
        json_integer(json, times->offset);
        put_count(json, names[1], times->error);
        json_name(json, names[2]);
        json_number(json, (double)(int64_t)(times->last_byte - taken) / 1e6);
        return;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        put_time(json, names[i], 0);
}

static void put_times(struct json *json, const struct pitether_frame *frame)
{
    const struct pitether_times *times = &frame->times;
    put_time(json, "sensor_ns", times->sensor);
    put_time(json, "mid_exposure_ns", times->mid_exposure);
    put_time(json, "captured_ns", times->captured);
    put_time(json, "encode_start_ns", times->encode_start);
    put_time(json, "encode_end_ns", times->encode_end);
    put_time(json, "send_start_ns", times->send_start);
    put_time(json, "send_end_ns", times->send_end);
    put_time(json, "received_host_ns", times->last_byte);
    put_offset(json, frame);
}

static void put_picture(struct json *json, const struct pitether_frame *frame)
{
    char crc[12];
    snprintf(crc, sizeof(crc), "%08" PRIx32, frame->crc32c);
    put_count(json, "width", frame->width);
    put_count(json, "height", frame->height);
    put_count(json, "bytes", frame->size);
    put_text(json, "crc32c", crc);
}

/* Names and texts come from the network: how long they are as JSON is not known before. */
static void put_values(struct json *json, const struct pitether_frame *frame)
{
    struct pitether_value value;
    const char *name;
    for (size_t at = 0; (name = pitether_frame_next_value(frame, &at, &value));) {
        struct json before = *json;
        json_name(json, name);
        json_value(json, &value);
        if (json->full)
            *json = before;
    }
}

size_t frame_json_line(const struct pitether_frame *frame, const char *name, uint64_t wall_ns,
                       char *line)
{
    struct json json;
    json_begin(&json, line, FRAME_JSON_LINE_SIZE - END_SIZE, NULL);
    json_open(&json, '{');
    put_identity(&json, frame, name, wall_ns);
    put_times(&json, frame);
    put_picture(&json, frame);
    json_name(&json, "metadata");
    json_open(&json, '{');
    put_values(&json, frame);
    json.size = FRAME_JSON_LINE_SIZE;
    json_close(&json, '}');
    json_close(&json, '}');
    json_break(&json);
    return json.used;
}
