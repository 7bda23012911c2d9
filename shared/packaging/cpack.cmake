# Read by cpack before it makes a package: what is known only once the programs are built.

# Files are as old as the release, so that one source makes one package, byte for byte.
if(NOT DEFINED ENV{SOURCE_DATE_EPOCH})
    execute_process(
        COMMAND dpkg-parsechangelog -S Timestamp -l ${CPACK_PITETHER_CHANGELOG}
        OUTPUT_VARIABLE time OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    set(ENV{SOURCE_DATE_EPOCH} ${time})
endif()

foreach(component IN LISTS CPACK_COMPONENTS_ALL)
    set(file ${CPACK_PITETHER_FILE_${component}})
    set(depends "")
    if(file AND NOT EXISTS ${file})
        message(FATAL_ERROR "${file} is not there: build it first")
    endif()
    if(file)
        execute_process(
            COMMAND ${CPACK_PITETHER_DEPENDS} ${CPACK_DEBIAN_PACKAGE_ARCHITECTURE} ${file}
                    ${CPACK_PITETHER_SYSROOT}
            OUTPUT_VARIABLE depends OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    endif()
    string(TOUPPER ${component} upper)
    set(needs ${CPACK_PITETHER_NEEDS_${component}} ${depends})
    list(JOIN needs ", " CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS)
endforeach()
