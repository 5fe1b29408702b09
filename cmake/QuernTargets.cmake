# One function for a folder of the library, one for a folder of tests, and the shared libraries
# that collect the folders.

# What every file of quern is compiled and linked with.
add_library(quern_conventions INTERFACE)
target_compile_features(quern_conventions INTERFACE cxx_std_20)
target_compile_options(quern_conventions INTERFACE
  -Wall -Wextra -Wpedantic -Wfloat-conversion
  # A designated initializer leaves the other members to their defaults on purpose.
  -Wno-missing-field-initializers
  # What only GCC knows, like a function's preferred width of vectors, is lost on clang, no more.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-unknown-pragmas -Wno-ignored-attributes>
  # Floats decide integers here: a fused multiply-add rounds once where the source says twice, so
  # contraction would give other codes on another CPU.
  -ffp-contract=off)
find_program(QUERN_MOLD mold)
if(QUERN_MOLD)
  target_link_options(quern_conventions INTERFACE -fuse-ld=mold)
endif()

# quern_precompiled(KIND target header…)
#
# Compiles the headers in front of every source of the target. The first target of a kind makes the
# file for all; they have the same compile options.
function(quern_precompiled kind target)
  get_property(first GLOBAL PROPERTY QUERN_PRECOMPILED_${kind})
  if(first)
    target_precompile_headers(${target} REUSE_FROM ${first})
  else()
    set_property(GLOBAL PROPERTY QUERN_PRECOMPILED_${kind} ${target})
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()

# quern_library(NAME [TORCH] [DEPENDS folder…] [LIBRARIES target…] SOURCES file…)
#
# The internal library of the folder quern/NAME. DEPENDS names other folders, LIBRARIES anything
# from outside. TORCH: its sources include LibTorch's headers. A folder that is TORCH, or depends on
# one that is, becomes part of libquern.so; all others become part of libquern_core.so, which a
# program can load without LibTorch.
function(quern_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg TORCH "" "DEPENDS;LIBRARIES;SOURCES")
  set(part core)
  foreach(folder IN LISTS arg_DEPENDS)
    get_property(part_of_folder GLOBAL PROPERTY QUERN_PART_OF_${folder})
    if(part_of_folder STREQUAL full)
      set(part full)
    endif()
  endforeach()
  if(arg_TORCH)
    set(part full)
    list(APPEND arg_LIBRARIES Torch::Torch)
  endif()
  set_property(GLOBAL PROPERTY QUERN_PART_OF_${name} ${part})
  if(part STREQUAL full AND QUERN_WITHOUT_TORCH)
    return()
  endif()

  add_library(quern_${name} STATIC ${arg_SOURCES})
  target_include_directories(quern_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  list(TRANSFORM arg_DEPENDS PREPEND quern_)
  target_link_libraries(quern_${name} PUBLIC ${arg_DEPENDS} ${arg_LIBRARIES}
                                      PRIVATE quern_conventions)
  if(arg_TORCH)
    quern_precompiled(torch quern_${name} <ATen/core/Tensor.h>)
  endif()
  set_property(GLOBAL APPEND PROPERTY QUERN_OBJECTS_${part} $<TARGET_OBJECTS:quern_${name}>)
  set_property(GLOBAL APPEND PROPERTY QUERN_LIBRARIES_${part} ${arg_LIBRARIES})
endfunction()

# quern_shared_library(PART NAME [DEPENDS target…])
#
# libNAME.so: all folders of a part. Without LibTorch the part `full` has none, hence no library.
# Public headers need only DEPENDS and fmt, so what the sources link stays private.
function(quern_shared_library part name)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "DEPENDS")
  get_property(objects GLOBAL PROPERTY QUERN_OBJECTS_${part})
  if(NOT objects)
    return()
  endif()
  set(target quern_${part})
  add_library(${target} SHARED ${objects})
  target_include_directories(${target} INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
                                                 $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(${target} INTERFACE cxx_std_20)
  get_property(libraries GLOBAL PROPERTY QUERN_LIBRARIES_${part})
  target_link_libraries(${target} PUBLIC ${arg_DEPENDS} fmt::fmt
                                  PRIVATE ${libraries} quern_conventions)
  string(REPLACE "quern_" "" exported ${name})
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${name}
    EXPORT_NAME ${exported}
    INSTALL_RPATH "$ORIGIN;$ORIGIN/quern/torch/torch/lib"
    INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS ${target} EXPORT quern)
endfunction()

# quern_test(NAME [LABELS label…] [DEPENDS folder…] SOURCES file…)
#
# One GoogleTest binary that tests the folder quern/NAME (or, where no folder has that name, only
# those of DEPENDS). Tests run in the source tree's root, so a path like tests/golden/a.onnx works.
function(quern_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LABELS;DEPENDS;SOURCES")
  get_property(is_folder GLOBAL PROPERTY QUERN_PART_OF_${name} SET)
  if(is_folder)
    list(APPEND arg_DEPENDS ${name})
  endif()
  set(uses_torch FALSE)
  foreach(folder IN LISTS arg_DEPENDS)
    get_property(part GLOBAL PROPERTY QUERN_PART_OF_${folder})
    if(part STREQUAL full)
      set(uses_torch TRUE)
    endif()
  endforeach()
  if(uses_torch AND QUERN_WITHOUT_TORCH)
    return()
  endif()

  set(test quern_${name}_test)
  add_executable(${test} ${arg_SOURCES})
  # A test is compiled more often than it is slow: optimizing it costs a third of its compile time.
  target_compile_options(${test} PRIVATE -O0)
  list(TRANSFORM arg_DEPENDS PREPEND quern_)
  target_include_directories(${test} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${test} PRIVATE ${arg_DEPENDS} GTest::gmock_main quern_conventions)
  # Reading GoogleTest takes longer than most tests' own lines.
  quern_precompiled(test ${test} <gmock/gmock.h> <gtest/gtest.h> <fmt/format.h>)
  set_target_properties(${test} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  if(uses_torch)
    # Loading LibTorch takes longer than most tests: one process for the whole binary.
    add_test(NAME ${name} COMMAND ${test} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}")
  else()
    gtest_discover_tests(${test} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} DISCOVERY_TIMEOUT 60
                         PROPERTIES LABELS "${arg_LABELS}")
  endif()
endfunction()

# quern_fuzzer(NAME DEPENDS folder… SOURCES file…): one libFuzzer binary, fuzz/NAME.
add_custom_target(fuzzers)
function(quern_fuzzer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS;SOURCES")
  set(target quern_${name}_fuzzer)
  add_executable(${target} ${arg_SOURCES})
  list(TRANSFORM arg_DEPENDS PREPEND quern_)
  target_link_libraries(${target} PRIVATE ${arg_DEPENDS} quern_conventions)
  target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${name}
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
  add_dependencies(fuzzers ${target})
endfunction()
