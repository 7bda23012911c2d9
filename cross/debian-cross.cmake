# What the two toolchain files share. Before it is included, they set
#   cross_triplet    Debian's name of the target, as in aarch64-linux-gnu-gcc and /usr/lib/aarch64-linux-gnu
#   cross_processor  what `uname -m` says there
#   cross_debian     what dpkg calls it, as in libcamera-dev:arm64
#   cross_qemu       what qemu calls it, as in qemu-aarch64
#   cross_loader     the target's program loader, as in /lib/ld-linux-aarch64.so.1
#
# Libraries come from Debian's packages for the target, installed beside this machine's own ones, or
# with -DCMAKE_SYSROOT=DIR from a root of the target. See README.md.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${cross_processor})
set(CMAKE_LIBRARY_ARCHITECTURE ${cross_triplet})

# CMake leaves a text alone that begins with a space, and breaks other ones into lines.
function(cross_stop)
    string(CONCAT line ${ARGN})
    message(FATAL_ERROR " ${line}\n")
endfunction()

# Compilers. The C++ one compiles the libcamera source alone, but brings the C one with it.
set(cross_package g++-${cross_triplet})
foreach(language IN ITEMS C CXX)
    if(NOT CMAKE_${language}_COMPILER)
        set(name ${cross_triplet}-gcc)
        if(language STREQUAL "CXX")
            set(name ${cross_triplet}-g++)
        endif()
        find_program(CROSS_${language}_COMPILER ${name})
        if(NOT CROSS_${language}_COMPILER)
            cross_stop("${name} is missing: apt-get install ${cross_package}")
        endif()
        set(CMAKE_${language}_COMPILER ${CROSS_${language}_COMPILER})
    endif()
endforeach()

# Where the target's libraries are.
if(CMAKE_SYSROOT)
    if(NOT IS_ABSOLUTE "${CMAKE_SYSROOT}")
        cross_stop("CMAKE_SYSROOT=${CMAKE_SYSROOT} must be an absolute path")
    endif()
    if(NOT EXISTS "${CMAKE_SYSROOT}/usr/lib/${cross_triplet}/libc.so"
       OR NOT EXISTS "${CMAKE_SYSROOT}/usr/include/stdio.h")
        cross_stop("CMAKE_SYSROOT=${CMAKE_SYSROOT} is no root of ${cross_debian} with libc6-dev in it "
                   "(no usr/lib/${cross_triplet}/libc.so or no usr/include/stdio.h)")
    endif()
    # Debian has libm.so -> /lib/...: without its root in front, that is a file of this machine.
    if(IS_SYMLINK "${CMAKE_SYSROOT}/usr/lib/${cross_triplet}/libm.so")
        file(READ_SYMLINK "${CMAKE_SYSROOT}/usr/lib/${cross_triplet}/libm.so" link)
        if(IS_ABSOLUTE "${link}")
            cross_stop("CMAKE_SYSROOT=${CMAKE_SYSROOT} has absolute links in it, which lead out of it: "
                       "make the root with cross/sysroot.sh")
        endif()
    endif()
    # Debian's cross compiler looks into a C library of its own before the sysroot's: take that away
    # from its include path, and put the sysroot in front when it links.
    foreach(language IN ITEMS C CXX)
        set(CMAKE_${language}_FLAGS_INIT
            "-B${CMAKE_SYSROOT}/usr/lib/${cross_triplet} -nostdinc")
        string(TOLOWER ${language} input)
        string(REPLACE cxx c++ input ${input})
        execute_process(
            COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C ${CMAKE_${language}_COMPILER}
                    --sysroot=${CMAKE_SYSROOT} -v -E -x ${input} /dev/null
            OUTPUT_QUIET ERROR_VARIABLE path)
        string(REGEX REPLACE ".*#include <[^\n]*\n(.*)End of search list.*" "\\1" path "${path}")
        string(REGEX MATCHALL "[^ \n]+" path "${path}")
        foreach(folder IN LISTS path)
            get_filename_component(folder ${folder} ABSOLUTE)
            if(NOT folder STREQUAL "/usr/${cross_triplet}/include")
                string(APPEND CMAKE_${language}_FLAGS_INIT " -isystem ${folder}")
            endif()
        endforeach()
    endforeach()
    # The target's libcamera may need a newer C++ library than this compiler's own, against which it
    # is linked here: the target has it.
    foreach(kind IN ITEMS EXE SHARED MODULE)
        set(CMAKE_${kind}_LINKER_FLAGS_INIT
            "-L${CMAKE_SYSROOT}/usr/lib/${cross_triplet} -L${CMAKE_SYSROOT}/lib/${cross_triplet} -Wl,--allow-shlib-undefined")
    endforeach()
else()
    # What was installed by hand here is this machine's own.
    list(APPEND CMAKE_SYSTEM_IGNORE_PATH /usr/local/lib /usr/local/include)
endif()

# Code for one kind of Pi, which an older one may not be able to run.
set(PITETHER_CPU "" CACHE STRING "The Pi to tune for: pi3, zero2, pi4, pi5, or none for all of them")
set(cross_cpu_pi3 cortex-a53)
set(cross_cpu_zero2 cortex-a53)
set(cross_cpu_pi4 cortex-a72)
set(cross_cpu_pi5 cortex-a76)
if(PITETHER_CPU)
    if(NOT DEFINED cross_cpu_${PITETHER_CPU})
        cross_stop("PITETHER_CPU=${PITETHER_CPU} is unknown: give pi3, zero2, pi4 or pi5")
    endif()
    add_compile_options(-mcpu=${cross_cpu_${PITETHER_CPU}})
endif()

# Programs are this machine's, all else is the target's.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
unset(ENV{PKG_CONFIG_PATH})
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${CMAKE_SYSROOT}")
set(ENV{PKG_CONFIG_LIBDIR}
    "${CMAKE_SYSROOT}/usr/lib/${cross_triplet}/pkgconfig:${CMAKE_SYSROOT}/usr/share/pkgconfig")

# Tests run through qemu, with the target's own C library where there is one.
if(NOT CMAKE_HOST_SYSTEM_PROCESSOR STREQUAL CMAKE_SYSTEM_PROCESSOR
   AND NOT DEFINED CMAKE_CROSSCOMPILING_EMULATOR)
    find_program(CROSS_QEMU NAMES qemu-${cross_qemu}-static qemu-${cross_qemu})
    if(CROSS_QEMU)
        set(emulator ${CROSS_QEMU})
        if(CMAKE_SYSROOT)
            list(APPEND emulator -L ${CMAKE_SYSROOT})
        elseif(NOT EXISTS ${cross_loader})
            list(APPEND emulator -L /usr/${cross_triplet})
        endif()
        set(CMAKE_CROSSCOMPILING_EMULATOR "${emulator}" CACHE STRING "Runs the target's programs here")
    endif()
endif()

# CMake reads this several times; once is enough to say it.
get_property(said GLOBAL PROPERTY cross_said)
get_property(inner GLOBAL PROPERTY IN_TRY_COMPILE)
if(NOT said AND NOT inner)
    set_property(GLOBAL PROPERTY cross_said TRUE)
    if(CMAKE_SYSROOT)
        message(STATUS "Cross building for ${cross_debian} with the libraries in ${CMAKE_SYSROOT}")
    else()
        message(STATUS "Cross building for ${cross_debian}; a library that is missing is installed "
                       "with apt-get install NAME-dev:${cross_debian}")
    endif()
    if(NOT CMAKE_CROSSCOMPILING_EMULATOR
       AND NOT CMAKE_HOST_SYSTEM_PROCESSOR STREQUAL CMAKE_SYSTEM_PROCESSOR)
        message(STATUS "qemu-${cross_qemu} is missing: tests are built, but can't run here "
                       "(apt-get install qemu-user-static)")
    endif()
    if(cross_processor MATCHES "^arm")
        execute_process(COMMAND ${CMAKE_C_COMPILER} -dM -E -x c /dev/null
                        OUTPUT_VARIABLE macros ERROR_QUIET)
        if(macros MATCHES "__ARM_ARCH ([0-9]+)" AND CMAKE_MATCH_1 GREATER 6)
            message(WARNING "${CMAKE_C_COMPILER} makes ARMv${CMAKE_MATCH_1} code, which crashes with "
                            "\"Illegal instruction\" on a Raspberry Pi Zero, Zero W or 1 (ARMv6); "
                            "it runs on a Pi 2, 3, 4, 5 and Zero 2 W. "
                            "For a Zero or 1, build on the Pi itself.")
        endif()
    endif()
endif()
