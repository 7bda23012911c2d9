/*
 * A USB camera that is made of software: what it is, and the numbers that its two halves share.
 */
#ifndef PITETHER_TESTS_MACHINE_USB_CAMERA_H
#define PITETHER_TESTS_MACHINE_USB_CAMERA_H

#include <stddef.h>
#include <stdint.h>

#include <linux/usb/ch9.h>

enum {
    /* Interfaces, and the one endpoint: of bulk transfers, 512 bytes a packet as in USB 2.0, 5.8.3.
     */
    CAMERA_CONTROL = 0,
    CAMERA_STREAMING = 1,
    CAMERA_INTERFACES = 2,
    CAMERA_CONFIGURATION = 1,
    CAMERA_ENDPOINT = 0x81,
    CAMERA_PACKET = 512,
    /* Formats, each of one size. */
    CAMERA_MJPEG = 1,
    CAMERA_YUYV = 2,
    MJPEG_WIDTH = 640,
    MJPEG_HEIGHT = 480,
    MJPEG_MAX = MJPEG_WIDTH * MJPEG_HEIGHT, /* bytes of a JPEG */
    YUYV_WIDTH = 320,
    YUYV_HEIGHT = 240,
    YUYV_SIZE = YUYV_WIDTH * YUYV_HEIGHT * 2,
    CAMERA_FPS = 10,
    CAMERA_INTERVAL = 10000000 / CAMERA_FPS, /* of 100 ns */
    /* Strings. */
    CAMERA_MAKER = 1,
    CAMERA_MODEL = 2,
};

extern const struct usb_device_descriptor camera_device;

enum { CAMERA_DESCRIPTOR_MAX = 512 };

/* The descriptor of a GET_DESCRIPTOR request's wValue (USB 2.0, 9.4.3), into that many bytes.
 * Returns its size, or 0 for one that there is not. */
size_t camera_descriptor(uint16_t value, uint8_t *bytes);

/* Ends the program, with a line that says of what and why. */
_Noreturn void die(const char *what, const char *why);

#endif
