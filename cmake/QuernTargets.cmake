# One function for a folder of the library, one for a folder of tests, and the shared libraries
# that collect the folders.

# What every file of quern is compiled and linked with.
add_library(quern_conventions INTERFACE)
target_compile_features(quern_conventions INTERFACE cxx_std_20)
target_compile_options(quern_conventions INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wfloat-conversion
  # Floats decide integers here: a fused multiply-add rounds once where the source says twice, so
  # contraction would give other codes on another CPU.
  -ffp-contract=off)
find_program(QUERN_MOLD mold)
if(QUERN_MOLD)
  target_link_options(quern_conventions INTERFACE -fuse-ld=mold)
endif()

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
  set_property(GLOBAL APPEND PROPERTY QUERN_OBJECTS_${part} $<TARGET_OBJECTS:quern_${name}>)
  set_property(GLOBAL APPEND PROPERTY QUERN_LIBRARIES_${part} ${arg_LIBRARIES})
endfunction()

# quern_shared_library(PART OUTPUT_NAME [LIBRARIES target…])
#
# The shared library of all folders of a part, for users quern::OUTPUT_NAME without "quern_". Without
# LibTorch no folder is left in the part `full`, hence no library.
function(quern_shared_library part output_name)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "LIBRARIES")
  get_property(objects GLOBAL PROPERTY QUERN_OBJECTS_${part})
  if(NOT objects)
    return()
  endif()
  get_property(libraries GLOBAL PROPERTY QUERN_LIBRARIES_${part})
  add_library(quern_${part} SHARED ${objects})
  set_target_properties(quern_${part} PROPERTIES OUTPUT_NAME ${output_name})
  target_include_directories(quern_${part} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
                                                  $<INSTALL_INTERFACE:include>)
  target_compile_features(quern_${part} PUBLIC cxx_std_20)
  target_link_libraries(quern_${part} PUBLIC ${arg_LIBRARIES} fmt::fmt
                                      PRIVATE ${libraries} $<BUILD_INTERFACE:quern_conventions>)
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
  list(TRANSFORM arg_DEPENDS PREPEND quern_)
  target_include_directories(${test} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${test} PRIVATE ${arg_DEPENDS} GTest::gmock_main quern_conventions)
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
