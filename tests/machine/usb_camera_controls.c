#include "usb_camera_controls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <linux/usb/video.h>

/* Automatic exposure's modes are bits (UVC 4.2.2.1.2); the mode with aperture priority is what
 * Linux takes for automatic where there is no other. */
enum { AE_MANUAL = 1, AE_APERTURE_PRIORITY = 8 };
enum { EXPOSURE_DEFAULT = 200 /* 100 µs */, UNIT_DEFAULT = 32 };

/* UVC 4.2.1.2. */
enum {
    ERROR_NONE = 0,
    ERROR_OUT_OF_RANGE = 4,
    ERROR_INVALID_CONTROL = 6,
    ERROR_INVALID_REQUEST = 7
};

struct control {
    uint8_t entity, selector, size;
    int32_t min, max, step, usual, now;
};

enum { AE_MODE, EXPOSURE, BRIGHTNESS, CONTRAST, SATURATION, GAMMA, GAIN, CONTROLS };

static struct control controls[CONTROLS] = {
    [AE_MODE] = { CAMERA_TERMINAL, UVC_CT_AE_MODE_CONTROL, 1, 0, 0,
                  AE_MANUAL | AE_APERTURE_PRIORITY, AE_APERTURE_PRIORITY, AE_APERTURE_PRIORITY },
    [EXPOSURE] = { CAMERA_TERMINAL, UVC_CT_EXPOSURE_TIME_ABSOLUTE_CONTROL, 4, 10, 990, 10,
                   EXPOSURE_DEFAULT, EXPOSURE_DEFAULT },
    [BRIGHTNESS] = { PROCESSING_UNIT, UVC_PU_BRIGHTNESS_CONTROL, 2, -64, 64, 4, 0, 0 },
    [CONTRAST] = { PROCESSING_UNIT, UVC_PU_CONTRAST_CONTROL, 2, 16, 128, 2, UNIT_DEFAULT,
                   UNIT_DEFAULT },
    [SATURATION] = { PROCESSING_UNIT, UVC_PU_SATURATION_CONTROL, 2, 0, 128, 1, UNIT_DEFAULT,
                     UNIT_DEFAULT },
    [GAMMA] = { PROCESSING_UNIT, UVC_PU_GAMMA_CONTROL, 2, 100, 300, 1, 220, 220 },
    [GAIN] = { PROCESSING_UNIT, UVC_PU_GAIN_CONTROL, 2, 16, 128, 1, UNIT_DEFAULT, UNIT_DEFAULT },
};

/* Why the last request stalled: Linux asks. */
static uint8_t last_error;

static int fail(uint8_t error)
{
    last_error = error;
    return -1;
}

static struct control *find(unsigned entity, unsigned selector)
{
    for (unsigned i = 0; i < CONTROLS; i++)
        if (controls[i].entity == entity && controls[i].selector == selector)
            return &controls[i];
    return NULL;
}

/* Little-endian, as this machine has to be; two bytes have a sign. */
static int32_t value_of(const uint8_t *data, unsigned size)
{
    int32_t value = 0;
    memcpy(&value, data, size);
    return size == 2 ? (int16_t)value : value;
}

static int set(struct control *control, const uint8_t *data, int size)
{
    if (size != control->size)
        return fail(ERROR_INVALID_REQUEST);
    int32_t value = value_of(data, control->size);
    if (control == &controls[AE_MODE]) {
        if (value != AE_MANUAL && value != AE_APERTURE_PRIORITY)
            return fail(ERROR_OUT_OF_RANGE);
    } else {
        value = value < control->min ? control->min : value > control->max ? control->max : value;
        value = control->min + (value - control->min) / control->step * control->step;
    }
    if (control == &controls[SATURATION] && value == control->max)
        return fail(ERROR_OUT_OF_RANGE);
    control->now = value;
    fprintf(stderr, "usb_camera: control %u of %u is %d\n", control->selector, control->entity,
            value);
    return 0;
}

static int get(const struct control *control, unsigned request, uint8_t *bytes)
{
    int32_t value = 0;
    switch (request) {
    case UVC_GET_CUR:
        value = control->now;
        break;
    case UVC_GET_MIN:
        value = control->min;
        break;
    case UVC_GET_MAX:
        value = control->max;
        break;
    case UVC_GET_RES:
        value = control->step;
        break;
    case UVC_GET_DEF:
        value = control->usual;
        break;
    case UVC_GET_INFO:
        bytes[0] = 3; /* can be got and set */
        return 1;
    case UVC_GET_LEN:
        bytes[0] = control->size;
        bytes[1] = 0;
        return 2;
    default:
        return fail(ERROR_INVALID_REQUEST);
    }
    memcpy(bytes, &value, control->size);
    return control->size;
}

int control_interface_request(const struct usb_redir_control_packet_header *ask,
                              const uint8_t *data, int size, uint8_t *bytes)
{
    unsigned entity = ask->index >> 8, selector = ask->value >> 8;
    if (entity == 0 && selector == UVC_VC_REQUEST_ERROR_CODE_CONTROL) {
        bytes[0] = last_error;
        last_error = ERROR_NONE;
        return 1;
    }
    struct control *control = find(entity, selector);
    if (!control)
        return fail(ERROR_INVALID_CONTROL);
    return ask->request == UVC_SET_CUR ? set(control, data, size)
                                       : get(control, ask->request, bytes);
}

static uint8_t clamp(int32_t value, int32_t min, int32_t max)
{
    return (uint8_t)(value < min ? min : value > max ? max : value);
}

void control_develop(const uint8_t colour[3], uint8_t shown[3])
{
    int32_t exposure =
        controls[AE_MODE].now == AE_MANUAL ? controls[EXPOSURE].now : EXPOSURE_DEFAULT;
    int32_t luma = (colour[0] - 16) * exposure / EXPOSURE_DEFAULT;
    luma = luma * controls[GAIN].now / UNIT_DEFAULT;
    luma = (luma - 110) * controls[CONTRAST].now / UNIT_DEFAULT + 110;
    shown[0] = clamp(16 + luma + controls[BRIGHTNESS].now, 16, 235);
    for (int i = 1; i < 3; i++)
        shown[i] =
            clamp(128 + (colour[i] - 128) * controls[SATURATION].now / UNIT_DEFAULT, 16, 240);
}
