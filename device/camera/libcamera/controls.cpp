#include "device/camera/libcamera/controls.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "device/camera/libcamera/control_value.h"

extern "C" {
#include "device/camera/control_units.h"
}

namespace pitether
{
namespace
{

bool is_less(const struct value &one, const struct value &other)
{
    const unsigned count = std::min(one.count, other.count);
    for (unsigned i = 0; i < count; i++)
        if (value_number(&one, i) < value_number(&other, i))
            return true;
    return false;
}

/* A limit or a default is one element that holds for all, or an array, by the release. */
struct value bound_from(const lc::ControlValue &theirs, const struct control_info &info)
{
    struct value value;
    if (!value_from(theirs, &value) || value.type != info.type || (!info.array && value.count != 1))
        return {};
    return value;
}

/* Releases before 0.3 had controls whose limits make no sense. */
void set_limits(const lc::ControlInfo &theirs, struct control_info *info)
{
    info->min = bound_from(theirs.min(), *info);
    info->max = bound_from(theirs.max(), *info);
    info->def = bound_from(theirs.def(), *info);
    if (info->min.type != VALUE_NONE && info->max.type != VALUE_NONE &&
        is_less(info->max, info->min))
        info->min = info->max = {};
}

/* A Pi has no limits here: with two outputs, what the first one shows by default is in the place of
 * the smallest value, and of the second one in that of the largest. */
bool has_default_crops(const struct control_info &info)
{
    return strcmp(info.name, "rpi::ScalerCrops") == 0;
}

void set_default_crops(const lc::ControlInfo &theirs, struct control_info *info)
{
    const struct value first = bound_from(theirs.min(), *info);
    const struct value second = bound_from(theirs.max(), *info);
    if (first.type != VALUE_RECTANGLE || second.type != VALUE_RECTANGLE || first.count != 1 ||
        second.count != 1 || first.rectangle[0].width == 0)
        return; /* one output */
    info->def = first;
    info->def.array = true;
    info->def.count = 2;
    info->def.rectangle[1] = second.rectangle[0];
}

/* A Pi lists only Off and Client, though Server works, too. */
bool is_listed_in_part(const std::string &name)
{
    return name == "rpi::SyncMode";
}

bool accepts(const lc::ControlInfo &theirs, const struct control_info &info, int32_t number)
{
    const auto &listed = theirs.values();
    const auto is_it = [&](const lc::ControlValue &value) {
        struct value ours;
        return value_from(value, &ours) && value_number(&ours, 0) == number;
    };
    if (!listed.empty())
        return std::any_of(listed.begin(), listed.end(), is_it);
    return (info.min.type == VALUE_NONE || value_number(&info.min, 0) <= number) &&
           (info.max.type == VALUE_NONE || value_number(&info.max, 0) >= number);
}

void set_enumerators(const lc::ControlInfo &theirs, const ControlFacts &facts,
                     struct control_info *info)
{
    for (const auto &[number, name] : facts.enumerators) {
        if (info->enumerator_count == CONTROL_ENUMERATORS_MAX)
            return;
        if (!is_listed_in_part(facts.name) && !accepts(theirs, *info, number))
            continue;
        struct control_enumerator *enumerator = &info->enumerators[info->enumerator_count++];
        enumerator->value = number;
        snprintf(enumerator->name, sizeof(enumerator->name), "%s", name.c_str());
    }
}

} // namespace

Controls::~Controls()
{
    control_table_clear(&table_);
}

int Controls::load(const lc::ControlInfoMap &controls, const lc::ControlList &properties)
{
    std::vector<Entry> found;
    for (const auto &[id, info] : controls)
        found.push_back({ id, &info, facts_of(*id) });
    /* As libcamera's list of all controls has them: those that belong together are neighbours. */
    std::sort(found.begin(), found.end(),
              [](const Entry &a, const Entry &b) { return a.id->id() < b.id->id(); });
    control_table_clear(&table_);
    entries_.clear();
    for (const Entry &entry : found)
        if (type_from(entry.id->type()) != VALUE_NONE && !add(entry))
            return -ENOMEM;
    return add_property(properties) ? 0 : -ENOMEM;
}

bool Controls::add(const Entry &entry)
{
    if (table_.count == CONTROLS_MAX)
        return true; /* more than any camera has */
    const ControlFacts &facts = entry.facts;
    struct control_info *info = control_table_add(&table_, facts.name.c_str());
    if (!info)
        return false;
    info->type = static_cast<uint8_t>(type_from(entry.id->type()));
    info->array = facts.array && info->type != VALUE_TEXT;
    info->settable = true; /* releases declare ColourTemperature an output, and Pis take it */
    info->size = static_cast<uint16_t>(std::min<size_t>(facts.size, UINT16_MAX));
    snprintf(info->unit, sizeof(info->unit), "%s", control_unit(info->name));
    if (has_default_crops(*info))
        set_default_crops(*entry.info, info);
    else
        set_limits(*entry.info, info);
    set_enumerators(*entry.info, facts, info);
    entries_.push_back(entry);
    return true;
}

/* AfWindows are in the pixels of this rectangle. */
bool Controls::add_property(const lc::ControlList &properties)
{
    const auto maximum = properties.get(lc::properties::ScalerCropMaximum);
    if (!maximum || table_.count == CONTROLS_MAX)
        return true;
    struct control_info *info = control_table_add(&table_, "ScalerCropMaximum");
    if (!info)
        return false;
    info->type = VALUE_RECTANGLE;
    snprintf(info->unit, sizeof(info->unit), "%s", control_unit(info->name));
    info->def = value_of_rectangle({ maximum->x, maximum->y, maximum->width, maximum->height });
    entries_.push_back({ nullptr, nullptr, {} });
    return true;
}

bool Controls::is_pi() const
{
    const auto is_of_pi = [](const struct control_info &info) {
        return strncmp(info.name, "rpi::", 5) == 0;
    };
    return std::any_of(table_.items, table_.items + table_.count, is_of_pi);
}

int Controls::add_device(struct v4l2_controls *device)
{
    const int result = v4l2_controls_list(device, &table_);
    entries_.resize(table_.count);
    return result;
}

void Controls::fill(const struct control_list &settings, lc::ControlList *theirs) const
{
    for (unsigned i = 0; i < settings.count; i++)
        fill_one(settings.items[i], theirs);
}

void Controls::fill_one(const struct control_setting &setting, lc::ControlList *theirs) const
{
    const struct control_info *info =
        control_table_find(&table_, setting.name, strlen(setting.name));
    if (!info || !info->settable || (info->size && setting.value.count != info->size))
        return;
    const lc::ControlId *id = entries_[static_cast<size_t>(info - table_.items)].id;
    lc::ControlValue value;
    if (id && value_to(setting.value, id->type(), info->array, &value))
        theirs->set(id->id(), value);
}

} // namespace pitether
