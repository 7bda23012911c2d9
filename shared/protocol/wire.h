/*
 * The messages of PROTOCOL.md as structs, and their encoding: pure, no I/O, no allocation.
 * Any thread may call anything here.
 */
#ifndef PITETHER_SHARED_PROTOCOL_WIRE_H
#define PITETHER_SHARED_PROTOCOL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/attributes.h"
#include "shared/controls/metadata.h"

#define WIRE_DEFAULT_PORT 7484
#define WIRE_VERSION 1

enum {
    WIRE_OPENING_SIZE = 8,
    WIRE_SIDE_MIN = 16, /* pixels of a picture's width and height */
    WIRE_SIDE_MAX = 16383,
    WIRE_HEADER_SIZE = 12,
    WIRE_TEXT_MAX = 64,           /* bytes in a TLV text */
    WIRE_BLOB_TEXT_MAX = 256,     /* bytes in the text of ERROR and STATUS */
    WIRE_CONTROL_MAX = 4096,      /* length of any message but FRAME_PART, without its header */
    WIRE_TLVS_MAX = 32,           /* in one message */
    WIRE_BEFORE_HELLO_MAX = 1024, /* the same, until the peer's HELLO is here */
    WIRE_NAME_MAX = 32            /* bytes in a stream's name; see wire_name_is_good() */
};
#define WIRE_MAX_MESSAGE_DEFAULT (16u << 20) /* bytes; the HELLO's max_message */
#define WIRE_MAX_MESSAGE_LIMIT (64u << 20)
/* A header and the longest message that wire_encode() makes. */
#define WIRE_ENCODED_MAX (WIRE_HEADER_SIZE + 768)

extern const uint8_t wire_opening[WIRE_OPENING_SIZE];

enum wire_type {
    WIRE_HELLO = 0x01,
    WIRE_ERROR = 0x02,
    WIRE_END = 0x03,
    WIRE_PING = 0x04,
    WIRE_PONG = 0x05,
    WIRE_STREAMS = 0x10,
    WIRE_SUBSCRIBE = 0x11,
    WIRE_STREAM = 0x12,
    WIRE_STATUS = 0x13,
    WIRE_CONTROLS = 0x14,
    WIRE_SET = 0x15,
    WIRE_CHANGED = 0x16,
    WIRE_FRAME_HEAD = 0x20,
    WIRE_FRAME_PART = 0x21,
    WIRE_FRAME_TAIL = 0x22,
    WIRE_DROPS = 0x23,
    WIRE_ACK = 0x24,
    WIRE_METADATA = 0x25,
    WIRE_FIRST_SKIPPABLE = 0x80, /* unknown types from here on are skipped */
};

enum wire_error_code {
    WIRE_ERROR_VERSION = 1,
    WIRE_ERROR_TLS_REQUIRED = 2,
    WIRE_ERROR_PROTOCOL = 3,
    WIRE_ERROR_TOO_LARGE = 4,
    WIRE_ERROR_TIMEOUT = 5,
    WIRE_ERROR_TOO_MANY_CLIENTS = 6,
    WIRE_ERROR_NO_SUCH_STREAM = 7,
    WIRE_ERROR_NOT_ALLOWED = 8,
    WIRE_ERROR_INTERNAL = 9,
    WIRE_ERROR_NO_STILL = 10, /* the camera could not take it */
};

enum wire_end_reason {
    WIRE_END_DONE = 0,     /* the receiver has all it wants, or answers an END */
    WIRE_END_SHUTDOWN = 1, /* the daemon shuts down */
    WIRE_END_FINISHED = 2, /* the source has ended, or --frames of the daemon is reached */
};

enum wire_mode {
    WIRE_LIVE = 0,
    WIRE_LOSSLESS = 1,
    WIRE_STILL = 2, /* one picture, of the sensor's full size if no other is asked for */
};
enum wire_codec { WIRE_CODEC_JPEG = 1 };
enum wire_stream_state { WIRE_STREAM_STARTING = 0, WIRE_STREAM_RUNNING = 1, WIRE_STREAM_LOST = 2 };
enum wire_frame_status { WIRE_FRAME_WHOLE = 0, WIRE_FRAME_ABORTED = 1 };

/* Why a frame did not reach the receiver. */
enum wire_drop_reason {
    WIRE_DROP_SENSOR_GAP = 1,
    WIRE_DROP_CAPTURE_ERROR = 2,
    WIRE_DROP_NO_BUFFER = 3,
    WIRE_DROP_ENCODER_BUSY = 4,
    WIRE_DROP_ENCODE_ERROR = 5,
    WIRE_DROP_SUPERSEDED = 6,
    WIRE_DROP_RATE_LIMITED = 7,
    WIRE_DROP_QUEUE_FULL = 8,
    WIRE_DROP_TOO_BIG = 9,
    WIRE_DROP_UNSENT = 10,
    WIRE_DROP_MODE_SWITCH = 11,
    WIRE_DROP_REASONS = 12, /* one more than the last; reasons are 1..11 */
};

struct wire_header {
    uint8_t type, flags;
    uint32_t length; /* fixed + tlv + blob, bytes */
    uint16_t fixed, tlv;
};

struct wire_hello {
    uint32_t max_message; /* bytes; the largest `length` that the sender takes */
    uint64_t features;    /* bits; none are defined in version 1 */
    uint64_t epoch;       /* the daemon's run, random; 0 from a receiver */
    char name[WIRE_TEXT_MAX + 1], software[WIRE_TEXT_MAX + 1];
};

struct wire_error {
    uint16_t code;
    char text[WIRE_BLOB_TEXT_MAX + 1];
};

struct wire_end {
    uint16_t reason;
    uint64_t captured, delivered, dropped;
};

struct wire_ping {
    uint64_t t1; /* ns, the sender's clock */
};

struct wire_pong {
    uint64_t t1, t2,
        t3; /* ns: t1 as received; t2 received and t3 sent, the answering side's clock */
};

/* Without the entries: see wire_streams.h. */
struct wire_streams_head {
    uint8_t count;
};

struct wire_subscribe {
    uint8_t mode;
    uint32_t max_fps_mhz; /* frames in 1000 s; 0: all */
    uint32_t every;       /* one frame of so many; 0 and 1: all. Not together with max_fps_mhz */
    uint64_t first_due;   /* sensor time (max_fps) or id (every) from which a frame is wanted; 0 */
    uint32_t queue_bytes; /* lossless: 0 is the daemon's own bound */
    char name[WIRE_NAME_MAX + 1]; /* the stream's; empty: the only one */
    uint32_t present;             /* bits 1 << TLV type: of the four below, those that are there */
    uint16_t still_width, still_height; /* STILL: pixels; absent: the sensor's full size */
    uint8_t still_quality;              /* STILL: of the JPEG, 1..100; absent: the stream's */
    uint32_t still_settle_ms;           /* STILL: how long to wait until exposure, white balance and
                                           focus have settled; absent: not at all */
};
/* Bits of wire_subscribe.present. */
enum {
    WIRE_STILL_WIDTH = 1u << 2,
    WIRE_STILL_HEIGHT = 1u << 3,
    WIRE_STILL_QUALITY = 1u << 4,
    WIRE_STILL_SETTLE = 1u << 5,
};

struct wire_stream {
    uint8_t stream, codec;
    uint16_t width, height;
    uint32_t fps_mhz; /* frames in 1000 s; 0: not known */
    uint64_t first_frame_id;
    char model[WIRE_TEXT_MAX + 1];
    uint32_t present; /* WIRE_STREAM_VIEW: view is there; WIRE_STREAM_TURN: turn is */
    uint16_t view; /* how much of what the sensor sees the pictures show, in 1/10000 of its area */
    uint8_t turn;  /* how the camera's pictures were turned: enum wire_turn, in its order */
};
enum { WIRE_STREAM_VIEW = 1u << 2, WIRE_STREAM_TURN = 1u << 3, WIRE_VIEW_ALL = 10000 };
enum wire_turn { WIRE_TURN_HFLIP = 1, WIRE_TURN_VFLIP = 2, WIRE_TURN_TRANSPOSE = 4 };

struct wire_status {
    uint8_t stream, state;
    char text[WIRE_BLOB_TEXT_MAX + 1];
};

/* Without the controls: see wire_controls.h. */
struct wire_controls_head {
    uint8_t stream;
    uint16_t first, total; /* of the controls in this message, the first one's place among all */
};

/* Without the text: see wire_controls.h. */
struct wire_set_head {
    uint32_t request; /* the receiver's number for it, not 0 */
};

enum wire_changed_status {
    WIRE_CHANGED_DONE = 0,        /* first_frame_id shows it: see each control's result */
    WIRE_CHANGED_REJECTED = 1,    /* nothing was set, since something of it can't be */
    WIRE_CHANGED_NOT_ALLOWED = 2, /* nothing was set: this receiver may only view */
    WIRE_CHANGED_NO_CAMERA = 3,   /* nothing was set: the camera is not running */
    WIRE_CHANGED_BUSY = 4,        /* nothing was set: too many changes are pending */
    WIRE_CHANGED_LOST = 5,        /* it was set, and the camera stopped before a frame showed it; it
                                     is set again at the next start */
};

/* Without the controls: see wire_controls.h. */
struct wire_changed_head {
    uint8_t stream, status;
    uint32_t request;                  /* of the receiver that this is sent to; 0: another one's */
    uint64_t first_frame_id;           /* the first one for which all of it is in force */
    char by[WIRE_TEXT_MAX + 1];        /* who set it: a key's name, or where it connected from */
    char text[WIRE_BLOB_TEXT_MAX + 1]; /* unless DONE: why not */
};

/* Without the names: see wire_controls.h. */
struct wire_metadata_head {
    uint8_t stream, first; /* the number of the first name in this message */
};

/* What the camera reported of a frame. */
struct wire_metadata {
    uint32_t present;       /* WIRE_META_WALL_CLOCK: wall_clock_ns is there */
    uint64_t wall_clock_ns; /* CLOCK_REALTIME of the device at sensor_time */
    struct metadata values; /* by the numbers that METADATA gave to names */
};
enum { WIRE_META_WALL_CLOCK = 1u << 1 };

struct wire_frame_head {
    uint8_t stream;
    uint64_t frame_id;
    uint64_t sensor_time, capture_time; /* ns, device clock */
    uint16_t width, height;
    struct wire_metadata metadata;
};

struct wire_frame_tail {
    uint64_t frame_id;
    uint8_t status;
    uint32_t length, crc32c;                                 /* of the whole JPEG */
    uint64_t encode_start, encode_end, send_start, send_end; /* ns, device clock */
};

struct wire_drops {
    uint8_t stream, reason;
    uint64_t first_frame_id;
    uint32_t count;
};

struct wire_ack {
    uint64_t frame_id;
    uint64_t received; /* ns, the receiver's clock: last byte was read */
};

/* A message in the host's own terms. FRAME_PART has no member: its header is made by
 * wire_encode_part(), and its blob is not looked at here. */
struct wire_message {
    uint8_t type;
    union {
        struct wire_hello hello;
        struct wire_error error;
        struct wire_end end;
        struct wire_ping ping;
        struct wire_pong pong;
        struct wire_streams_head streams;
        struct wire_subscribe subscribe;
        struct wire_stream stream;
        struct wire_status status;
        struct wire_frame_head frame_head;
        struct wire_frame_tail frame_tail;
        struct wire_drops drops;
        struct wire_ack ack;
        struct wire_controls_head controls;
        struct wire_set_head set;
        struct wire_changed_head changed;
        struct wire_metadata_head metadata;
    };
};

/* A whole message as it lies in a buffer: fixed part, TLVs and blob follow one another at body. */
struct wire_raw {
    struct wire_header header;
    const uint8_t *body; /* header.length bytes; for FRAME_PART, fixed + tlv bytes */
};

/* Writes one message to out, which holds WIRE_ENCODED_MAX bytes; returns its size with the header.
 * Texts longer than their limit are cut between characters. Of a message
 * whose blob is a list or a long text, the part before it: wire_streams.h and wire_controls.h make
 * the whole ones. */
size_t wire_encode(const struct wire_message *message, uint8_t *out);

/* Writes a FRAME_PART's header (WIRE_HEADER_SIZE bytes) for a blob of that many bytes. */
void wire_encode_part(uint32_t blob_size, uint8_t *out);

/* 0, or -EBADMSG: magic wrong, or fixed + tlv > length. */
int wire_decode_header(const uint8_t *bytes, struct wire_header *header);

/* 0; -ENOMSG: an unknown type that is to be skipped; -EBADMSG: an unknown type below 0x80, a fixed
 * part that is too short, a TLV that is malformed, too short or doubled, a text that is too long,
 * or a stream's name that is none. The blobs of STREAMS, CONTROLS, SET, CHANGED and METADATA are
 * left to wire_streams.h and wire_controls.h. */
NODISCARD int wire_decode(const struct wire_raw *raw, struct wire_message *message);

/* Of a FRAME_PART, which has no fields. 0; -EBADMSG: a TLV is malformed or doubled. */
int wire_check_part(const struct wire_raw *raw);

/* Whether this may be a stream's name: 1 to WIRE_NAME_MAX bytes of A-Z, a-z, 0-9, '.', '_' and '-',
 * and '/' between parts that are not empty; no part begins with a dot. So it also names a folder
 * below another one, and needs no quoting. */
bool wire_name_is_good(const char *text, size_t size);

/* Whether a picture may have this width and height, in pixels. */
bool wire_size_is_good(unsigned width, unsigned height);

/* The protocol's name of a thing, or "?" for a value that it does not define. Static strings. */
const char *wire_type_name(unsigned type);
const char *wire_drop_name(unsigned reason);
const char *wire_error_name(unsigned code);

#endif
