#include "device/camera/libcamera/control_facts.h"

namespace pitether
{

#if LIBCAMERA_VERSION_MAJOR == 0 && LIBCAMERA_VERSION_MINOR < 4

ControlFacts facts_of(const lc::ControlId &id)
{
    ControlFacts facts = { id.name(), false, 0, {} };
    for (size_t i = 0; i < known_control_count; i++) {
        const KnownControl &known = known_controls[i];
        if (known.id->id() != id.id())
            continue;
        if (*known.vendor)
            facts.name = std::string(known.vendor) + "::" + id.name();
        facts.array = known.array;
        facts.size = known.size;
        for (size_t e = 0; e < known.enumerator_count; e++)
            facts.enumerators[known.enumerators[e].value] = known.enumerators[e].name;
    }
    return facts;
}

#else

ControlFacts facts_of(const lc::ControlId &id)
{
    const bool own = id.vendor().empty() || id.vendor() == "libcamera";
    const size_t size = id.size() == lc::dynamic_extent ? 0 : id.size();
    return { own ? id.name() : id.vendor() + "::" + id.name(), id.isArray(), size,
             id.enumerators() };
}

#endif

const lc::ControlId *find_control(const std::string &name)
{
    for (const auto &[number, id] : lc::controls::controls)
        if (facts_of(*id).name == name)
            return id;
    return nullptr;
}

} // namespace pitether
