/*
 * Writes JSON (RFC 8259) into memory: commas, quotes and escapes are its own. What is opened, the
 * caller closes, and in an object a name goes before each value. One thread; allocates nothing.
 *
 *     json_begin(&json, text, sizeof(text), NULL);
 *     json_open(&json, '{');
 *     json_name(&json, "gain");
 *     json_float(&json, 1.25f);
 *     json_close(&json, '}');
 */
#ifndef PITETHER_HOST_BASE_JSON_H
#define PITETHER_HOST_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* `used` bytes of `text` are written, without a zero. The other fields are json.c's own. */
struct json {
    char *text;
    size_t size, used;
    bool full;          /* not all of it fits: what is there is no JSON */
    bool comma, breaks; /* before the next element */
    unsigned depth;
    FILE *out;
};

/* text: `size` bytes, the caller's. out: where it goes each time the text is full, and at
 * json_flush(); NULL: nowhere, and what does not fit sets `full`. */
void json_begin(struct json *json, char *text, size_t size, FILE *out);

/* Writes what is left to `out`, whose errors are the caller's to look for (ferror()). */
void json_flush(struct json *json);

void json_open(struct json *json, char bracket);  /* '{' or '[' */
void json_close(struct json *json, char bracket); /* '}' or ']' */

/* A line feed: before the next element, or the bracket that closes; behind a whole document at
 * once. */
void json_break(struct json *json);

/* The name of the value that follows. */
void json_name(struct json *json, const char *name);

/* UTF-8; what is not becomes U+FFFD, and characters that are not to be seen are escaped. */
void json_text(struct json *json, const char *text);
/* The same of `size` bytes. */
void json_bytes(struct json *json, const char *text, size_t size);

void json_bool(struct json *json, bool value);
void json_integer(struct json *json, int64_t value);
void json_count(struct json *json, uint64_t value);
void json_null(struct json *json);

/* With as few digits as read back as the same number; null if it is not finite. */
void json_float(struct json *json, float value);
void json_number(struct json *json, double value);

#endif
