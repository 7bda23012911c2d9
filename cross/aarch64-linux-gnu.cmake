# For a Raspberry Pi with a 64-bit system (Debian or Raspberry Pi OS arm64). See README.md.
set(cross_triplet aarch64-linux-gnu)
set(cross_processor aarch64)
set(cross_debian arm64)
set(cross_qemu aarch64)
set(cross_loader /lib/ld-linux-aarch64.so.1)
include(${CMAKE_CURRENT_LIST_DIR}/debian-cross.cmake)
