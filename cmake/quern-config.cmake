# find_package(quern): quern::engine, which runs integer networks and nothing else; quern::core, which
# needs no LibTorch; and quern::quern, which holds everything.
include(CMakeFindDependencyMacro)
find_dependency(fmt)
include(${CMAKE_CURRENT_LIST_DIR}/quern.cmake)
