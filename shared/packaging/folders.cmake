# Read by cpack once the packages' files are in their places: their folders are for everybody to read,
# whatever the umask of who makes the packages. (CHMOD_RECURSE fails at a link to what is in another
# package.)
file(GLOB_RECURSE paths LIST_DIRECTORIES true ${CPACK_TEMPORARY_DIRECTORY}/*)
foreach(path IN LISTS paths ITEMS ${CPACK_TEMPORARY_DIRECTORY})
    if(IS_DIRECTORY ${path} AND NOT IS_SYMLINK ${path})
        file(CHMOD ${path} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
             GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
    endif()
endforeach()
