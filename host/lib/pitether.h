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
    /* Called for each log line, by the receiver's thread or within a call of this library; NULL:
     * nothing is logged. */
    void (*log)(void *user, enum pitether_log_level level, const char *line);
    void *user;
};
#define PITETHER_OPTIONS_INIT                                                                      \
    {                                                                                              \
        .size = sizeof(struct pitether_options)                                                    \
    }

/* Device times but for first_byte and last_byte, which are host times. */
struct pitether_times {
    uint64_t sensor;                   /* exposure of the first row began */
    uint64_t captured;                 /* the camera's driver handed the picture over */
    uint64_t encode_start, encode_end; /* of the JPEG */
    uint64_t send_start, send_end;     /* by the daemon, to its kernel */
    uint64_t first_byte, last_byte;    /* read on this machine */
    int64_t offset;                    /* device clock minus host clock, if offset_known */
    uint64_t error;                    /* the offset is right within this much */
    bool offset_known;
};

/* What the sensor reported of a frame; NAN: it did not. */
struct pitether_metadata {
    double exposure_s;
    double analogue_gain, digital_gain;
    double colour_temperature_k;
    double lux;
    double lens_position_dioptres;
    uint64_t wall_clock_ns; /* CLOCK_REALTIME of the device at times.sensor; 0: not reported */
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
    struct pitether_metadata metadata;
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
    PITETHER_DROP_UNSENT = 10,     /* it waited at the daemon when the end was asked for */
    PITETHER_DROP_DAMAGED = 256,   /* it arrived, and failed its check */
    PITETHER_DROP_CUT = 257,       /* the connection was lost in the middle of it */
    PITETHER_DROP_MISSED = 258,    /* there was no connection */
    PITETHER_DROP_NOT_TAKEN = 259, /* live: the caller was late, and a newer one had come */
    PITETHER_DROP_AFTER_END = 260, /* it came, but was taken when duration_s was over */
};

struct pitether_drops {
    uint64_t epoch, first_id, count;
    enum pitether_drop_reason reason;
    uint64_t overdue; /* UNSENT: of these, those that were taken within the duration */
};

struct pitether_stream {
    char name[64];          /* as the daemon calls it */
    char model[65];         /* the camera's */
    unsigned width, height; /* of its pictures */
    double fps;             /* the camera's; 0: not known */
    uint64_t interval_ns;   /* from one frame to the next, after max_fps or every; 0: not known */
};

enum pitether_camera_state {
    PITETHER_CAMERA_STARTING,
    PITETHER_CAMERA_RUNNING,
    PITETHER_CAMERA_LOST
};

struct pitether_status {
    enum pitether_camera_state state;
    char text[257]; /* LOST: what is wrong */
};

enum pitether_end_reason {
    PITETHER_END_STOPPED,  /* pitether_stop() */
    PITETHER_END_DURATION, /* duration_s is over */
    PITETHER_END_TIMEOUT,  /* no frame came for timeout_s */
    PITETHER_END_FINISHED, /* the daemon's source came to its end */
    PITETHER_END_LOST,     /* no connection, and there is to be no other; see text */
    PITETHER_END_FAILED,   /* a system call failed; see text */
};

struct pitether_end {
    enum pitether_end_reason reason;
    bool connected; /* a daemon was there when the end was begun, or the last one had said END */
    int error; /* of LOST and FAILED: a negative errno; -EACCES: the key is wrong, or one is needed
                */
    uint64_t unmet; /* wanted frames, by max_fps or every, that no other one came in place of */
    char text[512]; /* of TIMEOUT, LOST and FAILED: what went wrong, and what to do */
};

enum pitether_event_type {
    PITETHER_NONE,      /* the timeout is over */
    PITETHER_CONNECTED, /* a daemon has said HELLO; epoch tells whether it is the same one */
    PITETHER_LOST,      /* there is no connection; the receiver tries again, or END follows */
    PITETHER_STREAM,    /* what comes from here on; before the first frame, and at each change */
    PITETHER_STATUS,    /* how the camera is */
    PITETHER_FRAME,
    PITETHER_DROPS,
    PITETHER_END, /* the last one */
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
        struct pitether_end end;
        char text[512]; /* LOST: why */
    };
};

/* Begins to receive. address: HOST, HOST:PORT, [IPV6]:PORT or unix:/PATH, and, but for unix:,
 * /STREAM behind it; without a stream's name, the daemon's only stream. options may be NULL.
 * Returns at once: what comes of it are events. NULL, with error filled if it is not NULL: -EINVAL
 * for a bad address or option, -EACCES and others for a keys file, -ENOMEM. */
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

/* The live frames are not needed for now, or are again: after two seconds of a pause the receiver
 * disconnects, so that neither side works for nothing. Without effect on a lossless receiver, and
 * on one with a duration or a timeout. Any thread. */
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

/* The protocol's name of a reason, e.g. "SUPERSEDED"; "?" for one that is not known. Static. */
PITETHER_API const char *pitether_drop_name(enum pitether_drop_reason reason);

/* One of a daemon's streams. */
struct pitether_stream_info {
    char name[64], model[65];
    unsigned width, height; /* 0: not known yet */
    double fps;             /* 0: not known yet */
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
