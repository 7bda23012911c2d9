/*
 * libcamera's values of controls and metadata, and ours. Any thread.
 */
#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_CONTROL_VALUE_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_CONTROL_VALUE_H

#include "device/camera/libcamera/compat.h"

extern "C" {
#include "shared/controls/value.h"
}

namespace pitether
{

/* Our type of a value of theirs; VALUE_NONE: we have none. Unsigned numbers become signed ones that
 * hold them all. */
enum value_type type_from(lc::ControlType type);

/* False, with VALUE_NONE: we have no such type, or it has more elements than fit. Allocates
 * nothing. */
bool value_from(const lc::ControlValue &theirs, struct value *ours);

/* As a control of this type takes it. False: our value is of another type, or does not fit. */
bool value_to(const struct value &ours, lc::ControlType type, bool array, lc::ControlValue *theirs);

} // namespace pitether

#endif
