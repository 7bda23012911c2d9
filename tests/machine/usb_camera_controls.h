/*
 * What the USB camera can be set to (UVC 1.1, 4.2.2.1 and 4.2.2.3), and how its picture shows it.
 */
#ifndef PITETHER_TESTS_MACHINE_USB_CAMERA_CONTROLS_H
#define PITETHER_TESTS_MACHINE_USB_CAMERA_CONTROLS_H

#include <stdint.h>

#include "usb_cable.h"

/* Entities, as the descriptors have them. */
enum { CAMERA_TERMINAL = 1, OUTPUT_TERMINAL = 2, PROCESSING_UNIT = 3 };

/* bmControls of the two that have any: automatic exposure and exposure time; brightness, contrast,
 * saturation, gamma and gain. */
enum { TERMINAL_CONTROLS = 1 << 1 | 1 << 3 };
enum { PROCESSING_CONTROLS = 1 << 0 | 1 << 1 | 1 << 3 | 1 << 5 | 1 << 9 };

/* A class request to the control interface. Returns the answer's size, or -1 for what is to stall.
 * Values are clamped and rounded to steps, as devices do, and setting the saturation to its maximum
 * stalls. */
int control_interface_request(const struct usb_redir_control_packet_header *ask,
                              const uint8_t *data, int size, uint8_t *bytes);

/* A colour of limited range, Y, U and V, as the picture shows it with what is set now. Exposure, if
 * it is not automatic, and gain multiply the luma (UVC says no more of them than that they grow),
 * then contrast stretches it about the middle, and brightness is added. Gamma has no effect. */
void control_develop(const uint8_t colour[3], uint8_t shown[3]);

#endif
