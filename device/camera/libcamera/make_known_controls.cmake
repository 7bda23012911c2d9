# Writes the table of controls for a release of libcamera that can't be asked at run time for their
# vendors, sizes and enumerators. What it finds in the header is named in the table by its symbol, so
# that the compiler checks it.
#
#   cmake -DHEADER=.../libcamera/control_ids.h -DOUTPUT=known_controls.cpp -P make_known_controls.cmake
cmake_minimum_required(VERSION 3.25)
file(READ "${HEADER}" text)
string(REPLACE ";" "" text "${text}")
string(CONCAT pattern
    "namespace [a-z]+|enum [{]|enum [A-Za-z0-9]+Enum|"
    "\n\t[A-Za-z0-9]+ = |extern const Control<[^\n]*> [A-Za-z0-9]+")
string(REGEX MATCHALL "${pattern}" tokens "${text}")

set(enumerators "")
set(controls "")
set(count 0)
set(vendor "")
set(enum "")
foreach(token IN LISTS tokens)
    if(token MATCHES "^namespace ([a-z]+)")
        if(NOT CMAKE_MATCH_1 STREQUAL "libcamera" AND NOT CMAKE_MATCH_1 STREQUAL "controls")
            set(vendor "${CMAKE_MATCH_1}")
        endif()
    elseif(token MATCHES "^enum ([A-Za-z0-9]+)Enum")
        set(enum "${CMAKE_MATCH_1}")
        set(values "")
    elseif(token MATCHES "^enum ")
        set(enum "")
    elseif(token MATCHES "^\n\t([A-Za-z0-9]+)")
        if(enum)
            set(scope "lc::controls::")
            if(vendor)
                string(APPEND scope "${vendor}::")
            endif()
            string(APPEND values "    { ${scope}${CMAKE_MATCH_1}, \"${CMAKE_MATCH_1}\" },\n")
        endif()
    elseif(token MATCHES "> ([A-Za-z0-9]+)$")
        set(name "${CMAKE_MATCH_1}")
        set(symbol "lc::controls::${name}")
        if(vendor)
            set(symbol "lc::controls::${vendor}::${name}")
        endif()
        set(list "nullptr, 0")
        if(enum STREQUAL name)
            set(list "of_${vendor}${name}, std::size(of_${vendor}${name})")
            string(APPEND enumerators
                "constexpr KnownEnumerator of_${vendor}${name}[] = {\n${values}};\n\n")
        endif()
        string(APPEND controls "    known_control(${symbol}, \"${vendor}\", ${list}),\n")
        math(EXPR count "${count} + 1")
        set(enum "")
    endif()
endforeach()
if(count LESS 20)
    message(FATAL_ERROR "${HEADER} is not libcamera's list of controls: only ${count} were found")
endif()

file(WRITE "${OUTPUT}" "/* Made of libcamera's control_ids.h by make_known_controls.cmake. */
#include \"device/camera/libcamera/control_facts.h\"

#include <iterator>

namespace pitether
{
namespace
{

${enumerators}} // namespace

const KnownControl known_controls[] = {
${controls}};

const size_t known_control_count = std::size(known_controls);

} // namespace pitether
")
