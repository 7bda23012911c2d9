/*
 * Bytes in, messages out, however the bytes were split. Pure: no I/O, no allocation.
 *
 *     struct iovec space[2];
 *     int count = message_reader_space(&reader, space);      where the next bytes should go
 *     ssize_t got = readv(fd, space, count);
 *     message_reader_filled(&reader, got);
 *     while ((event = message_reader_next(&reader, &raw)) > 0) ...
 *
 * The bytes of a FRAME_PART are read straight to where its receiver wants them: when
 * message_reader_next() returns MESSAGE_PART, the caller names the place with
 * message_reader_part_into(). Only what came in the same read as the part's header is copied.
 *
 * One thread at a time.
 */
#ifndef PITETHER_SHARED_PROTOCOL_MESSAGE_READER_H
#define PITETHER_SHARED_PROTOCOL_MESSAGE_READER_H

#include <stdbool.h>
#include <sys/uio.h>

#include "shared/protocol/wire.h"

enum message_event {
    MESSAGE_NONE,      /* more bytes are needed */
    MESSAGE_OPENED,    /* the peer's opening is right */
    MESSAGE_CONTROL,   /* raw: a whole message other than FRAME_PART, valid until the next call */
    MESSAGE_PART,      /* raw: a FRAME_PART begins, its blob has raw.header.length - fixed - tlv
                          bytes; unless message_reader_part_into() follows, they are skipped */
    MESSAGE_PART_DONE, /* the last byte of the part's blob is in its place */
};

struct message_reader {
    enum { READING_OPENING, READING_HEADER, READING_BODY, READING_BLOB } state;
    uint32_t max_message; /* bytes; as in our own HELLO */
    bool hello_seen;      /* set by the owner once the peer's HELLO was accepted */
    struct wire_header header;
    uint8_t *blob; /* where the next byte of the blob goes; NULL: skip it */
    uint32_t blob_left;
    uint32_t start, end; /* of the unread bytes in stage */
    uint8_t stage[2 * (WIRE_HEADER_SIZE + WIRE_CONTROL_MAX)];
};

void message_reader_init(struct message_reader *reader, uint32_t max_message);

/* Where the next bytes are wanted: fills space and returns how many entries to use, 1 or 2. They
 * are never empty, provided that message_reader_next() has returned MESSAGE_NONE. */
int message_reader_space(struct message_reader *reader, struct iovec space[2]);

/* So many bytes were put there, in order. */
void message_reader_filled(struct message_reader *reader, size_t size);

/*
 * The next event, or an error after which nothing more can be read from this peer:
 *   -EPROTONOSUPPORT  an opening of another major version
 *   -EPROTO           not an opening at all
 *   -EBADMSG          a malformed header
 *   -EMSGSIZE         longer than allowed
 */
int message_reader_next(struct message_reader *reader, struct wire_raw *raw);

/* Right after MESSAGE_PART: the blob goes to `to`, which has space for all of it and stays where it
 * is until MESSAGE_PART_DONE. */
void message_reader_part_into(struct message_reader *reader, uint8_t *to);

#endif
