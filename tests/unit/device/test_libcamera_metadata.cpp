/*
 * What requests report, packed by name.
 */
#include "device/camera/libcamera/metadata.h"

#include <cmath>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <vector>

#include "device/camera/libcamera/control_facts.h"

extern "C" {
#include <cmocka.h>
}

using namespace pitether;

namespace
{

struct Fixture {
    struct metadata_names names = {};
    struct metadata metadata = {};
    MetadataPacker packer{ &names };

    struct value find(const char *name) const
    {
        struct value value;
        if (!metadata_find(&metadata, &names, name, &value))
            fail_msg("%s is missing", name);
        return value;
    }
};

lc::ControlList report(float gain)
{
    lc::ControlList list(lc::controls::controls);
    const float gains[] = { 1.5f, 2.5f };
    list.set(lc::controls::ExposureTime, 9987);
    list.set(lc::controls::AnalogueGain, gain);
    list.set(lc::controls::ColourGains, lc::Span<const float, 2>(gains));
    list.set(lc::controls::FrameDuration, INT64_C(33333));
    list.set(lc::controls::AfState, 2);
    list.set(lc::controls::ScalerCrop, lc::Rectangle(1, 2, 30, 40));
    list.set(lc::controls::draft::TestPatternMode, 0);
    return list;
}

void all_that_is_reported(void **)
{
    Fixture fixture;
    fixture.packer.pack(report(2), &fixture.metadata);
    assert_int_equal(metadata_names_count(&fixture.names), 7);
    assert_int_equal(fixture.find("ExposureTime").int32[0], 9987);
    assert_true(fixture.find("AnalogueGain").number[0] == 2);
    assert_true(fixture.find("ColourGains").array);
    assert_true(fixture.find("ColourGains").number[1] == 2.5f);
    assert_int_equal(fixture.find("FrameDuration").int64[0], 33333);
    assert_int_equal(fixture.find("AfState").int32[0], 2);
    assert_int_equal(fixture.find("ScalerCrop").rectangle[0].height, 40);
    assert_int_equal(fixture.find("draft::TestPatternMode").int32[0], 0);
}

void names_stay(void **)
{
    Fixture fixture;
    fixture.packer.pack(report(2), &fixture.metadata);
    const int number = metadata_names_find(&fixture.names, "AnalogueGain");
    fixture.packer.pack(report(NAN), &fixture.metadata);
    assert_int_equal(metadata_names_count(&fixture.names), 7);
    assert_true(std::isnan(fixture.find("AnalogueGain").number[0]));
    MetadataPacker next(&fixture.names); /* of another run */
    next.pack(report(3), &fixture.metadata);
    assert_int_equal(metadata_names_count(&fixture.names), 7);
    assert_int_equal(metadata_names_find(&fixture.names, "AnalogueGain"), number);
    assert_true(fixture.find("AnalogueGain").number[0] == 3);
}

/* They have a place of their own in a frame. */
void times_are_left_out(void **)
{
    Fixture fixture;
    lc::ControlList list(lc::controls::controls);
    list.set(lc::controls::SensorTimestamp, INT64_C(1));
    if (const lc::ControlId *id = find_control("FrameWallClock"))
        list.set(id->id(), lc::ControlValue(INT64_C(1)));
    fixture.packer.pack(list, &fixture.metadata);
    assert_int_equal(fixture.metadata.size, 0);
    assert_int_equal(metadata_names_count(&fixture.names), 0);
}

/* On a Pi these are rpi::Bcm2835StatsOutput and the like. */
void what_is_too_large_is_left_out(void **)
{
    Fixture fixture;
    std::vector<lc::Rectangle> windows(VALUE_BYTES_MAX / sizeof(lc::Rectangle) + 1);
    lc::ControlList list = report(2);
    list.set(lc::controls::AfWindows, lc::Span<const lc::Rectangle>(windows));
    fixture.packer.pack(list, &fixture.metadata);
    assert_int_equal(metadata_names_count(&fixture.names), 7);
    windows.pop_back(); /* as large as a value may be */
    list.set(lc::controls::AfWindows, lc::Span<const lc::Rectangle>(windows));
    fixture.packer.pack(list, &fixture.metadata);
    assert_int_equal(fixture.find("AfWindows").count, windows.size());
    assert_int_equal(fixture.find("ExposureTime").int32[0], 9987);
}

void nobody_wants_it(void **)
{
    MetadataPacker packer(nullptr);
    struct metadata metadata = {};
    metadata.size = 5;
    packer.pack(report(2), &metadata);
    assert_int_equal(metadata.size, 0);
}

void numbers_that_a_release_may_lack(void **)
{
    lc::ControlList list = report(2);
    assert_false(read_int64(list, nullptr).has_value());
    assert_false(read_int64(list, &lc::controls::SensorTimestamp).has_value());
    assert_false(read_int64(list, &lc::controls::ExposureTime).has_value());
    assert_int_equal(read_int64(list, &lc::controls::FrameDuration).value_or(0), 33333);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_is_reported), cmocka_unit_test(names_stay),
        cmocka_unit_test(times_are_left_out),   cmocka_unit_test(what_is_too_large_is_left_out),
        cmocka_unit_test(nobody_wants_it),      cmocka_unit_test(numbers_that_a_release_may_lack),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
