/*
 * A USB camera for an emulated machine, spoken for over QEMU's usb-redir: a UVC device with bulk
 * transfers, which gives the JPEGs of some files in turn, or colour bars as YUYV that show what it
 * is set to.
 *
 *   usb_camera SOCKET PICTURE.jpg...
 *
 * To connect to the socket of QEMU's character device is to plug it in; its end, by whatever
 * signal, is to pull it out.
 */
#include "usb_camera.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/usb/video.h>

#include "usb_cable.h"
#include "usb_camera_controls.h"

enum {
    /* What Linux has room for in one transfer: its UVC_MAX_PACKETS. */
    PAYLOAD_MAX = 32 * CAMERA_PACKET,
    PAYLOAD_HEADER = 2, /* UVC 2.4.3.3: its length and flags, no times */
    PENDING_MAX = 16,
    PICTURES_MAX = 8,
};

struct transfer {
    uint64_t id;
    uint32_t length;
};

struct camera {
    struct cable cable;
    struct uvc_streaming_control control; /* as negotiated; committed is what streams */
    uint8_t committed;                    /* a format, or 0 */
    struct picture {
        uint8_t *data;
        size_t size;
    } pictures[PICTURES_MAX];
    unsigned picture_count;
    uint8_t bars[YUYV_SIZE];
    /* The frame that goes out. */
    const uint8_t *frame;
    size_t size, sent;
    unsigned number;
    uint64_t due_ns; /* CLOCK_MONOTONIC; the next frame */
    struct transfer pending[PENDING_MAX];
    unsigned pending_count;
};

void die(const char *what, const char *why)
{
    fprintf(stderr, "usb_camera: %s: %s\n", what, why);
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void load(struct camera *camera, const char *path)
{
    FILE *file = fopen(path, "rb");
    struct picture *picture = &camera->pictures[camera->picture_count++];
    picture->data = malloc(MJPEG_MAX + 1);
    if (!file || !picture->data)
        die(path, strerror(errno));
    picture->size = fread(picture->data, 1, MJPEG_MAX + 1, file);
    if (picture->size == 0 || picture->size > MJPEG_MAX)
        die(path, "empty, or larger than the camera said a JPEG is at most");
    fclose(file);
}

/* White, red, green and blue at BT.601's limited range, which is what cameras mean by YUYV. */
static void paint_bars(uint8_t *bars)
{
    static const uint8_t colours[4][3] = {
        { 235, 128, 128 }, { 81, 90, 240 }, { 145, 54, 34 }, { 41, 240, 110 }
    };
    uint8_t shown[4][3];
    for (unsigned i = 0; i < 4; i++)
        control_develop(colours[i], shown[i]);
    for (unsigned i = 0; i < YUYV_SIZE / 4; i++) {
        const uint8_t *colour = shown[i * 2 % YUYV_WIDTH * 4 / YUYV_WIDTH];
        const uint8_t pair[4] = { colour[0], colour[1], colour[0], colour[2] };
        memcpy(bars + 4 * (size_t)i, pair, 4);
    }
}

/* UVC 4.3.1.1: whatever was asked for, this is what there is. */
static void negotiate(struct camera *camera)
{
    struct uvc_streaming_control *control = &camera->control;
    if (control->bFormatIndex != CAMERA_YUYV)
        control->bFormatIndex = CAMERA_MJPEG;
    control->bFrameIndex = 1;
    control->dwFrameInterval = CAMERA_INTERVAL;
    control->dwMaxVideoFrameSize = control->bFormatIndex == CAMERA_YUYV ? YUYV_SIZE : MJPEG_MAX;
    control->dwMaxPayloadTransferSize = PAYLOAD_MAX;
    control->dwClockFrequency = 1000000;
    control->bmFramingInfo = 3; /* frame ids and ends are told */
    control->bPreferedVersion = control->bMinVersion = control->bMaxVersion = 1;
}

static void stop(struct camera *camera)
{
    if (camera->committed)
        fprintf(stderr, "usb_camera: stopped after %u frames\n", camera->number);
    camera->committed = 0;
    camera->frame = NULL;
    camera->number = 0;
}

static void commit(struct camera *camera)
{
    stop(camera);
    camera->committed = camera->control.bFormatIndex;
    camera->due_ns = now_ns();
    fprintf(stderr, "usb_camera: streams %s\n",
            camera->committed == CAMERA_YUYV ? "YUYV" : "MJPEG");
}

/* False: no frame is due yet. */
static bool begin_frame(struct camera *camera)
{
    if (!camera->committed || now_ns() < camera->due_ns)
        return false;
    const struct picture *picture = &camera->pictures[camera->number % camera->picture_count];
    bool yuyv = camera->committed == CAMERA_YUYV;
    if (yuyv)
        paint_bars(camera->bars);
    camera->frame = yuyv ? camera->bars : picture->data;
    camera->size = yuyv ? YUYV_SIZE : picture->size;
    camera->sent = 0;
    camera->due_ns += 1000000000 / CAMERA_FPS;
    return true;
}

static void answer(struct camera *camera, uint64_t id, int status, uint8_t *data, size_t size)
{
    struct usb_redir_bulk_packet_header header = { .endpoint = CAMERA_ENDPOINT,
                                                   .status = (uint8_t)status,
                                                   .length = (uint16_t)size };
    usbredirparser_send_bulk_packet(camera->cable.parser, id, &header, data, (int)size);
}

/* One transfer takes one payload. */
static void send_payload(struct camera *camera, const struct transfer *transfer)
{
    uint8_t payload[PAYLOAD_MAX];
    size_t most = transfer->length < PAYLOAD_MAX ? transfer->length : PAYLOAD_MAX;
    size_t left = camera->size - camera->sent;
    size_t part = left < most - PAYLOAD_HEADER ? left : most - PAYLOAD_HEADER;
    payload[0] = PAYLOAD_HEADER;
    payload[1] = UVC_STREAM_EOH | (camera->number & 1 ? UVC_STREAM_FID : 0);
    if (part == left)
        payload[1] |= UVC_STREAM_EOF;
    memcpy(payload + PAYLOAD_HEADER, camera->frame + camera->sent, part);
    answer(camera, transfer->id, usb_redir_success, payload, PAYLOAD_HEADER + part);
    camera->sent += part;
    if (part == left) {
        camera->frame = NULL;
        camera->number++;
    }
}

static void forget(struct camera *camera, unsigned index)
{
    camera->pending_count--;
    memmove(&camera->pending[index], &camera->pending[index + 1],
            (camera->pending_count - index) * sizeof(camera->pending[0]));
}

static void stream(struct camera *camera)
{
    while (camera->pending_count > 0 && (camera->frame || begin_frame(camera))) {
        send_payload(camera, &camera->pending[0]);
        forget(camera, 0);
    }
}

static void on_bulk(void *user, uint64_t id, struct usb_redir_bulk_packet_header *header,
                    uint8_t *data, int size)
{
    struct camera *camera = user;
    (void)size;
    usbredirparser_free_packet_data(camera->cable.parser, data);
    uint32_t length = header->length | (uint32_t)header->length_high << 16;
    if (header->endpoint != CAMERA_ENDPOINT || length <= PAYLOAD_HEADER ||
        camera->pending_count == PENDING_MAX)
        answer(camera, id, usb_redir_inval, NULL, 0);
    else
        camera->pending[camera->pending_count++] = (struct transfer){ id, length };
}

static void on_cancel(void *user, uint64_t id)
{
    struct camera *camera = user;
    for (unsigned i = 0; i < camera->pending_count; i++)
        if (camera->pending[i].id == id) {
            forget(camera, i);
            answer(camera, id, usb_redir_cancelled, NULL, 0);
            return;
        }
}

/* UVC 4.3.1: probe and commit. Returns the answer's size, or -1 for what there is not. */
static int streaming_request(struct camera *camera,
                             const struct usb_redir_control_packet_header *ask, const uint8_t *data,
                             int size, uint8_t *bytes)
{
    unsigned control = ask->value >> 8;
    if (control != UVC_VS_PROBE_CONTROL && control != UVC_VS_COMMIT_CONTROL)
        return -1;
    switch (ask->request) {
    case UVC_SET_CUR:
        memcpy(&camera->control, data,
               (size_t)size < sizeof(camera->control) ? (size_t)size : sizeof(camera->control));
        negotiate(camera);
        if (control == UVC_VS_COMMIT_CONTROL)
            commit(camera);
        return 0;
    case UVC_GET_CUR:
    case UVC_GET_MIN:
    case UVC_GET_MAX:
    case UVC_GET_DEF:
        negotiate(camera);
        memcpy(bytes, &camera->control, sizeof(camera->control));
        return sizeof(camera->control);
    case UVC_GET_LEN:
        bytes[0] = sizeof(camera->control);
        bytes[1] = 0;
        return 2;
    case UVC_GET_INFO:
        bytes[0] = 3; /* can be got and set */
        return 1;
    default:
        return -1;
    }
}

/* Likewise. What sets the configuration and the interface comes by calls of its own. */
static int control_request(struct camera *camera, const struct usb_redir_control_packet_header *ask,
                           const uint8_t *data, int size, uint8_t *bytes)
{
    size_t found;
    if ((ask->requesttype & USB_TYPE_MASK) == USB_TYPE_CLASS)
        return (ask->index & 0xFF) == CAMERA_STREAMING
                   ? streaming_request(camera, ask, data, size, bytes)
                   : control_interface_request(ask, data, size, bytes);
    switch (ask->request) {
    case USB_REQ_GET_DESCRIPTOR:
        found = camera_descriptor(ask->value, bytes);
        return found > 0 ? (int)found : -1;
    case USB_REQ_GET_STATUS:
        memset(bytes, 0, 2);
        return 2;
    case USB_REQ_CLEAR_FEATURE: /* with the endpoint's halt Linux ends a stream of bulk transfers */
        stop(camera);
        return 0;
    default:
        return -1;
    }
}

static void on_control(void *user, uint64_t id, struct usb_redir_control_packet_header *header,
                       uint8_t *data, int size)
{
    struct camera *camera = user;
    uint8_t bytes[CAMERA_DESCRIPTOR_MAX];
    int found = control_request(camera, header, data, size, bytes);
    usbredirparser_free_packet_data(camera->cable.parser, data);
    header->status = found < 0 ? usb_redir_stall : usb_redir_success;
    if (found < 0)
        found = 0;
    if (header->endpoint & USB_DIR_IN && found < header->length)
        header->length = (uint16_t)found;
    usbredirparser_send_control_packet(camera->cable.parser, id, header,
                                       header->endpoint & USB_DIR_IN ? bytes : NULL,
                                       header->endpoint & USB_DIR_IN ? header->length : 0);
}

static void on_reset(void *user)
{
    stop(user);
}

/* Until the next frame is due, if transfers wait for it. */
static int patience_ms(const struct camera *camera)
{
    uint64_t now = now_ns();
    if (!camera->committed || camera->pending_count == 0)
        return -1;
    return camera->due_ns > now ? (int)((camera->due_ns - now) / 1000000) + 1 : 0;
}

int main(int argc, char **argv)
{
    static struct camera camera;
    if (argc < 3 || argc > 2 + PICTURES_MAX)
        die("usage", "usb_camera SOCKET PICTURE.jpg...");
    for (int i = 2; i < argc; i++)
        load(&camera, argv[i]);
    cable_open(&camera.cable, argv[1]);
    camera.cable.parser->reset_func = on_reset;
    camera.cable.parser->control_packet_func = on_control;
    camera.cable.parser->bulk_packet_func = on_bulk;
    camera.cable.parser->cancel_data_packet_func = on_cancel;
    cable_plug_in(&camera.cable);
    for (;;) {
        cable_wait(&camera.cable, patience_ms(&camera));
        stream(&camera);
        cable_flush(&camera.cable);
    }
}
