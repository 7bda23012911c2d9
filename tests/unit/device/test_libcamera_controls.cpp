/*
 * A Pi's controls, of this release of libcamera's types, as our table; and settings back.
 */
#include "device/camera/libcamera/controls.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstring>

#include "device/camera/libcamera/control_value.h"
#include "tests/libcamera/pi_camera.h"

extern "C" {
#include <cmocka.h>
}

using namespace pitether;

namespace
{

const lc::ControlInfoMap &pi_map()
{
    static const lc::ControlInfoMap map(pi::controls(), lc::controls::controls);
    return map;
}

lc::ControlList pi_properties()
{
    lc::ControlList list(lc::properties::properties);
    list.set(lc::properties::ScalerCropMaximum, pi::whole_view);
    return list;
}

struct Row {
    const char *name;
    uint8_t type;
    int elements; /* of an array; 0: any number; -1: it is none */
    const char *min, *max, *def, *unit, *enumerators;
};

const char any_box[] = "65535,65535,65535,65535";
const char view[] = "0,0,4608,2592";

/* All of a Pi's list; what a release does not know is passed over. */
const Row rows[] = {
    { "AeEnable", VALUE_BOOL, -1, "false", "true", "true", "", "" },
    { "ExposureTimeMode", VALUE_INT32, -1, "0", "1", "0", "",
      "0=ExposureTimeModeAuto 1=ExposureTimeModeManual " },
    { "ExposureTime", VALUE_INT32, -1, "26", "112015096", "20000", "µs", "" },
    { "AnalogueGainMode", VALUE_INT32, -1, "0", "1", "0", "",
      "0=AnalogueGainModeAuto 1=AnalogueGainModeManual " },
    { "AnalogueGain", VALUE_FLOAT, -1, "1", "16", "1", "", "" },
    { "AeMeteringMode", VALUE_INT32, -1, "0", "3", "0", "",
      "0=MeteringCentreWeighted 1=MeteringSpot 2=MeteringMatrix 3=MeteringCustom " },
    { "AeConstraintMode", VALUE_INT32, -1, "0", "3", "0", "",
      "0=ConstraintNormal 1=ConstraintHighlight 2=ConstraintShadows 3=ConstraintCustom " },
    { "AeExposureMode", VALUE_INT32, -1, "0", "3", "0", "",
      "0=ExposureNormal 1=ExposureShort 2=ExposureLong 3=ExposureCustom " },
    { "ExposureValue", VALUE_FLOAT, -1, "-8", "8", "0", "EV", "" },
    { "AeFlickerMode", VALUE_INT32, -1, "0", "1", "0", "", "0=FlickerOff 1=FlickerManual " },
    { "AeFlickerPeriod", VALUE_INT32, -1, "100", "1000000", "0", "µs", "" },
    { "FrameDurationLimits", VALUE_INT64, 2, "16657", "112015444", "33333", "µs", "" },
    { "AwbEnable", VALUE_BOOL, -1, "false", "true", "true", "", "" },
    { "AwbMode", VALUE_INT32, -1, "0", "7", "0", "",
      "0=AwbAuto 1=AwbIncandescent 2=AwbTungsten 3=AwbFluorescent 4=AwbIndoor 5=AwbDaylight "
      "6=AwbCloudy 7=AwbCustom " },
    { "ColourGains", VALUE_FLOAT, 2, "0", "32", "0", "", "" },
    { "ColourCorrectionMatrix", VALUE_FLOAT, 9, "-16", "16", "0", "", "" },
    { "ColourTemperature", VALUE_INT32, -1, "100", "100000", "4500", "K", "" },
    { "Brightness", VALUE_FLOAT, -1, "-1", "1", "0", "", "" },
    { "Contrast", VALUE_FLOAT, -1, "0", "32", "1", "", "" },
    { "Saturation", VALUE_FLOAT, -1, "0", "32", "1", "", "" },
    { "Sharpness", VALUE_FLOAT, -1, "0", "16", "1", "", "" },
    { "HdrMode", VALUE_INT32, -1, "0", "4", "0", "",
      "0=HdrModeOff 1=HdrModeMultiExposureUnmerged 2=HdrModeMultiExposure 3=HdrModeSingleExposure "
      "4=HdrModeNight " },
    { "draft::NoiseReductionMode", VALUE_INT32, -1, "0", "4", "0", "",
      "0=NoiseReductionModeOff 1=NoiseReductionModeFast 2=NoiseReductionModeHighQuality "
      "3=NoiseReductionModeMinimal 4=NoiseReductionModeZSL " },
    { "AfMode", VALUE_INT32, -1, "0", "2", "0", "",
      "0=AfModeManual 1=AfModeAuto 2=AfModeContinuous " },
    { "AfRange", VALUE_INT32, -1, "0", "2", "0", "",
      "0=AfRangeNormal 1=AfRangeMacro 2=AfRangeFull " },
    { "AfSpeed", VALUE_INT32, -1, "0", "1", "0", "", "0=AfSpeedNormal 1=AfSpeedFast " },
    { "AfMetering", VALUE_INT32, -1, "0", "1", "0", "", "0=AfMeteringAuto 1=AfMeteringWindows " },
    { "AfWindows", VALUE_RECTANGLE, 0, "0,0,0,0", any_box, "0,0,0,0", "px", "" },
    { "AfTrigger", VALUE_INT32, -1, "0", "1", "1", "", "0=AfTriggerStart 1=AfTriggerCancel " },
    { "AfPause", VALUE_INT32, -1, "0", "2", "2", "",
      "0=AfPauseImmediate 1=AfPauseDeferred 2=AfPauseResume " },
    { "LensPosition", VALUE_FLOAT, -1, "0", "15", "1", "dioptres", "" },
    { "ScalerCrop", VALUE_RECTANGLE, -1, "0,0,64,64", view, view, "px", "" },
    { "rpi::ScalerCrops", VALUE_RECTANGLE, 0, "0,0,64,64", view, view, "px", "" },
    { "rpi::StatsOutputEnable", VALUE_BOOL, -1, "false", "true", "false", "", "" },
    { "rpi::SyncMode", VALUE_INT32, -1, "0", "2", "0", "",
      "0=SyncModeOff 1=SyncModeServer 2=SyncModeClient " },
    { "rpi::SyncFrames", VALUE_INT32, -1, "1", "1000000", "100", "frames", "" },
    { "rpi::CnnEnableInputTensor", VALUE_BOOL, -1, "false", "true", "false", "", "" },
};

/* What all releases since 0.0.3 have. */
const unsigned rows_of_all = 26;

void assert_text(const Row &row, const char *what, const struct value &value, const char *expected)
{
    char text[VALUE_TEXT_SIZE];
    value_format(&value, text);
    if (strcmp(text, expected) != 0)
        fail_msg("%s: %s is %s instead of %s", row.name, what, text, expected);
}

void assert_row(const Row &row, const struct control_info &info)
{
    std::string enumerators;
    if (strcmp(info.name, row.name) != 0)
        fail_msg("%s is called %s", row.name, info.name);
    assert_text(row, "min", info.min, row.min);
    assert_text(row, "max", info.max, row.max);
    assert_text(row, "def", info.def, row.def);
    assert_string_equal(info.unit, row.unit);
    for (unsigned i = 0; i < info.enumerator_count; i++)
        enumerators +=
            std::to_string(info.enumerators[i].value) + "=" + info.enumerators[i].name + " ";
    assert_string_equal(enumerators.c_str(), row.enumerators);
    if (info.type != row.type || info.array != (row.elements >= 0) ||
        (info.array && info.size != row.elements) || !info.settable)
        fail_msg("%s: type %u, array %d of %u, settable %d", row.name, info.type, info.array,
                 info.size, info.settable);
    assert_int_equal(info.set.type, VALUE_NONE);
}

const struct control_info *find_row(const Controls &controls, const char *name)
{
    return control_table_find(&controls.table(), name, strlen(name));
}

void each_control_of_a_pi(void **)
{
    Controls controls;
    unsigned found = 0;
    assert_int_equal(controls.load(pi_map(), pi_properties()), 0);
    for (const Row &row : rows) {
        const struct control_info *info = find_row(controls, row.name);
        found += info != nullptr;
        if (info)
            assert_row(row, *info);
        else if (find_control(row.name))
            fail_msg("%s is missing", row.name);
    }
    assert_true(found >= rows_of_all);
    assert_int_equal(controls.table().count, found + 1); /* and the property */
    const struct control_info *maximum = find_row(controls, "ScalerCropMaximum");
    assert_non_null(maximum);
    assert_false(maximum->settable);
    assert_text({ "ScalerCropMaximum", 0, 0, "", "", "", "", "" }, "value", maximum->def, view);
}

/* Neighbours are what libcamera's own list has as such. */
void the_order_is_libcameras(void **)
{
    Controls controls;
    assert_int_equal(controls.load(pi_map(), pi_properties()), 0);
    const struct control_info *first = find_row(controls, "AwbEnable");
    assert_string_equal(first[1].name, "AwbMode");
}

void limits_that_make_no_sense_are_not_known(void **)
{
    lc::ControlInfoMap::Map map;
    map.emplace(&lc::controls::ExposureTime,
                lc::ControlInfo(lc::ControlValue(INT32_C(134)), lc::ControlValue(INT32_C(0)),
                                lc::ControlValue(INT32_C(1000))));
    map.emplace(&lc::controls::AnalogueGain, lc::ControlInfo(1.0f, 8.0f)); /* no default */
    const lc::ControlInfoMap odd(std::move(map), lc::controls::controls);
    Controls controls;
    assert_int_equal(controls.load(odd, lc::ControlList()), 0);
    assert_int_equal(controls.table().count, 2);
    const struct control_info *time = find_row(controls, "ExposureTime");
    assert_int_equal(time->min.type, VALUE_NONE);
    assert_int_equal(time->max.type, VALUE_NONE);
    assert_int_equal(time->def.int32[0], 1000);
    assert_int_equal(find_row(controls, "AnalogueGain")->def.type, VALUE_NONE);
}

void limits_of_arrays_may_be_arrays(void **)
{
    const int64_t min[] = { 100, 200 }, max[] = { 1000, 2000 };
    lc::ControlInfoMap::Map map;
    map.emplace(&lc::controls::FrameDurationLimits,
                lc::ControlInfo(lc::ControlValue(lc::Span<const int64_t>(min)),
                                lc::ControlValue(lc::Span<const int64_t>(max))));
    const lc::ControlInfoMap arrays(std::move(map), lc::controls::controls);
    Controls controls;
    assert_int_equal(controls.load(arrays, lc::ControlList()), 0);
    const struct control_info &info = controls.table().items[0];
    assert_int_equal(info.min.count, 2);
    assert_int_equal(info.min.int64[1], 200);
    assert_int_equal(info.max.int64[1], 2000);
}

/* Reading it again forgets what was there. */
void limits_change_with_the_configuration(void **)
{
    lc::ControlInfoMap::Map map;
    map.emplace(&lc::controls::AnalogueGain, lc::ControlInfo(1.0f, 8.0f, 2.0f));
    const lc::ControlInfoMap other(std::move(map), lc::controls::controls);
    Controls controls;
    assert_int_equal(controls.load(pi_map(), pi_properties()), 0);
    assert_int_equal(controls.load(other, lc::ControlList()), 0);
    assert_int_equal(controls.table().count, 1);
    assert_true(controls.table().items[0].max.number[0] == 8);
}

struct value sample_of(const struct control_info &info)
{
    struct value value = info.max.type != VALUE_NONE ? info.max : info.def;
    value.array = info.array;
    const unsigned count = info.array ? (info.size ? info.size : 2) : 1;
    for (unsigned i = 1; i < count; i++)
        memcpy(value.bytes + i * value_element_size(value.type), value.bytes,
               value_element_size(value.type));
    value.count = static_cast<uint16_t>(count);
    return value;
}

void each_control_goes_there_and_back(void **)
{
    Controls controls;
    assert_int_equal(controls.load(pi_map(), pi_properties()), 0);
    for (unsigned i = 0; i < controls.table().count; i++) {
        const struct control_info &info = controls.table().items[i];
        struct control_list settings = {};
        const struct value sent = sample_of(info);
        assert_true(control_list_set(&settings, info.name, &sent));
        lc::ControlList list(pi_map());
        controls.fill(settings, &list);
        assert_int_equal(list.size(), info.settable);
        if (!info.settable)
            continue;
        const lc::ControlId *id = find_control(info.name);
        const lc::ControlValue &theirs = list.get(id->id());
        assert_int_equal(theirs.type(), id->type());
        assert_int_equal(theirs.isArray(), info.array);
        struct value back;
        assert_true(value_from(theirs, &back));
        assert_true(value_equal(&sent, &back));
    }
}

/* As libcamera's own code reads them. */
void typed_values(void **)
{
    Controls controls;
    struct control_list settings = {};
    assert_int_equal(controls.load(pi_map(), pi_properties()), 0);
    const float gains[] = { 1.5f, 2.5f };
    struct value value = value_of_floats(gains, 2);
    control_list_set(&settings, "ColourGains", &value);
    value = value_of_int32(9987);
    control_list_set(&settings, "ExposureTime", &value);
    value = value_of_bool(false);
    control_list_set(&settings, "AeEnable", &value);
    value = value_of_rectangle({ -3, 4, 500, 600 });
    control_list_set(&settings, "ScalerCrop", &value);
    lc::ControlList list(pi_map());
    controls.fill(settings, &list);
    const auto read = list.get(lc::controls::ColourGains);
    assert_true(read && (*read)[0] == 1.5f && (*read)[1] == 2.5f);
    assert_int_equal(list.get(lc::controls::ExposureTime).value_or(0), 9987);
    assert_false(list.get(lc::controls::AeEnable).value_or(true));
    const auto crop = list.get(lc::controls::ScalerCrop);
    assert_true(crop && *crop == lc::Rectangle(-3, 4, 500, 600));
}

void what_would_end_the_process_is_left_out(void **)
{
    Controls controls;
    struct control_list settings = {};
    const float three[] = { 1, 2, 3 };
    lc::ControlInfoMap::Map few = pi::controls();
    few.erase(&lc::controls::Brightness);
    const lc::ControlInfoMap map(std::move(few), lc::controls::controls);
    assert_int_equal(controls.load(map, lc::ControlList()), 0);
    struct value value = value_of_float(0.5f);
    control_list_set(&settings, "Brightness", &value); /* the camera lacks it */
    control_list_set(&settings, "Hasselblad", &value); /* nobody has it */
    control_list_set(&settings, "AwbEnable", &value);  /* of another type */
    value = value_of_floats(three, 3);
    control_list_set(&settings, "ColourGains", &value); /* one too many */
    value = {};
    control_list_set(&settings, "Contrast", &value); /* left to the camera */
    lc::ControlList list(map);
    controls.fill(settings, &list);
    assert_int_equal(list.size(), 0);
}

void texts_and_what_is_too_large(void **)
{
    const std::string text = "imx708\x1b[2J";
    const std::vector<uint8_t> blob(VALUE_BYTES_MAX + 1, 7);
    struct value value;
    assert_false(value_from(lc::ControlValue(), &value));
    assert_int_equal(value.type, VALUE_NONE);
    assert_false(value_from(lc::ControlValue(lc::Span<const uint8_t>(blob)), &value));
    lc::ControlValue theirs;
    struct value ours = value_of_text(text.c_str());
    ours.count = static_cast<uint16_t>(text.size());
    memcpy(ours.text, text.data(), text.size());
    assert_true(value_to(ours, lc::ControlTypeString, false, &theirs));
    assert_int_equal(theirs.numElements(), text.size());
    assert_true(value_from(theirs, &value));
    assert_int_equal(value.type, VALUE_TEXT);
    assert_false(value.array);
    assert_memory_equal(value.text, "imx708", 6);
    assert_null(memchr(value.text, '\x1b', value.count)); /* fit for a terminal */
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_control_of_a_pi),
        cmocka_unit_test(the_order_is_libcameras),
        cmocka_unit_test(limits_that_make_no_sense_are_not_known),
        cmocka_unit_test(limits_of_arrays_may_be_arrays),
        cmocka_unit_test(limits_change_with_the_configuration),
        cmocka_unit_test(each_control_goes_there_and_back),
        cmocka_unit_test(typed_values),
        cmocka_unit_test(what_would_end_the_process_is_left_out),
        cmocka_unit_test(texts_and_what_is_too_large),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
