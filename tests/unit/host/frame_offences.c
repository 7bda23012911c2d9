/*
 * What no daemon should send of frames: their order, their ids and their parts.
 */
#include "session_offences.h"

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

static const struct offence frame[] = {
    { head_of_another_size, "a frame of 8x8 in a stream of 640x480", PROTO, false, false },
    { drops_without_a_reason, "DROPS without a reason", PROTO, false, false },
    { stream_after_abort, "STREAM instead of DROPS of an aborted frame", PROTO, false, false },
    { abort_with_a_length, "an aborted frame with", PROTO, false, false },
    { abort_with_a_checksum, "an aborted frame with", PROTO, false, false },
    { part_with_a_broken_tlv, "malformed", PROTO, false, false },
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
    { end_within, "END within a frame", PROTO, false, false },
    { end_after_abort, "END instead of DROPS of an aborted frame", PROTO, false, false },
};

const struct offences frame_offences = { frame, sizeof(frame) / sizeof(frame[0]) };
