#include "device/camera/libcamera/control_value.h"

#include <cstring>
#include <limits>
#include <type_traits>

extern "C" {
#include "shared/base/text.h"
}

namespace pitether
{
namespace
{

/* The number of a type in this release of libcamera; -1: it does not have it. */
template <typename T, typename = void> constexpr int number_of = -1;
template <typename T>
constexpr int number_of<T, std::void_t<decltype(lc::details::control_type<T>::value)>> =
    lc::details::control_type<T>::value;

/* Elements of these types are the same bytes on both sides. */
constexpr struct {
    int theirs;
    enum value_type ours;
} same_types[] = {
    { number_of<bool>, VALUE_BOOL },     { number_of<uint8_t>, VALUE_BYTE },
    { number_of<int32_t>, VALUE_INT32 }, { number_of<int64_t>, VALUE_INT64 },
    { number_of<float>, VALUE_FLOAT },   { number_of<lc::Rectangle>, VALUE_RECTANGLE },
    { number_of<lc::Size>, VALUE_SIZE }, { number_of<lc::Point>, VALUE_POINT },
};
static_assert(sizeof(bool) == 1 && sizeof(float) == 4);
static_assert(sizeof(lc::Rectangle) == sizeof(struct value_rectangle));
static_assert(sizeof(lc::Size) == sizeof(struct value_size));
static_assert(sizeof(lc::Point) == sizeof(struct value_point));

template <typename From, typename To> bool convert(const void *from, size_t count, void *to)
{
    for (size_t i = 0; i < count; i++) {
        From number;
        memcpy(&number, static_cast<const uint8_t *>(from) + i * sizeof(From), sizeof(From));
        const auto wide = static_cast<int64_t>(number);
        if (wide < static_cast<int64_t>(std::numeric_limits<To>::min()) ||
            wide > static_cast<int64_t>(std::numeric_limits<To>::max()))
            return false;
        const To narrow = static_cast<To>(number);
        memcpy(static_cast<uint8_t *>(to) + i * sizeof(To), &narrow, sizeof(To));
    }
    return true;
}

bool text_from(const lc::Span<const uint8_t> &data, struct value *ours)
{
    char text[VALUE_BYTES_MAX + 1];
    if (data.size() > VALUE_BYTES_MAX)
        return false;
    text_copy(text, data.data(), data.size(), VALUE_BYTES_MAX);
    *ours = value_of_text(text);
    return true;
}

} // namespace

enum value_type type_from(lc::ControlType type)
{
    for (const auto &same : same_types)
        if (same.theirs == static_cast<int>(type))
            return same.ours;
    if (type == lc::ControlTypeString)
        return VALUE_TEXT;
    if (static_cast<int>(type) == number_of<uint16_t>)
        return VALUE_INT32;
    return static_cast<int>(type) == number_of<uint32_t> ? VALUE_INT64 : VALUE_NONE;
}

bool value_from(const lc::ControlValue &theirs, struct value *ours)
{
    const enum value_type type = type_from(theirs.type());
    const lc::Span<const uint8_t> data = theirs.data();
    const size_t count = theirs.numElements();
    *ours = {};
    if (type == VALUE_TEXT)
        return text_from(data, ours);
    if (type == VALUE_NONE || count > value_count_max(type) || (!theirs.isArray() && count != 1))
        return false;
    ours->type = static_cast<uint8_t>(type);
    ours->array = theirs.isArray();
    ours->count = static_cast<uint16_t>(count);
    if (static_cast<int>(theirs.type()) == number_of<uint16_t>)
        return convert<uint16_t, int32_t>(data.data(), count, ours->int32);
    if (static_cast<int>(theirs.type()) == number_of<uint32_t>)
        return convert<uint32_t, int64_t>(data.data(), count, ours->int64);
    if (count > 0)
        memcpy(ours->bytes, data.data(), count * value_element_size(type));
    return true;
}

bool value_to(const struct value &ours, lc::ControlType type, bool array, lc::ControlValue *theirs)
{
    if (ours.type == VALUE_NONE || ours.type != type_from(type))
        return false;
    const bool many = array || ours.type == VALUE_TEXT; /* libcamera's strings are arrays */
    if (!many && ours.count != 1)
        return false;
    theirs->reserve(type, many, ours.count);
    const lc::Span<uint8_t> data = theirs->data();
    if (static_cast<int>(type) == number_of<uint16_t>)
        return convert<int32_t, uint16_t>(ours.int32, ours.count, data.data());
    if (static_cast<int>(type) == number_of<uint32_t>)
        return convert<int64_t, uint32_t>(ours.int64, ours.count, data.data());
    if (data.size() > 0)
        memcpy(data.data(), ours.bytes, ours.count * value_element_size(ours.type));
    return true;
}

} // namespace pitether
