# For a Raspberry Pi 2 or newer with a 32-bit system; not for a Pi Zero, Zero W or 1, on whose ARMv6
# processor the code of Debian's compiler crashes. See README.md.
set(cross_triplet arm-linux-gnueabihf)
set(cross_processor armv7l)
set(cross_debian armhf)
set(cross_qemu arm)
set(cross_loader /lib/ld-linux-armhf.so.3)
include(${CMAKE_CURRENT_LIST_DIR}/debian-cross.cmake)
