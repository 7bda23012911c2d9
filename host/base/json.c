#include "host/base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/text.h"

void json_begin(struct json *json, char *text, size_t size, FILE *out)
{
    *json = (struct json){ .text = text, .size = size, .out = out };
}

void json_flush(struct json *json)
{
    if (json->out)
        fwrite(json->text, 1, json->used, json->out);
    json->used = 0;
}

/* Pieces are short; one that is longer than the text does not fit at all. */
static void put(struct json *json, const char *piece, size_t size)
{
    if (json->out && size > json->size - json->used)
        json_flush(json);
    json->full = json->full || size > json->size - json->used;
    if (json->full)
        return;
    memcpy(json->text + json->used, piece, size);
    json->used += size;
}

static void put_text(struct json *json, const char *piece)
{
    put(json, piece, strlen(piece));
}

static void begin_line(struct json *json)
{
    if (json->breaks)
        put(json, "\n", 1);
    json->breaks = false;
}

/* Before each element. */
static void separate(struct json *json)
{
    if (json->comma && json->depth > 0)
        put(json, ",", 1);
    json->comma = true;
    begin_line(json);
}

void json_open(struct json *json, char bracket)
{
    separate(json);
    put(json, &bracket, 1);
    json->comma = false;
    json->depth++;
}

void json_close(struct json *json, char bracket)
{
    begin_line(json);
    put(json, &bracket, 1);
    json->comma = true;
    json->depth--;
}

void json_break(struct json *json)
{
    json->breaks = true;
    if (json->depth == 0)
        begin_line(json);
}

static void put_escape(struct json *json, unsigned unit)
{
    char escape[8];
    snprintf(escape, sizeof(escape), "\\u%04x", unit & 0xFFFF);
    put_text(json, escape);
}

/* As UTF-16, with which RFC 8259, 7 escapes characters. */
static void put_unseen(struct json *json, const uint8_t *at, size_t size)
{
    uint32_t code = size == 1 ? at[0] : at[0] & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++)
        code = code << 6 | (at[i] & 0x3F);
    if (code > 0xFFFF) {
        put_escape(json, 0xD800 + ((code - 0x10000) >> 10));
        code = 0xDC00 + ((code - 0x10000) & 0x3FF);
    }
    put_escape(json, code);
}

static void put_string(struct json *json, const char *text, size_t size)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + size;
    put(json, "\"", 1);
    while (at < end) {
        bool shown;
        size_t step = text_character(at, (size_t)(end - at), &shown);
        if (step == 0)
            put_escape(json, 0xFFFD);
        else if (!shown)
            put_unseen(json, at, step);
        else if (*at == '"' || *at == '\\')
            put(json, (const char[]){ '\\', (char)*at }, 2);
        else
            put(json, (const char *)at, step);
        at += step ? step : 1;
    }
    put(json, "\"", 1);
}

void json_name(struct json *json, const char *name)
{
    separate(json);
    put_string(json, name, strlen(name));
    put(json, ":", 1);
    json->comma = false;
}

void json_bytes(struct json *json, const char *text, size_t size)
{
    separate(json);
    put_string(json, text, size);
}

void json_text(struct json *json, const char *text)
{
    json_bytes(json, text, strlen(text));
}

static void put_element(struct json *json, const char *piece)
{
    separate(json);
    put_text(json, piece);
}

void json_bool(struct json *json, bool value)
{
    put_element(json, value ? "true" : "false");
}

void json_null(struct json *json)
{
    put_element(json, "null");
}

void json_integer(struct json *json, int64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRId64, value);
    put_element(json, text);
}

void json_count(struct json *json, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRIu64, value);
    put_element(json, text);
}

/* 9 digits always tell one binary32 from another, and 17 one binary64 (IEEE 754, 5.12.2). 400 is
 * not 4e+02. */
void json_float(struct json *json, float value)
{
    char text[32] = "null";
    for (int digits = 1; isfinite(value) && digits <= 9; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value && (fabsf(value) >= 1e9f || !strstr(text, "e+")))
            break;
    }
    put_element(json, text);
}

void json_number(struct json *json, double value)
{
    char text[32] = "null";
    for (int digits = 1; isfinite(value) && digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value && (fabs(value) >= 1e9 || !strstr(text, "e+")))
            break;
    }
    put_element(json, text);
}
