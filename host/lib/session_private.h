/*
 * What the files of a session share: session.c has its begin and its time-outs, session_send.c what
 * it sends, session_receive.c what it receives, session_controls.c what concerns the camera's
 * controls, and session_frames.c the fate of each frame. They call one another in this order only:
 * receive, controls, frames, send.
 */
#ifndef PITETHER_HOST_LIB_SESSION_PRIVATE_H
#define PITETHER_HOST_LIB_SESSION_PRIVATE_H

#include "host/lib/session.h"
#include "shared/base/attributes.h"
#include "shared/base/clock.h"

/* The clocks are related by a burst of PINGs at first, then by one now and then, since they drift
 * apart. It goes along with an ACK, so that it is answered between two frames and the PONG does not
 * wait behind the bytes of one; without any, it is sent by itself somewhat later. */
enum { SESSION_PING_BURST = 8 };
#define SESSION_PING_EVERY_NS CLOCK_SECOND

/* session_send.c */

/* Puts a message into `out`, unless END was sent. */
void session_send(struct session *session, const struct wire_message *message);

/* Fails the session with a line for the user. */
void session_fail(struct session *session, const char *format, ...) PRINTF_LIKE(2, 3);

/* Sends ERROR; session_fail() is to follow. */
void session_send_error(struct session *session, enum wire_error_code code, const char *what);

/* The daemon broke the protocol: ERROR, as far as the socket still takes it, and failure. */
void session_reject(struct session *session, const char *format, ...) PRINTF_LIKE(2, 3);

void session_ping(struct session *session, uint64_t now_ns);

/* If the last one was sent so long ago, and there is space. */
void session_ping_if_due(struct session *session, uint64_t after_ns, uint64_t now_ns);

void session_subscribe(struct session *session, uint64_t first_due);

/* Subscribes, if that was put off and nothing else stands in the way any more: the grid can only go
 * on once it is known whose ids, or whose clock, the daemon's are. */
void session_resume(struct session *session);

/* session_controls.c. Each takes a message, or fails the session. */

void session_take_controls(struct session *session, const struct wire_raw *raw);
void session_take_changed(struct session *session, const struct wire_raw *raw);

/* session_frames.c. Each takes a message that may come now, or fails the session. */

void session_take_stream(struct session *session, const struct wire_stream *stream);
void session_take_head(struct session *session, const struct wire_frame_head *head,
                       uint64_t now_ns);
/* The header of a FRAME_PART: so many bytes are to be read into the frame; then they are there. */
void session_take_part(struct session *session, uint32_t size);
void session_part_done(struct session *session);
void session_take_tail(struct session *session, const struct wire_frame_tail *tail,
                       uint64_t now_ns);
void session_take_drops(struct session *session, const struct wire_drops *drops);
void session_take_end(struct session *session, const struct wire_end *end);

/* Begins the frame whose HEAD is here, if one is free. */
void session_begin_frame(struct session *session, uint64_t now_ns);

#endif
