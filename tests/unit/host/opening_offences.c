/*
 * What no daemon should send before a stream is subscribed to.
 */
#include "session_offences.h"

static void epoch_zero(struct script *script)
{
    hello_with(script, 0, WIRE_CONTROL_MAX);
}

static void small_max_message(struct script *script)
{
    hello_with(script, 1, WIRE_CONTROL_MAX - 1);
}

static void large_max_message(struct script *script)
{
    hello_with(script, 1, WIRE_MAX_MESSAGE_LIMIT + 1);
}

static void no_streams(struct script *script)
{
    hello_with(script, 1, WIRE_CONTROL_MAX);
    script_stream(script, 0);
}

static void ping_before_streams(struct script *script)
{
    hello_with(script, 1, WIRE_CONTROL_MAX);
    script_ping(script, 1);
}

static void no_stream_at_all(struct script *script)
{
    hello_with(script, 1, WIRE_MAX_MESSAGE_LIMIT);
    script_say(script, &(struct wire_message){ .type = WIRE_STREAMS });
}

static void skippable_before_hello(struct script *script)
{
    opening_only(script);
    script_raw(script, WIRE_FIRST_SKIPPABLE, "", 0);
}

static void no_hello(struct script *script)
{
    opening_only(script);
    script_stream(script, 0);
}

static void ping_before_hello(struct script *script)
{
    opening_only(script);
    script_ping(script, 1);
}

static void long_before_hello(struct script *script)
{
    static const uint8_t fixed[WIRE_BEFORE_HELLO_MAX + 1];
    opening_only(script);
    script_raw(script, WIRE_HELLO, fixed, sizeof(fixed));
}

static void short_hello(struct script *script)
{
    static const uint8_t fixed[19];
    opening_only(script);
    script_raw(script, WIRE_HELLO, fixed, sizeof(fixed));
}

static void error_first(struct script *script)
{
    opening_only(script);
    script_error(script, WIRE_ERROR_TOO_MANY_CLIENTS, "8 clients are here");
}

static void error_version(struct script *script)
{
    opening_only(script);
    script_error(script, WIRE_ERROR_VERSION, "speak version 1");
}

static void http_answer(struct script *script)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    script_add(script, answer, sizeof(answer) - 1);
}

static void one_wrong_byte(struct script *script)
{
    script_add(script, "S", 1); /* as SSH- begins; nothing else may ever come */
}

static void other_version(struct script *script)
{
    opening_only(script);
    script->bytes[WIRE_OPENING_SIZE - 1] = 2;
}

static const struct offence opening[] = {
    { epoch_zero, "an unusable HELLO", PROTO, false, true },
    { small_max_message, "an unusable HELLO", PROTO, false, true },
    { large_max_message, "an unusable HELLO", PROTO, false, true },
    { no_streams, "STREAM instead of STREAMS", PROTO, false, true },
    { ping_before_streams, "PING instead of STREAMS", PROTO, false, true },
    { no_stream_at_all, "a malformed list of streams", PROTO, false, true },
    { skippable_before_hello, "malformed", PROTO, false, true },
    { no_hello, "HELLO must come first", PROTO, false, true },
    { ping_before_hello, "HELLO must come first", PROTO, false, true },
    { long_before_hello, "longer than allowed", LARGE, false, true },
    { short_hello, "malformed", PROTO, false, true },
    { error_first, "the daemon reports: 8 clients are here (TOO_MANY_CLIENTS)", NONE, false, true },
    { error_version, "the daemon reports: speak version 1 (VERSION)", NONE, true, true },
    { http_answer, "not a pitetherd", PROTO, true, true },
    { one_wrong_byte, "not a pitetherd", PROTO, true, true },
    { other_version, "another version of the protocol", WIRE_ERROR_VERSION, true, true },
};

const struct offences opening_offences = { opening, sizeof(opening) / sizeof(opening[0]) };
