/*
 * What no daemon should send of a stream, and messages that have no place.
 */
#include "session_offences.h"

/* The following come after FIRST_ID has been delivered whole. */
static void second_hello(struct script *script)
{
    script_say(script, &(struct wire_message){
                           .type = WIRE_HELLO,
                           .hello = { .max_message = WIRE_CONTROL_MAX, .epoch = SCRIPT_EPOCH } });
}

static void second_streams(struct script *script)
{
    script_streams(script, &script_one_stream);
}

static void stream_with(struct script *script, uint64_t first_id, uint16_t width, uint16_t height)
{
    script_say(script, &(struct wire_message){ .type = WIRE_STREAM,
                                               .stream = { .codec = WIRE_CODEC_JPEG,
                                                           .width = width,
                                                           .height = height,
                                                           .first_frame_id = first_id } });
}

static void stream_goes_back(struct script *script)
{
    script_stream(script, 10);
}

static void stream_runs_ahead(struct script *script)
{
    script_stream(script, 12);
}

static void stream_too_narrow(struct script *script)
{
    stream_with(script, 11, 15, 480);
}

static void stream_too_flat(struct script *script)
{
    stream_with(script, 11, 640, 8);
}

static void stream_too_wide(struct script *script)
{
    stream_with(script, 11, 16384, 480);
}

static void other_streams_stream(struct script *script)
{
    script_say(script, &(struct wire_message){ .type = WIRE_STREAM,
                                               .stream = { .stream = 1,
                                                           .codec = WIRE_CODEC_JPEG,
                                                           .width = 640,
                                                           .height = 480,
                                                           .first_frame_id = 11 } });
}

static void other_streams_status(struct script *script)
{
    script_say(script, &(struct wire_message){ .type = WIRE_STATUS,
                                               .status = { .stream = 1, .state = 1 } });
}

static void other_streams_head(struct script *script)
{
    script_say(script,
               &(struct wire_message){
                   .type = WIRE_FRAME_HEAD,
                   .frame_head = { .stream = 1, .frame_id = 11, .width = 640, .height = 480 } });
}

static void other_streams_drops(struct script *script)
{
    script_say(script, &(struct wire_message){ .type = WIRE_DROPS,
                                               .drops = { .stream = 255,
                                                          .reason = WIRE_DROP_TOO_BIG,
                                                          .first_frame_id = 11,
                                                          .count = 1 } });
}

static void long_text(struct script *script)
{
    uint8_t header[WIRE_HEADER_SIZE] = { 'P', 'T', WIRE_STATUS, 0, 0, 0, 1, 3, 0, 2 };
    static const uint8_t body[2 + WIRE_BLOB_TEXT_MAX + 1] = { 0, WIRE_STREAM_RUNNING };
    script_add(script, header, sizeof(header));
    script_add(script, body, sizeof(body));
}

static void control_too_long(struct script *script)
{
    static const uint8_t fixed[WIRE_CONTROL_MAX + 1];
    script_raw(script, WIRE_STATUS, fixed, sizeof(fixed));
}

static void unknown_codec(struct script *script)
{
    script_say(script, &(struct wire_message){ .type = WIRE_STREAM, .stream.codec = 2 });
}

static void wrong_end(struct script *script)
{
    script_end(script, WIRE_END_FINISHED, 2, 0);
}

static void end_that_does_not_add_up(struct script *script)
{
    script_say(script, &(struct wire_message){ .type = WIRE_END,
                                               .end = { .captured = 1, .delivered = 0 } });
}

static void receivers_subscribe(struct script *script)
{
    script_say(script, &(struct wire_message){ .type = WIRE_SUBSCRIBE });
}

static void receivers_ack(struct script *script)
{
    script_say(script, &(struct wire_message){ .type = WIRE_ACK, .ack.frame_id = 10 });
}

static void garbage(struct script *script)
{
    static const uint8_t noise[] = "xx garbage that is longer than a header xx";
    script_add(script, noise, sizeof(noise));
}

static void unknown_low_type(struct script *script)
{
    script_raw(script, 0x7F, "", 0);
}

static void error_fatal(struct script *script)
{
    script_error(script, WIRE_ERROR_NOT_ALLOWED, "not you");
}

static void error_of_the_moment(struct script *script)
{
    script_error(script, WIRE_ERROR_TOO_MANY_CLIENTS, "too slow");
}

static void error_within(struct script *script)
{
    script_head(script, 11);
    script_error(script, WIRE_ERROR_INTERNAL, "out of memory");
}

static const struct offence stream[] = {
    { second_hello, "a second HELLO", PROTO, false, false },
    { second_streams, "a second STREAMS", PROTO, false, false },
    { stream_goes_back, "frame 10 instead of 11", PROTO, false, false },
    { stream_runs_ahead, "frame 12 instead of 11", PROTO, false, false },
    { stream_too_narrow, "a stream of 15x480", PROTO, false, false },
    { stream_too_flat, "a stream of 640x8", PROTO, false, false },
    { stream_too_wide, "a stream of 16384x480", PROTO, false, false },
    { other_streams_stream, "STREAM of another stream", PROTO, false, false },
    { other_streams_status, "STATUS of another stream", PROTO, false, false },
    { other_streams_head, "FRAME_HEAD of another stream", PROTO, false, false },
    { other_streams_drops, "DROPS of another stream", PROTO, false, false },
    { long_text, "malformed", PROTO, false, false },
    { control_too_long, "longer than allowed", LARGE, false, false },
    { unknown_codec, "codec 2", PROTO, true, false },
    { wrong_end, "its totals (2 captured", PROTO, false, false },
    { end_that_does_not_add_up, "its totals (1 captured, 0 delivered", PROTO, false, false },
    { receivers_subscribe, "only a receiver sends", PROTO, false, false },
    { receivers_ack, "only a receiver sends", PROTO, false, false },
    { garbage, "malformed", PROTO, false, false },
    { unknown_low_type, "malformed", PROTO, false, false },
    { error_fatal, "the daemon reports: not you (NOT_ALLOWED)", NONE, true, false },
    { error_of_the_moment, "the daemon reports: too slow (TOO_MANY_CLIENTS)", NONE, false, false },
    { error_within, "the daemon reports: out of memory (INTERNAL)", NONE, false, false },
};

const struct offences stream_offences = { stream, sizeof(stream) / sizeof(stream[0]) };
