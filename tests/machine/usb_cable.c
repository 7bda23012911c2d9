/*
 * The cable: QEMU's side of it speaks the protocol of usb-redir, whose library does most of this.
 */
#include "usb_cable.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <linux/usb/video.h>

#include "usb_camera.h"

static void tell_interfaces(struct cable *cable)
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
    usbredirparser_send_interface_info(cable->parser, &interfaces);
    usbredirparser_send_ep_info(cable->parser, &endpoints);
}

static void on_hello(void *user, struct usb_redir_hello_header *hello)
{
    struct cable *cable = user;
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
    tell_interfaces(cable);
    usbredirparser_send_device_connect(cable->parser, &device);
}

static void on_set_configuration(void *user, uint64_t id,
                                 struct usb_redir_set_configuration_header *wanted)
{
    struct cable *cable = user;
    struct usb_redir_configuration_status_header status = { usb_redir_success,
                                                            wanted->configuration };
    tell_interfaces(cable);
    usbredirparser_send_configuration_status(cable->parser, id, &status);
}

static void on_get_configuration(void *user, uint64_t id)
{
    struct cable *cable = user;
    struct usb_redir_configuration_status_header status = { usb_redir_success,
                                                            CAMERA_CONFIGURATION };
    usbredirparser_send_configuration_status(cable->parser, id, &status);
}

static void on_set_alternate(void *user, uint64_t id,
                             struct usb_redir_set_alt_setting_header *wanted)
{
    struct cable *cable = user;
    struct usb_redir_alt_setting_status_header status = { wanted->alt == 0 ? usb_redir_success
                                                                           : usb_redir_inval,
                                                          wanted->interface, 0 };
    usbredirparser_send_alt_setting_status(cable->parser, id, &status);
}

static void on_get_alternate(void *user, uint64_t id,
                             struct usb_redir_get_alt_setting_header *wanted)
{
    struct cable *cable = user;
    struct usb_redir_alt_setting_status_header status = { usb_redir_success, wanted->interface, 0 };
    usbredirparser_send_alt_setting_status(cable->parser, id, &status);
}

static void on_log(void *user, int level, const char *line)
{
    (void)user;
    if (level <= usbredirparser_warning)
        fprintf(stderr, "usb_camera: %s\n", line);
}

static int read_some(void *user, uint8_t *data, int count)
{
    ssize_t got = recv(((struct cable *)user)->fd, data, (size_t)count, MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    return got > 0 ? (int)got : -1;
}

static int write_some(void *user, uint8_t *data, int count)
{
    ssize_t put =
        send(((struct cable *)user)->fd, data, (size_t)count, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    return (int)put;
}

void cable_open(struct cable *cable, const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
    cable->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (cable->fd < 0 || connect(cable->fd, (struct sockaddr *)&address, sizeof(address)))
        die(path, strerror(errno));
    cable->parser = usbredirparser_create();
    if (!cable->parser)
        die("the parser", "out of memory");
    struct usbredirparser *parser = cable->parser;
    parser->priv = cable;
    parser->log_func = on_log;
    parser->read_func = read_some;
    parser->write_func = write_some;
    parser->hello_func = on_hello;
    parser->set_configuration_func = on_set_configuration;
    parser->get_configuration_func = on_get_configuration;
    parser->set_alt_setting_func = on_set_alternate;
    parser->get_alt_setting_func = on_get_alternate;
}

void cable_plug_in(struct cable *cable)
{
    static const int abilities[] = { usb_redir_cap_connect_device_version,
                                     usb_redir_cap_ep_info_max_packet_size,
                                     usb_redir_cap_64bits_ids, usb_redir_cap_32bits_bulk_length };
    uint32_t bits[USB_REDIR_CAPS_SIZE] = { 0 };
    for (size_t i = 0; i < sizeof(abilities) / sizeof(abilities[0]); i++)
        usbredirparser_caps_set_cap(bits, abilities[i]);
    usbredirparser_init(cable->parser, "pitether's USB camera", bits, USB_REDIR_CAPS_SIZE,
                        usbredirparser_fl_usb_host);
    fprintf(stderr, "usb_camera: plugged in\n");
}

void cable_wait(struct cable *cable, int patience_ms)
{
    struct pollfd socket = { .fd = cable->fd, .events = POLLIN };
    if (usbredirparser_has_data_to_write(cable->parser))
        socket.events |= POLLOUT;
    if (poll(&socket, 1, patience_ms) < 0)
        die("poll", strerror(errno));
    if (socket.revents & (POLLIN | POLLHUP) &&
        usbredirparser_do_read(cable->parser) == usbredirparser_read_io_error)
        die("the cable", "the machine is gone");
}

void cable_flush(struct cable *cable)
{
    if (usbredirparser_has_data_to_write(cable->parser) &&
        usbredirparser_do_write(cable->parser) == usbredirparser_write_io_error)
        die("the cable", "the machine is gone");
}
