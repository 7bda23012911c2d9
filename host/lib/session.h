/*
 * The receiver's side of one connection (PROTOCOL.md): takes bytes, reports frames and losses, and
 * makes the bytes to send back. No I/O and no clock of its own, so that all of it can be tested.
 * One thread.
 */
#ifndef PITETHER_HOST_LIB_SESSION_H
#define PITETHER_HOST_LIB_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "host/lib/clock_sync.h"
#include "host/lib/frame.h"
#include "shared/base/error.h"
#include "shared/protocol/message_reader.h"
#include "shared/protocol/wire_controls.h"
#include "shared/protocol/wire_streams.h"

enum { SESSION_OUT_MAX = 8192 };
/* PONGs to so many PINGs, the newest, are recognized. */
enum { SESSION_PINGS_MAX = 16 };

struct session_config {
    char stream[WIRE_NAME_MAX + 1]; /* a good name; empty: the only stream */
    bool list_only;                 /* no stream: the session ends after on_streams() */
    enum wire_mode mode;
    unsigned still_width, still_height; /* STILL: 0: the sensor's full size */
    unsigned still_quality;             /* STILL: 0: the stream's */
    uint32_t still_settle_ms;           /* STILL */
    uint32_t max_fps_mhz;               /* 0: all frames */
    uint32_t every;       /* one frame of so many; 0 and 1: all. Not together with max_fps_mhz */
    bool resumes;         /* earlier connections had frames on this grid: see first_due() */
    uint32_t max_message; /* bytes; the longest frame that is taken */
    struct clock_sync *clock; /* zeroed at first, kept from one connection to the next */
    /* Where the connection before this one stopped: the epoch of the daemon's run, and the id after
     * the last one that had a fate. Within an epoch ids never go back. 0: there was none. */
    uint64_t past_epoch, past_next_id;
};

/* Called from within session_advance(), in the order of frame ids. */
struct session_handler {
    /* For a session that resumes, once, when the daemon's epoch and clock are known: where the
     * grid of wanted frames goes on, as SUBSCRIBE's first_due. */
    uint64_t (*first_due)(void *user);
    /* An empty frame, or NULL: none is free for now. */
    struct pitether_frame *(*take_frame)(void *user);
    /* A whole frame, checked; the reference goes to the handler. */
    void (*on_frame)(void *user, struct pitether_frame *frame);
    /* A frame that failed its check, and was discarded. */
    void (*on_damaged)(void *user, uint64_t id, const char *why);
    void (*on_drops)(void *user, const struct wire_drops *drops);
    /* Once, the first of all. NULL: not wanted. */
    void (*on_streams)(void *user, const struct wire_streams *streams);
    void (*on_stream)(void *user, const struct wire_stream *stream);
    void (*on_status)(void *user, const struct wire_status *status);
    /* The whole list of what the camera can be set to. NULL: not wanted. */
    void (*on_controls)(void *user, const struct control_table *controls);
    /* What became of a session_set(), or of what another receiver set (request 0). False: there is
     * no such request without an answer. NULL: not wanted. */
    bool (*on_changed)(void *user, const struct wire_changed *changed);
    void *user;
    /* Whether the handler has space for what comes next; NULL: always. */
    bool (*has_space)(void *user);
};

/* What was received so far; captured = delivered + dropped, damaged counts as delivered. */
struct session_totals {
    uint64_t captured, delivered, dropped;
};

enum session_state {
    SESSION_OPENING, /* the daemon's opening and HELLO are due */
    SESSION_RUNNING,
    SESSION_ENDING, /* END was sent, the daemon's is due */
    SESSION_ENDED,  /* the daemon's END was received */
    SESSION_FAILED, /* see error */
};

struct session {
    struct session_config config;
    struct session_handler handler;
    enum session_state state;
    struct error error; /* of FAILED */
    bool fatal;         /* FAILED, and connecting again would not help */
    bool key_needed;    /* FAILED, since the daemon requires a key */

    uint64_t epoch;                  /* of the daemon's run */
    bool streams_seen;               /* STREAMS was received, ... */
    struct wire_stream_entry stream; /* ... and has this of the stream subscribed to */
    bool subscribed;                 /* SUBSCRIBE was sent */
    bool started;                    /* a STREAM was received; the last one has ... */
    uint16_t width, height;          /* ... this size */
    struct metadata_names names;     /* of what frames report, by this connection's numbers */
    struct control_table controls;   /* so much of the list as has come */
    bool controls_seen;              /* a whole list was received */
    uint64_t first_id, next_id;      /* [first_id, next_id) have a fate */
    struct session_totals totals;
    struct wire_end daemon_end; /* once ENDED */

    unsigned pings_sent;
    uint64_t ping_sent_ns[SESSION_PINGS_MAX]; /* when; a ring; 0: was answered */
    uint64_t opened_ns, alive_ns, pinged_ns;

    struct pitether_frame *frame; /* between HEAD and TAIL */
    uint32_t frame_crc;
    bool head_waits; /* a HEAD was received, but no frame is free */
    bool full;       /* has_space() returned false */
    struct wire_frame_head head;
    bool abort_due; /* the last frame was aborted: its id is the first of the next DROPS */

    struct message_reader reader;
    uint8_t out[SESSION_OUT_MAX];
    size_t out_used;
};

/* Begins a conversation: the opening, HELLO, PING and, unless it resumes or only lists, SUBSCRIBE
 * lie in `out`. Times are this machine's CLOCK_MONOTONIC, ns. */
void session_init(struct session *session, const struct session_config *config,
                  const struct session_handler *handler, uint64_t now_ns);

/* Releases what it holds. */
void session_clear(struct session *session);

/* Where the next bytes are wanted; returns the number of entries used. 0: nothing is wanted until
 * out has been written or a frame is free. */
int session_space(struct session *session, struct iovec space[2]);

/* `size` bytes were read at now_ns; then session_advance(). */
void session_filled(struct session *session, size_t size, uint64_t now_ns);

/* The daemon is alive, even if nothing can be read yet: a part of a TLS record has come. */
void session_alive(struct session *session, uint64_t now_ns);

/* Whether it waits for a free frame or for space: then nothing is read. */
static inline bool session_waits(const struct session *session)
{
    return session->head_waits || session->full;
}

/* Takes what was read. True: it waits for a free frame or for space; call again once there
 * is. */
bool session_advance(struct session *session, uint64_t now_ns);

/* PINGs and time-outs; call after each wait, which ends at session_due() at the latest. reading:
 * whether bytes were wanted in it; where none were, silence is no sign of a dead peer. */
void session_tick(struct session *session, bool reading, uint64_t now_ns);

/* When session_tick() has something to do even if nothing comes. */
uint64_t session_due(const struct session *session, bool reading);

/* The first `size` bytes of out were written. */
void session_written(struct session *session, size_t size);

/* When nothing will have come for 2.5 s, although bytes were wanted and a PING was sent: the
 * network or the daemon pauses then. UINT64_MAX: the session is ending. */
uint64_t session_silent_at(const struct session *session);

/* Sends SET. False: it can't be sent now: no controls were listed, the session does not run, or
 * what is to be sent already leaves too little space. */
bool session_set(struct session *session, const struct wire_set *set);

/* No more frames are wanted: sends END; the daemon's END follows. */
void session_end(struct session *session);

/* The connection is lost: a frame of which only a part has come is damaged. Returns whether there
 * was one. */
bool session_cut(struct session *session);

#endif
