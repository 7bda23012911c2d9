#include "host/sinks/files/frame_csv.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "host/sinks/files/file_name.h"

enum { NUMBER_SIZE = 32, LINE_SPACE = FRAME_CSV_LINE_SIZE - 2 }; /* without the line feed */

const struct index_kind frame_csv = {
    .name = "frames.csv",
    .has_head = true,
    .head =
        "file,epoch,id,wall_time,sensor_ns,captured_ns,encode_start_ns,encode_end_ns,send_start_ns,"
        "send_end_ns,received_host_ns,clock_offset_ns,clock_error_ns,latency_ms,width,height,bytes,"
        "crc32c,exposure_us,gain,digital_gain,colour_temperature_k,lux,lens_position,"
        "mid_exposure_ns\n",
};

/* Of what is no number, and of one that was not reported, an empty field. */
static void add_value(char *line, const struct pitether_frame *frame, const char *name)
{
    struct pitether_value value = { 0 };
    char number[NUMBER_SIZE] = "";
    size_t used = strlen(line);
    if (!isnan(pitether_frame_number(frame, name)) && pitether_frame_value(frame, name, &value)) {
        value.array = false;
        value.count = 1;
        pitether_value_format(&value, NULL, number, sizeof(number));
    }
    snprintf(line + used, LINE_SPACE - used, ",%s", number);
}

static void add_metadata(char *line, const struct pitether_frame *frame)
{
    static const char *const names[] = { "ExposureTime",      "AnalogueGain", "DigitalGain",
                                         "ColourTemperature", "Lux",          "LensPosition" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        add_value(line, frame, names[i]);
}

static void add_mid_exposure(char *line, uint64_t time)
{
    size_t used = strlen(line);
    if (time)
        snprintf(line + used, FRAME_CSV_LINE_SIZE - used, ",%" PRIu64 "\n", time);
    else
        snprintf(line + used, FRAME_CSV_LINE_SIZE - used, ",\n");
}

/* A template may have commas or quotes in it (RFC 4180, 2). */
static void quote(const char *name, char *text)
{
    bool plain = !strpbrk(name, ",\"");
    *text = '"';
    char *at = text + !plain;
    for (; *name; name++) {
        if (*name == '"')
            *at++ = '"';
        *at++ = *name;
    }
    if (!plain)
        *at++ = '"';
    *at = '\0';
}

size_t frame_csv_line(const struct pitether_frame *frame, const char *name, uint64_t wall_ns,
                      char *line)
{
    const struct pitether_times *times = &frame->times;
    char wall[40], quoted[2 * FILE_NAME_MAX + 3];
    file_name_time(wall_ns, 0, wall);
    quote(name, quoted);
    snprintf(line, LINE_SPACE,
             "%s,%016" PRIx64 ",%" PRIu64 ",%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
             ",%" PRIu64 ",%" PRIu64 ",%" PRIu64,
             quoted, frame->epoch, frame->id, wall, times->sensor, times->captured,
             times->encode_start, times->encode_end, times->send_start, times->send_end,
             times->last_byte);
    size_t used = strlen(line);
    if (times->offset_known)
        snprintf(
            line + used, LINE_SPACE - used, ",%" PRId64 ",%" PRIu64 ",%.6f", times->offset,
            times->error,
            (double)(int64_t)(times->last_byte - pitether_frame_host_time(frame, times->sensor)) /
                1e6);
    else
        snprintf(line + used, LINE_SPACE - used, ",,,");
    used = strlen(line);
    snprintf(line + used, LINE_SPACE - used, ",%u,%u,%zu,%08" PRIx32, frame->width, frame->height,
             frame->size, frame->crc32c);
    add_metadata(line, frame);
    add_mid_exposure(line, times->mid_exposure);
    return strlen(line);
}

bool frame_csv_name_of(const char *line, size_t size, char *name)
{
    const char *at = line, *end = line + size;
    bool quoted = size > 0 && *line == '"';
    size_t used = 0;
    for (at += quoted; at < end && used <= FILE_NAME_MAX; at++) {
        if (!quoted && *at == ',')
            break;
        /* A quote ends the name, unless it is one of two that stand for one. */
        if (quoted && *at == '"' && (++at == end || *at != '"'))
            break;
        name[used++] = *at;
    }
    if (used == 0 || used > FILE_NAME_MAX || at == end || *at != ',')
        return false;
    name[used] = '\0';
    return true;
}
