/*
 * What the USB camera says of itself: USB 2.0, 9.6, and USB Video Class 1.1, 3 (UVC). Multi-byte
 * fields are little-endian, as this file's machine has to be.
 */
#include "usb_camera.h"

#include <string.h>

#include "usb_camera_controls.h"

#include <linux/usb/video.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the fields are stored as they are");

enum {
    DEFAULT_MATCHING_SRGB = 1, /* UVC 3.9.2.6: BT.709 primaries and sRGB's transfer */
    MATRIX_BT601 = 4,          /* ... SMPTE 170M */
};

DECLARE_UVC_HEADER_DESCRIPTOR(1);
DECLARE_UVC_INPUT_HEADER_DESCRIPTOR(1, 2);
DECLARE_UVC_FRAME_MJPEG(1);
DECLARE_UVC_FRAME_UNCOMPRESSED(1);

const struct usb_device_descriptor camera_device = {
    .bLength = USB_DT_DEVICE_SIZE,
    .bDescriptorType = USB_DT_DEVICE,
    .bcdUSB = 0x0200,
    .bDeviceClass = USB_CLASS_MISC,
    .bDeviceSubClass = 2,
    .bDeviceProtocol = 1, /* it has an interface association */
    .bMaxPacketSize0 = 64,
    .idVendor = 0x1d6b, /* the Linux Foundation's, for its own gadgets */
    .idProduct = 0x0102,
    .bcdDevice = 0x0100,
    .iManufacturer = CAMERA_MAKER,
    .iProduct = CAMERA_MODEL,
    .bNumConfigurations = 1,
};

/* The video control interface's own part. */
struct control_part {
    struct UVC_HEADER_DESCRIPTOR(1) header;
    struct uvc_camera_terminal_descriptor sensor;
    struct uvc_processing_unit_descriptor processing;
    struct uvc_output_terminal_descriptor output;
} __attribute__((packed));

struct mjpeg_part {
    struct uvc_format_mjpeg format;
    struct UVC_FRAME_MJPEG(1) frame;
    struct uvc_color_matching_descriptor colours;
} __attribute__((packed));

struct yuyv_part {
    struct uvc_format_uncompressed format;
    struct UVC_FRAME_UNCOMPRESSED(1) frame;
    struct uvc_color_matching_descriptor colours;
} __attribute__((packed));

/* The streaming interface's own part. */
struct streaming_part {
    struct UVC_INPUT_HEADER_DESCRIPTOR(1, 2) header;
    struct mjpeg_part mjpeg;
    struct yuyv_part yuyv;
} __attribute__((packed));

/* Both formats have one frame size, which differs in nothing else, and the same colours. */
#define FRAME(subtype, width, height, bytes)                                                       \
    {                                                                                              \
        .bLength = UVC_DT_FRAME_MJPEG_SIZE(1), .bDescriptorType = USB_DT_CS_INTERFACE,             \
        .bDescriptorSubType = (subtype), .bFrameIndex = 1, .wWidth = (width), .wHeight = (height), \
        .dwMinBitRate = (bytes)*8 * CAMERA_FPS, .dwMaxBitRate = (bytes)*8 * CAMERA_FPS,            \
        .dwMaxVideoFrameBufferSize = (bytes), .dwDefaultFrameInterval = CAMERA_INTERVAL,           \
        .bFrameIntervalType = 1, .dwFrameInterval = {                                              \
            CAMERA_INTERVAL                                                                        \
        }                                                                                          \
    }
#define COLOURS                                                                                    \
    {                                                                                              \
        .bLength = UVC_DT_COLOR_MATCHING_SIZE, .bDescriptorType = USB_DT_CS_INTERFACE,             \
        .bDescriptorSubType = UVC_VS_COLORFORMAT, .bColorPrimaries = DEFAULT_MATCHING_SRGB,        \
        .bTransferCharacteristics = DEFAULT_MATCHING_SRGB, .bMatrixCoefficients = MATRIX_BT601     \
    }
_Static_assert(UVC_DT_FRAME_MJPEG_SIZE(1) == UVC_DT_FRAME_UNCOMPRESSED_SIZE(1), "see FRAME()");

static const struct configuration {
    struct usb_config_descriptor all;
    struct usb_interface_assoc_descriptor video;
    struct usb_interface_descriptor control;
    struct control_part control_part;
    struct usb_interface_descriptor streaming;
    struct streaming_part streaming_part;
    /* Its size is 7, but the struct has what audio endpoints need besides. */
    uint8_t endpoint[USB_DT_ENDPOINT_SIZE];
} __attribute__((packed)) configuration = {
    .all = { .bLength = USB_DT_CONFIG_SIZE,
             .bDescriptorType = USB_DT_CONFIG,
             .wTotalLength = sizeof(configuration),
             .bNumInterfaces = CAMERA_INTERFACES,
             .bConfigurationValue = CAMERA_CONFIGURATION,
             .bmAttributes = USB_CONFIG_ATT_ONE,
             .bMaxPower = 50 },
    .video = { .bLength = USB_DT_INTERFACE_ASSOCIATION_SIZE,
               .bDescriptorType = USB_DT_INTERFACE_ASSOCIATION,
               .bFirstInterface = CAMERA_CONTROL,
               .bInterfaceCount = CAMERA_INTERFACES,
               .bFunctionClass = USB_CLASS_VIDEO,
               .bFunctionSubClass = 3 /* UVC A.2: a collection */ },
    .control = { .bLength = USB_DT_INTERFACE_SIZE,
                 .bDescriptorType = USB_DT_INTERFACE,
                 .bInterfaceNumber = CAMERA_CONTROL,
                 .bInterfaceClass = USB_CLASS_VIDEO,
                 .bInterfaceSubClass = UVC_SC_VIDEOCONTROL },
    .control_part = {
        .header = { .bLength = UVC_DT_HEADER_SIZE(1),
                    .bDescriptorType = USB_DT_CS_INTERFACE,
                    .bDescriptorSubType = UVC_VC_HEADER,
                    .bcdUVC = 0x0110,
                    .wTotalLength = sizeof(struct control_part),
                    .dwClockFrequency = 1000000,
                    .bInCollection = 1,
                    .baInterfaceNr = { CAMERA_STREAMING } },
        .sensor = { .bLength = UVC_DT_CAMERA_TERMINAL_SIZE(3),
                    .bDescriptorType = USB_DT_CS_INTERFACE,
                    .bDescriptorSubType = UVC_VC_INPUT_TERMINAL,
                    .bTerminalID = CAMERA_TERMINAL,
                    .wTerminalType = UVC_ITT_CAMERA,
                    .bControlSize = 3,
                    .bmControls = { TERMINAL_CONTROLS } },
        .processing = { .bLength = UVC_DT_PROCESSING_UNIT_SIZE(2),
                        .bDescriptorType = USB_DT_CS_INTERFACE,
                        .bDescriptorSubType = UVC_VC_PROCESSING_UNIT,
                        .bUnitID = PROCESSING_UNIT,
                        .bSourceID = CAMERA_TERMINAL,
                        .bControlSize = 2,
                        .bmControls = { PROCESSING_CONTROLS & 0xFF, PROCESSING_CONTROLS >> 8 } },
        .output = { .bLength = UVC_DT_OUTPUT_TERMINAL_SIZE,
                    .bDescriptorType = USB_DT_CS_INTERFACE,
                    .bDescriptorSubType = UVC_VC_OUTPUT_TERMINAL,
                    .bTerminalID = OUTPUT_TERMINAL,
                    .wTerminalType = UVC_TT_STREAMING,
                    .bSourceID = PROCESSING_UNIT },
    },
    .streaming = { .bLength = USB_DT_INTERFACE_SIZE,
                   .bDescriptorType = USB_DT_INTERFACE,
                   .bInterfaceNumber = CAMERA_STREAMING,
                   .bNumEndpoints = 1,
                   .bInterfaceClass = USB_CLASS_VIDEO,
                   .bInterfaceSubClass = UVC_SC_VIDEOSTREAMING },
    .streaming_part = {
        .header = { .bLength = UVC_DT_INPUT_HEADER_SIZE(1, 2),
                    .bDescriptorType = USB_DT_CS_INTERFACE,
                    .bDescriptorSubType = UVC_VS_INPUT_HEADER,
                    .bNumFormats = 2,
                    .wTotalLength = sizeof(struct streaming_part),
                    .bEndpointAddress = CAMERA_ENDPOINT,
                    .bTerminalLink = OUTPUT_TERMINAL,
                    .bControlSize = 1 },
        .mjpeg = {
            .format = { .bLength = UVC_DT_FORMAT_MJPEG_SIZE,
                        .bDescriptorType = USB_DT_CS_INTERFACE,
                        .bDescriptorSubType = UVC_VS_FORMAT_MJPEG,
                        .bFormatIndex = CAMERA_MJPEG,
                        .bNumFrameDescriptors = 1,
                        .bDefaultFrameIndex = 1 },
            .frame = FRAME(UVC_VS_FRAME_MJPEG, MJPEG_WIDTH, MJPEG_HEIGHT, MJPEG_MAX),
            .colours = COLOURS,
        },
        .yuyv = {
            .format = { .bLength = UVC_DT_FORMAT_UNCOMPRESSED_SIZE,
                        .bDescriptorType = USB_DT_CS_INTERFACE,
                        .bDescriptorSubType = UVC_VS_FORMAT_UNCOMPRESSED,
                        .bFormatIndex = CAMERA_YUYV,
                        .bNumFrameDescriptors = 1,
                        .guidFormat = { 'Y', 'U', 'Y', '2', 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0,
                                        0x38, 0x9B, 0x71 },
                        .bBitsPerPixel = 16,
                        .bDefaultFrameIndex = 1 },
            .frame = FRAME(UVC_VS_FRAME_UNCOMPRESSED, YUYV_WIDTH, YUYV_HEIGHT, YUYV_SIZE),
            .colours = COLOURS,
        },
    },
    .endpoint = { USB_DT_ENDPOINT_SIZE, USB_DT_ENDPOINT, CAMERA_ENDPOINT, USB_ENDPOINT_XFER_BULK,
                  CAMERA_PACKET & 0xFF, CAMERA_PACKET >> 8, 0 },
};

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

size_t camera_descriptor(uint16_t value, uint8_t *bytes)
{
    const uint8_t *from = (const uint8_t *)&camera_device;
    size_t size = sizeof(camera_device);
    switch (value >> 8) {
    case USB_DT_DEVICE:
        break;
    case USB_DT_CONFIG:
        from = (const uint8_t *)&configuration;
        size = sizeof(configuration);
        break;
    case USB_DT_STRING:
        return string_descriptor(value & 0xFF, bytes);
    default:
        return 0;
    }
    memcpy(bytes, from, size);
    return size;
}
