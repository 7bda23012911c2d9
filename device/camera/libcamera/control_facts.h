/*
 * What a release of libcamera knows of a control besides its limits: since 0.4 it says so itself,
 * for older ones there is a table made of its headers (make_known_controls.cmake). Any thread.
 */
#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_CONTROL_FACTS_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_CONTROL_FACTS_H

#include <map>
#include <string>

#include "device/camera/libcamera/compat.h"

namespace pitether
{

struct ControlFacts {
    std::string name; /* "vendor::Name", of libcamera's own without the vendor */
    bool array;
    size_t size; /* elements of an array; 0: any number */
    std::map<int32_t, std::string> enumerators;
};

ControlFacts facts_of(const lc::ControlId &id);

/* The control of that name, with its vendor; nullptr: this release does not have it. */
const lc::ControlId *find_control(const std::string &name);

/* An entry of the table for older releases. */
struct KnownEnumerator {
    int32_t value;
    const char *name;
};

struct KnownControl {
    const lc::ControlId *id;
    const char *vendor; /* "" is libcamera */
    bool array;
    size_t size; /* as in ControlFacts */
    const KnownEnumerator *enumerators;
    size_t enumerator_count;
};

/* The elements of a control of type T. */
template <typename T> struct ElementsOf {
    static constexpr bool array = false;
    static constexpr size_t size = 0;
};
template <typename T, size_t N> struct ElementsOf<lc::Span<T, N>> {
    static constexpr bool array = true;
    static constexpr size_t size = N == lc::dynamic_extent ? 0 : N;
};

template <typename T>
constexpr KnownControl known_control(const lc::Control<T> &id, const char *vendor,
                                     const KnownEnumerator *enumerators, size_t count)
{
    return { &id, vendor, ElementsOf<T>::array, ElementsOf<T>::size, enumerators, count };
}

extern const KnownControl known_controls[];
extern const size_t known_control_count;

} // namespace pitether

#endif
