/*
 * What no daemon should send: each ends the session, with a line for the user and an ERROR for the
 * daemon.
 */
#include "session_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/bytes.h"
#include "shared/base/clock.h"

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

static void head_of_another_size(struct script *script)
{
    script_say(script,
               &(struct wire_message){ .type = WIRE_FRAME_HEAD,
                                       .frame_head = { .frame_id = 11, .width = 8, .height = 8 } });
}

static void drops_without_a_reason(struct script *script)
{
    script_drops(script, 11, 1, 0);
}

static void stream_after_abort(struct script *script)
{
    script_head(script, 11);
    script_abort(script, 11);
    script_stream(script, 11);
}

static void abort_with(struct script *script, uint32_t length, uint32_t crc)
{
    script_head(script, 11);
    script_say(script, &(struct wire_message){ .type = WIRE_FRAME_TAIL,
                                               .frame_tail = { .frame_id = 11,
                                                               .status = WIRE_FRAME_ABORTED,
                                                               .length = length,
                                                               .crc32c = crc } });
}

static void abort_with_a_length(struct script *script)
{
    abort_with(script, 1, 0);
}

static void abort_with_a_checksum(struct script *script)
{
    abort_with(script, 0, 1);
}

static void part_with_a_broken_tlv(struct script *script)
{
    static const uint8_t part[] = {
        'P', 'T', WIRE_FRAME_PART, 0, 0, 0, 0, 6, 0, 0, 0, 4, 0, 9, 0, 1, 0xFF, 0xD8
    };
    script_head(script, 11);
    script_add(script, part, sizeof(part));
}

static void long_text(struct script *script)
{
    uint8_t header[WIRE_HEADER_SIZE] = { 'P', 'T', WIRE_STATUS, 0, 0, 0, 1, 3, 0, 2 };
    static const uint8_t body[2 + WIRE_BLOB_TEXT_MAX + 1] = { 0, WIRE_STREAM_RUNNING };
    script_add(script, header, sizeof(header));
    script_add(script, body, sizeof(body));
}

static void id_gap(struct script *script)
{
    script_frame(script, 12, 20, 1);
}

static void doubled_id(struct script *script)
{
    script_frame(script, 10, 20, 1);
}

static void drops_gap(struct script *script)
{
    script_drops(script, 12, 1, WIRE_DROP_NO_BUFFER);
}

static void drops_doubled(struct script *script)
{
    script_drops(script, 10, 2, WIRE_DROP_NO_BUFFER);
}

static void drops_none(struct script *script)
{
    script_drops(script, 11, 0, WIRE_DROP_NO_BUFFER);
}

static void part_outside(struct script *script)
{
    script_part(script, 11, 0, 5, 20);
}

static void part_after_abort(struct script *script)
{
    script_head(script, 11);
    script_abort(script, 11);
    script_part(script, 11, 0, 5, 20);
}

static void empty_part(struct script *script)
{
    script_head(script, 11);
    script_part(script, 11, 0, 0, 20);
}

static void tail_of_another(struct script *script)
{
    script_head(script, 11);
    script_part(script, 11, 0, 5, 20);
    script_tail(script, 12, 5);
}

static void tail_outside(struct script *script)
{
    script_tail(script, 11, 5);
}

static void tail_of_unknown_status(struct script *script)
{
    script_head(script, 11);
    script_say(script, &(struct wire_message){ .type = WIRE_FRAME_TAIL,
                                               .frame_tail = { .frame_id = 11, .status = 2 } });
}

static void head_within(struct script *script)
{
    script_head(script, 11);
    script_part(script, 11, 0, 5, 20);
    script_head(script, 12);
}

static void head_after_abort(struct script *script)
{
    script_head(script, 11);
    script_abort(script, 11);
    script_head(script, 11);
}

static void drops_within(struct script *script)
{
    script_head(script, 11);
    script_drops(script, 11, 1, WIRE_DROP_ENCODE_ERROR);
}

static void drops_skip_the_aborted(struct script *script)
{
    script_head(script, 11);
    script_abort(script, 11);
    script_drops(script, 12, 1, WIRE_DROP_ENCODE_ERROR);
}

static void stream_within(struct script *script)
{
    script_head(script, 11);
    script_stream(script, 12);
}

static void frame_too_long(struct script *script)
{
    script_head(script, 11);
    script_part(script, 11, 0, MAX_MESSAGE - 10, MAX_MESSAGE + 1);
    script_part(script, 11, MAX_MESSAGE - 10, 11, MAX_MESSAGE + 1);
}

static void part_too_long(struct script *script)
{
    uint8_t header[WIRE_HEADER_SIZE];
    script_head(script, 11);
    wire_encode_part(MAX_MESSAGE + 1, header);
    script_add(script, header, sizeof(header));
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

static void end_within(struct script *script)
{
    script_head(script, 11);
    script_end(script, WIRE_END_SHUTDOWN, 1, 0);
}

static void end_after_abort(struct script *script)
{
    script_head(script, 11);
    script_abort(script, 11);
    script_end(script, WIRE_END_SHUTDOWN, 1, 0);
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

enum { NONE = 0, PROTO = WIRE_ERROR_PROTOCOL, LARGE = WIRE_ERROR_TOO_LARGE };

static const struct offence {
    void (*build)(struct script *script);
    const char *error; /* for the user */
    unsigned answer;   /* the code of the ERROR that the daemon gets; NONE: no ERROR */
    bool fatal, bare;  /* bare: instead of the good beginning */
} offences[] = {
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
    { head_of_another_size, "a frame of 8x8 in a stream of 640x480", PROTO, false, false },
    { drops_without_a_reason, "DROPS without a reason", PROTO, false, false },
    { stream_after_abort, "STREAM instead of DROPS of an aborted frame", PROTO, false, false },
    { abort_with_a_length, "an aborted frame with", PROTO, false, false },
    { abort_with_a_checksum, "an aborted frame with", PROTO, false, false },
    { part_with_a_broken_tlv, "malformed", PROTO, false, false },
    { long_text, "malformed", PROTO, false, false },
    { id_gap, "frame 12 instead of 11", PROTO, false, false },
    { doubled_id, "frame 10 instead of 11", PROTO, false, false },
    { drops_gap, "frame 12 instead of 11", PROTO, false, false },
    { drops_doubled, "frame 10 instead of 11", PROTO, false, false },
    { drops_none, "empty or endless", PROTO, false, false },
    { part_outside, "a FRAME_PART outside a frame", PROTO, false, false },
    { part_after_abort, "a FRAME_PART outside a frame", PROTO, false, false },
    { empty_part, "", PROTO, false, false },
    { tail_of_another, "belongs to no frame", PROTO, false, false },
    { tail_outside, "belongs to no frame", PROTO, false, false },
    { tail_of_unknown_status, "belongs to no frame", PROTO, false, false },
    { head_within, "FRAME_HEAD within a frame", PROTO, false, false },
    { head_after_abort, "FRAME_HEAD instead of DROPS of an aborted frame", PROTO, false, false },
    { drops_within, "DROPS within a frame", PROTO, false, false },
    { drops_skip_the_aborted, "frame 12 instead of 11", PROTO, false, false },
    { stream_within, "STREAM within a frame", PROTO, false, false },
    { frame_too_long, "a frame longer than max_message", PROTO, false, false },
    { part_too_long, "longer than allowed", LARGE, false, false },
    { control_too_long, "longer than allowed", LARGE, false, false },
    { unknown_codec, "codec 2", PROTO, true, false },
    { wrong_end, "its totals (2 captured", PROTO, false, false },
    { end_within, "END within a frame", PROTO, false, false },
    { end_after_abort, "END instead of DROPS of an aborted frame", PROTO, false, false },
    { end_that_does_not_add_up, "its totals (1 captured, 0 delivered", PROTO, false, false },
    { receivers_subscribe, "only a receiver sends", PROTO, false, false },
    { receivers_ack, "only a receiver sends", PROTO, false, false },
    { garbage, "malformed", PROTO, false, false },
    { unknown_low_type, "malformed", PROTO, false, false },
    { error_fatal, "the daemon reports: not you (NOT_ALLOWED)", NONE, true, false },
    { error_of_the_moment, "the daemon reports: too slow (TOO_MANY_CLIENTS)", NONE, false, false },
    { error_within, "the daemon reports: out of memory (INTERNAL)", NONE, false, false },
};

static void script_offence(struct script *script, const struct offence *offence)
{
    script->size = 0;
    if (!offence->bare) {
        script_greet(script, SCRIPT_EPOCH);
        script_stream(script, FIRST_ID);
        script_frame(script, FIRST_ID, 20, 1);
    }
    offence->build(script);
}

static struct fixture *offend(const struct script *script, size_t max)
{
    struct fixture *fixture = fixture_make(WIRE_LOSSLESS);
    struct iovec space[2];
    feed(fixture, script->bytes, script->size, max);
    assert_int_equal(fixture->session.state, SESSION_FAILED);
    assert_int_equal(session_space(&fixture->session, space), 0);
    /* Nothing wakes it again. */
    size_t before = fixture->reported.used;
    session_advance(&fixture->session, fixture->now);
    session_end(&fixture->session);
    session_tick(&fixture->session, true, fixture->now + 60 * CLOCK_SECOND);
    assert_int_equal(fixture->session.out_used, 0);
    assert_int_equal(fixture->reported.used, before);
    assert_int_equal(fixture->session.state, SESSION_FAILED);
    return fixture;
}

static void offences_end_it(void **state)
{
    (void)state;
    struct script script = { 0 };
    for (size_t i = 0; i < sizeof(offences) / sizeof(offences[0]); i++) {
        script_offence(&script, &offences[i]);
        static const size_t pieces[] = { SIZE_MAX, 1 };
        for (int j = 0; j < 2; j++) {
            struct fixture *fixture = offend(&script, pieces[j]);
            if (!strstr(fixture->session.error.text, offences[i].error) ||
                !*fixture->session.error.text)
                fail_msg("offence %zu: '%s' does not say '%s'", i, fixture->session.error.text,
                         offences[i].error);
            if (fixture->session.fatal != offences[i].fatal)
                fail_msg("offence %zu (%s): fatal is wrong", i, fixture->session.error.text);
            assert_null(strchr(fixture->session.error.text, '\n'));
            if (!offences[i].bare)
                assert_string_equal(fixture->reported.text, "stream from 10 of model\n"
                                                            "frame 10 640x480 20 bytes\n");
            fixture_free(fixture);
        }
    }
    script_free(&script);
}

/* PROTOCOL.md, 1 to 3: ERROR is the last message of a side that found the other at fault. */
static void offenders_get_an_error(void **state)
{
    (void)state;
    static struct lines lines;
    struct script script = { 0 };
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof(offences) / sizeof(offences[0]); i++) {
        char last[64] = "";
        script_offence(&script, &offences[i]);
        struct fixture *fixture = offend(&script, SIZE_MAX);
        sent_lines(fixture, &lines);
        if (offences[i].answer)
            snprintf(last, sizeof(last), "\nERROR %s\n", wire_error_name(offences[i].answer));
        const char *error = strstr(lines.text, "\nERROR ");
        if (offences[i].answer ? !error || strcmp(error, last) != 0 : error != NULL) {
            print_message("offence %zu (%s): expected%s", i, fixture->session.error.text,
                          *last ? last : " no ERROR\n");
            wrong++;
        }
        fixture_free(fixture);
    }
    script_free(&script);
    assert_int_equal(wrong, 0);
}

/* Which errors will not go away by connecting again. */
static void fatal_errors(void **state)
{
    (void)state;
    for (unsigned code = 0; code <= 12; code++) {
        struct script script = { 0 };
        struct fixture *fixture = fixture_make(WIRE_LIVE);
        script_greet(&script, SCRIPT_EPOCH);
        script_error(&script, code, "");
        feed_all(fixture, &script);
        bool fatal = code == WIRE_ERROR_VERSION || code == WIRE_ERROR_TLS_REQUIRED ||
                     code == WIRE_ERROR_NO_SUCH_STREAM || code == WIRE_ERROR_NOT_ALLOWED ||
                     code == WIRE_ERROR_NO_STILL;
        assert_int_equal(fixture->session.state, SESSION_FAILED);
        assert_int_equal(fixture->session.fatal, fatal);
        fixture_free(fixture);
        script_free(&script);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(offences_end_it),
        cmocka_unit_test(offenders_get_an_error),
        cmocka_unit_test(fatal_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
