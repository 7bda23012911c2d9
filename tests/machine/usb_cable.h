/*
 * A USB cable to an emulated machine: what any device with one configuration says over it.
 */
#ifndef PITETHER_TESTS_MACHINE_USB_CABLE_H
#define PITETHER_TESTS_MACHINE_USB_CABLE_H

#include <usbredirparser.h>

/* The first field of the device's own struct, which the parser's callbacks thus get. */
struct cable {
    struct usbredirparser *parser;
    int fd;
};

/* Connects to the socket of QEMU's character device. Before cable_plug_in(), the device puts its
 * own callbacks into the parser: those of reset, of control and bulk packets, and of cancelled
 * ones. On any error, these functions end the program with a line that says why. */
void cable_open(struct cable *cable, const char *path);
void cable_plug_in(struct cable *cable);

/* Waits for what the machine says, so many milliseconds at most (-1: for ever), and has the
 * callbacks called for it. */
void cable_wait(struct cable *cable, int patience_ms);

/* Sends what the parser was given to send, or as much of it as there is room for. */
void cable_flush(struct cable *cable);

#endif
