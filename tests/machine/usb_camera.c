/*
 * A USB camera for an emulated machine, spoken for over QEMU's usb-redir: a UVC device with bulk
 * transfers, which gives the JPEGs of some files in turn, or colour bars as YUYV.
 *
 *   usb_camera SOCKET PICTURE.jpg...
 *
 * To connect to the socket of QEMU's character device is to plug it in; its end, by whatever
 * signal, is to pull it out.
 */
#include "usb_camera.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <linux/usb/video.h>
#include <usbredirparser.h>

enum {
    PAYLOAD_MAX =
        32 * CAMERA_PACKET, /* what Linux has room for in one transfer (UVC_MAX_PACKETS) */
    PAYLOAD_HEADER = 2,     /* UVC 2.4.3.3: its length and flags, no times */
    PENDING_MAX = 16,
    PICTURES_MAX = 8,
    STATUS_STALL = usb_redir_stall,
};

struct transfer {
    uint64_t id;
    uint32_t length;
};

struct camera {
    struct usbredirparser *parser;
    int fd;
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

static void die(const char *what, const char *why)
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
    for (unsigned i = 0; i < YUYV_SIZE / 4; i++) {
        const uint8_t *colour = colours[i * 2 % YUYV_WIDTH * 4 / YUYV_WIDTH];
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
    usbredirparser_send_bulk_packet(camera->parser, id, &header, data, (int)size);
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
    usbredirparser_free_packet_data(camera->parser, data);
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

/* USB 2.0, 9.6.7: UTF-16. Returns the descriptor's size, or 0 for one that there is not. */
static size_t string_descriptor(unsigned index, uint8_t *bytes)
{
    static const char *const texts[] = { "", "pitether", "USB camera" };
    if (index > CAMERA_MODEL)
        return 0;
    size_t length = strlen(texts[index]);
    bytes[1] = USB_DT_STRING;
    for (size_t i = 0; i < length; i++) {
        bytes[2 + 2 * i] = (uint8_t)texts[index][i];
        bytes[3 + 2 * i] = 0;
    }
    if (index == 0) { /* the languages: English */
        length = 1;
        bytes[2] = 0x09;
        bytes[3] = 0x04;
    }
    bytes[0] = (uint8_t)(2 + 2 * length);
    return bytes[0];
}

static size_t descriptor(uint16_t value, uint8_t *bytes)
{
    const uint8_t *from = (const uint8_t *)&camera_device;
    size_t size = sizeof(camera_device);
    switch (value >> 8) {
    case USB_DT_DEVICE:
        break;
    case USB_DT_CONFIG:
        size = camera_configuration(&from);
        break;
    case USB_DT_STRING:
        return string_descriptor(value & 0xFF, bytes);
    default:
        return 0;
    }
    memcpy(bytes, from, size);
    return size;
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
                   : -1;
    switch (ask->request) {
    case USB_REQ_GET_DESCRIPTOR:
        found = descriptor(ask->value, bytes);
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
    uint8_t bytes[1024];
    int found = control_request(camera, header, data, size, bytes);
    usbredirparser_free_packet_data(camera->parser, data);
    header->status = found < 0 ? STATUS_STALL : usb_redir_success;
    if (found < 0)
        found = 0;
    if (header->endpoint & USB_DIR_IN && found < header->length)
        header->length = (uint16_t)found;
    usbredirparser_send_control_packet(camera->parser, id, header,
                                       header->endpoint & USB_DIR_IN ? bytes : NULL,
                                       header->endpoint & USB_DIR_IN ? header->length : 0);
}

static void tell_interfaces(struct camera *camera)
{
    struct usb_redir_interface_info_header interfaces = {
        .interface_count = CAMERA_INTERFACES,
        .interface = { CAMERA_CONTROL, CAMERA_STREAMING },
        .interface_class = { USB_CLASS_VIDEO, USB_CLASS_VIDEO },
        .interface_subclass = { UVC_SC_VIDEOCONTROL, UVC_SC_VIDEOSTREAMING },
    };
    struct usb_redir_ep_info_header endpoints = { .max_packet_size = { 64 } };
    enum { IN = 16 }; /* where endpoints towards the host begin */
    memset(endpoints.type, usb_redir_type_invalid, sizeof(endpoints.type));
    endpoints.type[0] = endpoints.type[IN] = usb_redir_type_control;
    endpoints.max_packet_size[IN] = 64;
    endpoints.type[IN + (CAMERA_ENDPOINT & 0xF)] = usb_redir_type_bulk;
    endpoints.interface[IN + (CAMERA_ENDPOINT & 0xF)] = CAMERA_STREAMING;
    endpoints.max_packet_size[IN + (CAMERA_ENDPOINT & 0xF)] = CAMERA_PACKET;
    usbredirparser_send_interface_info(camera->parser, &interfaces);
    usbredirparser_send_ep_info(camera->parser, &endpoints);
}

static void on_hello(void *user, struct usb_redir_hello_header *hello)
{
    struct camera *camera = user;
    struct usb_redir_device_connect_header device = {
        .speed = usb_redir_speed_high,
        .device_class = camera_device.bDeviceClass,
        .device_subclass = camera_device.bDeviceSubClass,
        .device_protocol = camera_device.bDeviceProtocol,
        .vendor_id = camera_device.idVendor,
        .product_id = camera_device.idProduct,
        .device_version_bcd = camera_device.bcdDevice,
    };
    (void)hello;
    tell_interfaces(camera);
    usbredirparser_send_device_connect(camera->parser, &device);
}

static void on_reset(void *user)
{
    stop(user);
}

static void on_set_configuration(void *user, uint64_t id,
                                 struct usb_redir_set_configuration_header *wanted)
{
    struct camera *camera = user;
    struct usb_redir_configuration_status_header status = { usb_redir_success,
                                                            wanted->configuration };
    tell_interfaces(camera);
    usbredirparser_send_configuration_status(camera->parser, id, &status);
}

static void on_get_configuration(void *user, uint64_t id)
{
    struct camera *camera = user;
    struct usb_redir_configuration_status_header status = { usb_redir_success,
                                                            CAMERA_CONFIGURATION };
    usbredirparser_send_configuration_status(camera->parser, id, &status);
}

static void on_set_alternate(void *user, uint64_t id,
                             struct usb_redir_set_alt_setting_header *wanted)
{
    struct camera *camera = user;
    struct usb_redir_alt_setting_status_header status = { wanted->alt == 0 ? usb_redir_success
                                                                           : usb_redir_inval,
                                                          wanted->interface, 0 };
    usbredirparser_send_alt_setting_status(camera->parser, id, &status);
}

static void on_get_alternate(void *user, uint64_t id,
                             struct usb_redir_get_alt_setting_header *wanted)
{
    struct camera *camera = user;
    struct usb_redir_alt_setting_status_header status = { usb_redir_success, wanted->interface, 0 };
    usbredirparser_send_alt_setting_status(camera->parser, id, &status);
}

static void on_log(void *user, int level, const char *line)
{
    (void)user;
    if (level <= usbredirparser_warning)
        fprintf(stderr, "usb_camera: %s\n", line);
}

static int read_some(void *user, uint8_t *data, int count)
{
    ssize_t got = recv(((struct camera *)user)->fd, data, (size_t)count, MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    return got > 0 ? (int)got : -1;
}

static int write_some(void *user, uint8_t *data, int count)
{
    ssize_t put =
        send(((struct camera *)user)->fd, data, (size_t)count, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    return (int)put;
}

static void plug_in(struct camera *camera, const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    uint32_t abilities[USB_REDIR_CAPS_SIZE] = { 0 };
    strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
    camera->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (camera->fd < 0 || connect(camera->fd, (struct sockaddr *)&address, sizeof(address)))
        die(path, strerror(errno));
    camera->parser = usbredirparser_create();
    if (!camera->parser)
        die("the parser", "out of memory");
    struct usbredirparser *parser = camera->parser;
    parser->priv = camera;
    parser->log_func = on_log;
    parser->read_func = read_some;
    parser->write_func = write_some;
    parser->hello_func = on_hello;
    parser->reset_func = on_reset;
    parser->set_configuration_func = on_set_configuration;
    parser->get_configuration_func = on_get_configuration;
    parser->set_alt_setting_func = on_set_alternate;
    parser->get_alt_setting_func = on_get_alternate;
    parser->control_packet_func = on_control;
    parser->bulk_packet_func = on_bulk;
    parser->cancel_data_packet_func = on_cancel;
    usbredirparser_caps_set_cap(abilities, usb_redir_cap_connect_device_version);
    usbredirparser_caps_set_cap(abilities, usb_redir_cap_ep_info_max_packet_size);
    usbredirparser_caps_set_cap(abilities, usb_redir_cap_64bits_ids);
    usbredirparser_caps_set_cap(abilities, usb_redir_cap_32bits_bulk_length);
    usbredirparser_init(parser, "pitether's USB camera", abilities, USB_REDIR_CAPS_SIZE,
                        usbredirparser_fl_usb_host);
    fprintf(stderr, "usb_camera: plugged in\n");
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
    paint_bars(camera.bars);
    plug_in(&camera, argv[1]);
    for (;;) {
        struct pollfd socket = { .fd = camera.fd, .events = POLLIN };
        if (usbredirparser_has_data_to_write(camera.parser))
            socket.events |= POLLOUT;
        if (poll(&socket, 1, patience_ms(&camera)) < 0)
            die("poll", strerror(errno));
        if (socket.revents & (POLLIN | POLLHUP) &&
            usbredirparser_do_read(camera.parser) == usbredirparser_read_io_error)
            die(argv[1], "the machine is gone");
        stream(&camera);
        if (usbredirparser_has_data_to_write(camera.parser) &&
            usbredirparser_do_write(camera.parser) == usbredirparser_write_io_error)
            die(argv[1], "the machine is gone");
    }
}
