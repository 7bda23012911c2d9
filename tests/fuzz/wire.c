/*
 * A message that can be decoded can be encoded, and decoding that gives the same message again;
 * no text of a peer's gets through that is no UTF-8, or has characters that must not be shown.
 *
 * The input: type, sizes of the fixed part and the TLVs, the body.
 */
#include "shared/protocol/wire_streams.h"

#include <errno.h>

#include "fuzz_text.h"

static void check_texts(const struct wire_message *message)
{
    if (message->type == WIRE_HELLO) {
        check_text(message->hello.name, WIRE_TEXT_MAX);
        check_text(message->hello.software, WIRE_TEXT_MAX);
    } else if (message->type == WIRE_SUBSCRIBE) {
        size_t size = strlen(message->subscribe.name);
        CHECK(size == 0 || wire_name_is_good(message->subscribe.name, size));
    } else if (message->type == WIRE_STREAM) {
        check_text(message->stream.model, WIRE_TEXT_MAX);
    } else if (message->type == WIRE_STATUS) {
        check_text(message->status.text, WIRE_BLOB_TEXT_MAX);
    } else if (message->type == WIRE_ERROR) {
        check_text(message->error.text, WIRE_BLOB_TEXT_MAX);
    }
}

static void check_round_trip(const struct wire_message *message)
{
    uint8_t bytes[WIRE_ENCODED_MAX], again[WIRE_ENCODED_MAX];
    struct wire_message decoded;
    size_t size = wire_encode(message, bytes);
    CHECK(size >= WIRE_HEADER_SIZE && size <= sizeof(bytes));
    struct wire_raw raw = { .body = bytes + WIRE_HEADER_SIZE };
    CHECK(wire_decode_header(bytes, &raw.header) == 0);
    CHECK(raw.header.length == size - WIRE_HEADER_SIZE);
    CHECK(wire_decode(&raw, &decoded) == 0);
    CHECK(memcmp(&decoded, message, sizeof(decoded)) == 0);
    CHECK(wire_encode(&decoded, again) == size && memcmp(again, bytes, size) == 0);
}

/* The same for the list of streams, in which each name and each number comes once. */
static void check_streams(const struct wire_raw *raw)
{
    uint8_t bytes[WIRE_STREAMS_ENCODED_MAX];
    static struct wire_streams streams, again;
    struct wire_raw own = { .body = bytes + WIRE_HEADER_SIZE };
    char names[160];
    int error = wire_decode_streams(raw, &streams);
    CHECK(error == 0 || error == -EBADMSG);
    if (error)
        return;
    CHECK(streams.count >= 1 && streams.count <= WIRE_STREAMS_MAX);
    for (unsigned i = 0; i < streams.count; i++) {
        const struct wire_stream_entry *entry = &streams.entries[i];
        CHECK(wire_name_is_good(entry->name, strlen(entry->name)));
        check_text(entry->model, WIRE_TEXT_MAX);
        CHECK(wire_find_stream(&streams, entry->name) == entry);
        for (unsigned k = 0; k < i; k++)
            CHECK(streams.entries[k].number != entry->number);
    }
    wire_list_names(&streams, names, sizeof(names));
    CHECK(strlen(names) > 0);
    size_t size = wire_encode_streams(&streams, bytes);
    CHECK(size <= sizeof(bytes));
    CHECK(wire_decode_header(bytes, &own.header) == 0);
    CHECK(own.header.length == size - WIRE_HEADER_SIZE);
    CHECK(wire_decode_streams(&own, &again) == 0);
    CHECK(memcmp(&again, &streams, sizeof(again)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { data, size };
    struct wire_raw raw = { .header.type = (uint8_t)input_number(&input, 1) };
    struct wire_message message;
    size_t fixed = (size_t)input_number(&input, 1), tlv = (size_t)input_number(&input, 2);
    size_t left = input.left < WIRE_CONTROL_MAX ? input.left : WIRE_CONTROL_MAX;
    raw.header.length = (uint32_t)left;
    raw.header.fixed = (uint16_t)(fixed < left ? fixed : left);
    left -= raw.header.fixed;
    raw.header.tlv = (uint16_t)(tlv < left ? tlv : left);
    uint8_t *body = copy_of(input.at, raw.header.length);
    raw.body = body;
    int error = wire_decode(&raw, &message);
    CHECK(error == 0 || error == -EBADMSG || error == -ENOMSG);
    if (raw.header.type == WIRE_STREAMS)
        check_streams(&raw);
    free(body);
    if (error)
        return 0;
    CHECK(message.type == raw.header.type);
    check_texts(&message);
    check_round_trip(&message);
    return 0;
}
