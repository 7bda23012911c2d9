/*
 * libpitether: receives the frames of a camera that pitetherd streams.
 *
 *     struct pitether *camera = pitether_open("pi.local/front", NULL, NULL);
 *     struct pitether_event event;
 *     while (camera && pitether_next(camera, -1, &event) > 0) {
 *         if (event.type == PITETHER_FRAME) {
 *             use(event.frame->data, event.frame->size);
 *             pitether_frame_release(event.frame);
 *         }
 *     }
 *     pitether_close(&camera);
 *
 * A receiver has a thread of its own, which connects, connects again, and reads ahead as far as its
 * bounds allow. Nothing is called back from that thread but the log function. There may be any
 * number of receivers; each is used by one thread at a time, except where a function says that any
 * thread may call it. The library touches neither signals, terminals and the locale nor the exit
 * status of the process, and it starts no process. Its descriptors are closed by execve(). In a
 * child of fork() without execve() there are no receivers: call nothing of this library with those
 * of the parent there, nor open new ones.
 *
 * Functions that return int return 0 (or a count) or a negative errno. Texts are UTF-8, one line
 * without a line feed, and hold no character that acts on a terminal.
 *
 * Times: *device* times are the device's CLOCK_BOOTTIME, *host* times this machine's
 * CLOCK_MONOTONIC; both in nanoseconds.
 */
#ifndef PITETHER_H
#define PITETHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PITETHER_API __attribute__((visibility("default")))
#define PITETHER_NODISCARD __attribute__((warn_unused_result))

struct pitether;

struct pitether_error {
    int code;       /* a negative errno */
    char text[512]; /* what failed, with what value, and what to do */
};

enum pitether_mode {
    PITETHER_LIVE,     /* the newest frame: what can't be sent or taken in time is dropped */
    PITETHER_LOSSLESS, /* every frame: the daemon queues what can't be sent at once */
    PITETHER_STILL,    /* one frame of the sensor's full size, while others watch the stream */
};

enum pitether_log_level {
    PITETHER_LOG_ERROR,
    PITETHER_LOG_WARNING,
    PITETHER_LOG_INFO,
    PITETHER_LOG_DEBUG
};

/* What a receiver is to do. Begin with PITETHER_OPTIONS_INIT: zero means the default. */
struct pitether_options {
    size_t size; /* sizeof(struct pitether_options) of the caller's header */
    enum pitether_mode mode;
    const char *stream;    /* its name, where the address has none (unix:/PATH can't) */
    const char *keys_file; /* NULL: pitether/keys in $XDG_CONFIG_HOME or ~/.config */
    double max_fps;        /* frames per second at most, 0.001 to 10000; 0: all */
    uint32_t every;        /* one frame of so many; 0 and 1: all. Not together with max_fps */
    double duration_s;     /* end so long after the first frame, with all frames taken until then */
    double timeout_s;      /* end after so long without a frame */
    bool no_reconnect;     /* end when there is no connection */
    unsigned max_frames;   /* frames that exist at once, waiting or held by the caller, 2 to 4096;
                              0: 64 */
    size_t max_bytes;      /* memory in those; 0: 256 MiB */
    unsigned still_width, still_height; /* STILL: pixels; both 0: the sensor's full size */
    unsigned still_quality;             /* STILL: of the JPEG, 1 to 100; 0: the stream's */
    /* How long, 0 to 60 s from the first frame on, frames are left out as PITETHER_DROPS until
     * exposure, white balance and focus have settled. 0: none is left out. STILL: how long the
     * daemon waits for that before it takes the picture. */
    double settle_s;
    /* Called for each log line, by the receiver's thread or within a call of this library; NULL:
     * nothing is logged. */
    void (*log)(void *user, enum pitether_log_level level, const char *line);
    void *user;
};
#define PITETHER_OPTIONS_INIT                                                                      \
    {                                                                                              \
        .size = sizeof(struct pitether_options)                                                    \
    }

/* Device times but for first_byte and last_byte, which are host times. What each means and how
 * right it is: shared/doc/times.md. */
struct pitether_times {
    uint64_t sensor;                   /* exposure of the first row began */
    uint64_t captured;                 /* the camera's driver handed the picture over */
    uint64_t encode_start, encode_end; /* of the JPEG */
    uint64_t send_start, send_end;     /* by the daemon, to its kernel */
    uint64_t first_byte, last_byte;    /* read on this machine */
    int64_t offset;                    /* device clock minus host clock, if offset_known */
    uint64_t error;                    /* the offset is right within this much */
    bool offset_known;
    uint64_t sensor_wall; /* CLOCK_REALTIME of the device at `sensor`; 0: not known */
    /* The middle of the first row's exposure: `sensor` plus half of the ExposureTime; 0: the camera
     * did not report its ExposureTime. Where a driver stamps `sensor` at the end of the exposure,
     * as those of a Pi's own cameras do, this is late by one ExposureTime. With a rolling shutter
     * the last row is exposed later, by the time that reading a picture takes, which cameras do
     * not report. */
    uint64_t mid_exposure;
};

/* Values that a camera can be set to, or reports. The types are libcamera's. */
enum pitether_value_type {
    PITETHER_VALUE_NONE = 0, /* there is none */
    PITETHER_VALUE_BOOL = 1,
    PITETHER_VALUE_BYTE = 2,
    PITETHER_VALUE_INT32 = 3,
    PITETHER_VALUE_INT64 = 4,
    PITETHER_VALUE_FLOAT = 5,
    PITETHER_VALUE_TEXT = 6, /* its elements are bytes */
    PITETHER_VALUE_RECTANGLE = 7,
    PITETHER_VALUE_SIZE = 8,
    PITETHER_VALUE_POINT = 9,
};

struct pitether_value {
    uint8_t type;   /* enum pitether_value_type */
    bool array;     /* it may have any number of elements; otherwise one, or as many as a text */
    uint16_t count; /* elements */
    union {
        uint8_t bytes[256]; /* BOOL (0 or 1) and BYTE */
        int32_t int32[64];
        int64_t int64[32];
        float number[64];
        char text[256]; /* `count` bytes, without a zero */
        struct {
            int32_t x, y;
            uint32_t width, height;
        } rectangle[16];
        struct {
            uint32_t width, height;
        } size[32];
        struct {
            int32_t x, y;
        } point[32];
    };
};

/* One whole JPEG, read-only. Counted references keep it; see pitether_frame_hold(). */
struct pitether_frame {
    const uint8_t *data; /* the JPEG as the daemon made it */
    size_t size;         /* bytes */
    uint64_t epoch;      /* of the daemon's run: ids begin again with each */
    uint64_t id;         /* counts the camera's frames, those that were lost included */
    unsigned width,
        height;      /* as the daemon says: check them against the JPEG before you trust them */
    uint32_t crc32c; /* of the JPEG (RFC 3720, B.4); has been checked */
    struct pitether_times times;
    /* What the camera reported of it: see pitether_frame_value(). */
};

/* Why there is no frame for an id. Those below 64 are PROTOCOL.md's (section 4), said by the
 * daemon. */
enum pitether_drop_reason {
    PITETHER_DROP_SENSOR_GAP = 1,    /* the sensor's count jumped */
    PITETHER_DROP_CAPTURE_ERROR = 2, /* the camera gave a broken picture */
    PITETHER_DROP_NO_BUFFER = 3,
    PITETHER_DROP_ENCODER_BUSY = 4,
    PITETHER_DROP_ENCODE_ERROR = 5,
    PITETHER_DROP_SUPERSEDED = 6,   /* a newer one took its place, at the daemon */
    PITETHER_DROP_RATE_LIMITED = 7, /* it was not asked for: max_fps or every */
    PITETHER_DROP_QUEUE_FULL = 8,   /* lossless: the daemon's queue was full */
    PITETHER_DROP_TOO_BIG = 9,
    PITETHER_DROP_UNSENT = 10,       /* it waited at the daemon when the end was asked for */
    PITETHER_DROP_MODE_SWITCH = 11,  /* the camera was taking a still */
    PITETHER_DROP_DAMAGED = 256,     /* it arrived, and failed its check */
    PITETHER_DROP_CUT = 257,         /* the connection was lost in the middle of it */
    PITETHER_DROP_MISSED = 258,      /* there was no connection */
    PITETHER_DROP_NOT_TAKEN = 259,   /* live: the caller was late, and a newer one had come */
    PITETHER_DROP_AFTER_END = 260,   /* it came, but was taken when duration_s was over */
    PITETHER_DROP_NOT_SETTLED = 261, /* it came, but settle_s leaves it out */
};

struct pitether_drops {
    uint64_t epoch, first_id, count;
    enum pitether_drop_reason reason;
    uint64_t overdue; /* UNSENT: how many of these were captured within duration_s */
};

struct pitether_stream {
    char name[64];          /* as the daemon calls it */
    char model[65];         /* the camera's */
    unsigned width, height; /* of its pictures */
    double fps;             /* the camera's; 0: not known */
    double view;          /* the share of the sensor's view that they show, up to 1; 0: not known */
    uint64_t interval_ns; /* from one frame to the next, after max_fps or every; 0: not known */
    /* What the daemon does to the camera's pictures, in this order: it mirrors them left to right
     * and top to bottom, and makes columns of rows. Regions that a camera is set to and reports, as
     * ScalerCrop and AfWindows, are those of the picture before that. */
    bool hflip, vflip, transpose;
};

enum pitether_camera_state {
    PITETHER_CAMERA_STARTING,
    PITETHER_CAMERA_RUNNING,
    PITETHER_CAMERA_LOST
};

/* What a camera can be set to. */
struct pitether_enumerator {
    int32_t value;
    char name[32];
};

struct pitether_control {
    char name[49]; /* libcamera's; of a vendor's "vendor::Name" */
    uint8_t type;  /* enum pitether_value_type */
    bool array, settable;
    uint16_t size;                       /* elements of an array; 0: any number */
    char unit[13];                       /* of the numbers, e.g. "µs"; "": it has none */
    struct pitether_value min, max, def; /* NONE: not known. Of an array, one element that holds for
                                            all, or one for each */
    struct pitether_value set;           /* what a user has set; NONE: the camera chooses */
    uint16_t enumerator_count;           /* the values that it may have; 0: any number */
    struct pitether_enumerator enumerators[24];
};

/* What became of one control that somebody set. A daemon of a later version may say others. */
enum pitether_set_result {
    PITETHER_SET_OK = 0,
    PITETHER_SET_CLAMPED = 1,  /* to the nearest value that the camera can do */
    PITETHER_SET_IGNORED = 2,  /* the camera accepted it, and did something else or nothing */
    PITETHER_SET_UNKNOWN = 3,  /* no such control, or no such enumerator of it */
    PITETHER_SET_BAD = 4,      /* the value can't be read, or is not of the control's type */
    PITETHER_SET_UNSET = 5,    /* nothing was set, because of another control */
    PITETHER_SET_REPLACED = 6, /* a later change replaced it before a frame showed all of the SET */
    PITETHER_SET_UNREPORTED = 7, /* it was set, and the camera does not report it */
};

struct pitether_change {
    char name[49];
    uint8_t result;              /* enum pitether_set_result */
    struct pitether_value asked; /* NONE: "auto", or a value that could not be read */
    struct pitether_value now;   /* what is in force; NONE: not known */
    char why[97];                /* unless OK: what is wrong, and what to do */
};

/* Whether a frame shows it, or may show it: by its result, of a DONE. Any thread. */
PITETHER_API bool pitether_change_is_in_force(const struct pitether_change *change);

/* A daemon of a later version may say others, of which nothing was set. */
enum pitether_changed_status {
    PITETHER_CHANGED_DONE = 0,        /* see first_id, and each control's result */
    PITETHER_CHANGED_REJECTED = 1,    /* nothing was set, since one of the controls can't be */
    PITETHER_CHANGED_NOT_ALLOWED = 2, /* nothing was set: this receiver's key may only view */
    PITETHER_CHANGED_NO_CAMERA = 3,   /* nothing was set: the camera is not running */
    PITETHER_CHANGED_BUSY = 4,        /* nothing was set: too many changes are pending */
    PITETHER_CHANGED_LOST = 5,  /* it was set, and the camera stopped before a frame showed it; it
                                   is set again when the camera is back */
    PITETHER_CHANGED_CUT = 256, /* the connection was lost before the answer came: it may have been
                                   set or not; or END came before it was sent */
};

/* While a caller is late, notices of what others set become one: it has the newest change of each
 * control, and the rest of the newest notice. Answers to its own requests always come, each by
 * itself. */
struct pitether_changed {
    enum pitether_changed_status status;
    uint32_t request;         /* as pitether_set() gave it; 0: another receiver set it */
    uint64_t epoch, first_id; /* of DONE: the first frame for which all of it is in force;
                                 UINT64_MAX: none is known */
    char by[65];              /* who set it: a key's name, or where it connected from */
    char text[257];           /* unless DONE: why not, and what to do */
    const struct pitether_change *changes; /* `count`, until the next pitether_next() */
    size_t count;
};

struct pitether_controls {
    const struct pitether_control *controls; /* `count`, until the next pitether_next() */
    size_t count;
};

struct pitether_status {
    enum pitether_camera_state state;
    char text[257]; /* LOST: what is wrong */
};

enum pitether_end_reason {
    PITETHER_END_STOPPED,  /* pitether_stop() */
    PITETHER_END_DURATION, /* duration_s is over */
    PITETHER_END_TIMEOUT,  /* no frame came for timeout_s */
    PITETHER_END_FINISHED, /* the daemon's source has ended */
    PITETHER_END_LOST,     /* no connection, and there is to be no other; see text */
    PITETHER_END_FAILED,   /* a system call failed; see text */
};

struct pitether_end {
    enum pitether_end_reason reason;
    bool connected; /* there was a connection when the end began, or the last one ended with END */
    int error; /* of LOST and FAILED: a negative errno; -EACCES: the key is wrong, or one is needed
                */
    uint64_t unmet; /* points of the grid of max_fps or every for which no frame came */
    char text[512]; /* of TIMEOUT, LOST and FAILED: what went wrong, and what to do */
};

enum pitether_event_type {
    PITETHER_NONE,      /* the timeout is over */
    PITETHER_CONNECTED, /* a daemon has said HELLO; epoch tells whether it is the same one */
    PITETHER_LOST,      /* there is no connection; the receiver tries again, or END follows */
    PITETHER_STREAM,    /* the format of the next frames; before the first, and at each change */
    PITETHER_STATUS,    /* the state of the camera */
    PITETHER_FRAME,
    PITETHER_DROPS,
    PITETHER_CONTROLS, /* what the camera can be set to: once it runs, and when that has changed */
    PITETHER_CHANGED,  /* somebody set something: the answer to pitether_set(), or another's */
    PITETHER_END,      /* the last one */
};

/* Frames and drops come in the order of ids, and each id of an epoch, from the first one that came
 * to the last, has exactly one of the two. LOST comes once until the next CONNECTED, be it that
 * a connection broke or that none could be made. */
struct pitether_event {
    enum pitether_event_type type;
    union {
        uint64_t epoch;                     /* CONNECTED */
        const struct pitether_frame *frame; /* FRAME: with a reference, the caller's */
        struct pitether_drops drops;
        struct pitether_stream stream;
        struct pitether_status status;
        struct pitether_controls controls;
        struct pitether_changed changed;
        struct pitether_end end;
        char text[512]; /* LOST: why */
    };
};

/* Begins to receive, and returns at once; the results are events. address: HOST, HOST:PORT or
 * [IPV6]:PORT, each with or without /STREAM after it, or unix:/PATH; without a stream's name, the
 * daemon's only stream. options may be NULL. NULL, with error filled if it is not NULL: -EINVAL for
 * a bad address or option, -EACCES and others for a keys file, -ENOMEM. */
PITETHER_API PITETHER_NODISCARD struct pitether *pitether_open(
    const char *address, const struct pitether_options *options, struct pitether_error *error);

/* A descriptor to poll: while it is readable, pitether_next() has an event. The receiver's own. */
PITETHER_API int pitether_fd(const struct pitether *receiver);

/* The next event, waiting for at most timeout_ms; -1: without a limit; 0: not at all. 1: there is
 * one; 0: there is none yet (event->type is PITETHER_NONE), or END was taken before. A signal does
 * not end the wait: its handler may call pitether_stop(). */
PITETHER_API PITETHER_NODISCARD int pitether_next(struct pitether *receiver, int timeout_ms,
                                                  struct pitether_event *event);

/* Ends in order: what the daemon has sent still comes, for 10 s at most, then END. Called again, it
 * no longer waits for the daemon: END follows what is here. Any thread, and signal handlers. */
PITETHER_API void pitether_stop(struct pitether *receiver);

/* Sets controls of the camera, all of them or none: "NAME=VALUE,NAME=VALUE", at most 2048 bytes;
 * see shared/doc/controls.md. Returns at once: the request waits for a connection and for the
 * camera. Exactly one PITETHER_CHANGED with its number *request (not 0; NULL: not of interest)
 * follows. 0; -EINVAL: too long, empty, or with an invisible character; -EBUSY: the answers to 32
 * requests have not come, or were not taken; -ESHUTDOWN: the receiver is ending, or END has come.
 * Any thread. */
PITETHER_API PITETHER_NODISCARD int pitether_set(struct pitether *receiver, const char *assignments,
                                                 uint32_t *request);

/* Writes a value to text, `size` bytes, as pitether_set() takes it, e.g. "9987", "1.25,1.5" (with
 * a point in every locale), "true", and "auto" for NONE; what does not fit is cut, as by
 * snprintf(). Returns the length of the whole text.
 * control: whose value it is, for the names of enumerators; NULL: they are written as numbers. Any
 * thread. */
PITETHER_API size_t pitether_value_format(const struct pitether_value *value,
                                          const struct pitether_control *control, char *text,
                                          size_t size);

/* Says that live frames are not needed for now (paused), or are needed again. After two seconds of
 * a pause the receiver disconnects, so that the daemon need not encode for it. Without effect on a
 * lossless receiver, and on one with a duration or a timeout. Any thread. */
PITETHER_API void pitether_pause(struct pitether *receiver, bool paused);

/* Ends at once, waits for the receiver's thread (never for the network), and nulls the caller's
 * pointer. Frames that the caller holds stay good. NULL and *NULL are fine. */
PITETHER_API void pitether_close(struct pitether **receiver);

/* One more reference; returns frame. Any thread that holds one. */
PITETHER_API const struct pitether_frame *pitether_frame_hold(const struct pitether_frame *frame);

/* Gives a reference back. NULL is fine. Any thread. */
PITETHER_API void pitether_frame_release(const struct pitether_frame *frame);

/* A device time of this frame on the host's clock; 0 where the offset is not known. */
PITETHER_API uint64_t pitether_frame_host_time(const struct pitether_frame *frame,
                                               uint64_t device_time);

/* What the camera reported of the frame, by libcamera's name: "ExposureTime" (µs), "AnalogueGain",
 * "rpi::..."; see shared/doc/controls.md. Returns whether it did. Any thread that holds the frame.
 */
PITETHER_API bool pitether_frame_value(const struct pitether_frame *frame, const char *name,
                                       struct pitether_value *value);

/* The same as a number, of an array its first element; NAN: it was not reported, or is not a
 * number. */
PITETHER_API double pitether_frame_number(const struct pitether_frame *frame, const char *name);

/* All of them, one after the other: *at is 0 at first. Returns the name of the next one, or NULL:
 * there are no more. The text lives as long as the frame. */
PITETHER_API const char *pitether_frame_next_value(const struct pitether_frame *frame, size_t *at,
                                                   struct pitether_value *value);

/* The protocol's name of a reason, e.g. "SUPERSEDED"; "?" for one that is not known. Static. */
PITETHER_API const char *pitether_drop_name(enum pitether_drop_reason reason);

/* One of a daemon's streams. */
struct pitether_stream_info {
    char name[64], model[65];
    unsigned width, height; /* 0: not known yet */
    double fps;             /* 0: not known yet */
    double view;            /* as in struct pitether_stream; 0: not known */
    enum pitether_camera_state state;
};

/* Asks a daemon for its streams, and fills up to max of them. address: as for pitether_open(), but
 * without a stream; of the options keys_file, timeout_s (0: 10 s) and log count. Returns how many
 * the daemon has, or a negative errno with error filled if it is not NULL. Any thread; no receiver
 * is needed. */
PITETHER_API PITETHER_NODISCARD int pitether_list_streams(const char *address,
                                                          const struct pitether_options *options,
                                                          struct pitether_stream_info *streams,
                                                          size_t max, struct pitether_error *error);

/* Keys: see pitetherd(1), --add-key. keys_file: NULL is the usual one, as in the options. address:
 * as for pitether_open(); its port and stream don't matter. Each returns a negative errno with
 * error filled if it is not NULL: -EINVAL, -EPERM, -EACCES and -ENOENT are about what was asked
 * for, or what the file is. Any thread. */

/* Stores the key whose line pitetherd --add-key printed, in the place of an earlier one for that
 * host. line: `size` bytes, which the caller wipes. 1: there was one before; 0: there was none. */
PITETHER_API PITETHER_NODISCARD int pitether_key_import(const char *keys_file, const char *address,
                                                        const char *line, size_t size,
                                                        struct pitether_error *error);

/* Removes the key for that host. 0; -ENOENT: there is none. */
PITETHER_API PITETHER_NODISCARD int pitether_key_forget(const char *keys_file, const char *address,
                                                        struct pitether_error *error);

/* Where the usual keys file is: writes its path to path, `size` bytes. 0; -EINVAL: HOME is not set;
 * -ENAMETOOLONG. */
PITETHER_API PITETHER_NODISCARD int pitether_keys_path(char *path, size_t size,
                                                       struct pitether_error *error);

#ifdef __cplusplus
}
#endif

#endif
