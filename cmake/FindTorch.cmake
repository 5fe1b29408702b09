# FindTorch: LibTorch's CPU libraries as the target Torch::Torch.
#
# LibTorch's own CMake configuration stops unless a CUDA toolkit is installed, and its libtorch.so
# loads all of CUDA; libtorch_cpu.so and libc10.so are enough.
#
# TORCH_ROOT (variable or environment): an unpacked libtorch, or the `torch` folder of a wheel.
find_path(Torch_INCLUDE_DIR ATen/ATen.h
  HINTS ${TORCH_ROOT} ENV TORCH_ROOT PATH_SUFFIXES include NO_DEFAULT_PATH)
foreach(library IN ITEMS torch_cpu c10)
  find_library(Torch_${library}_LIBRARY ${library}
    HINTS ${TORCH_ROOT} ENV TORCH_ROOT PATH_SUFFIXES lib NO_DEFAULT_PATH)
endforeach()
# The OpenMP whose threads LibTorch uses; it comes along in a wheel.
find_library(Torch_gomp_LIBRARY NAMES libgomp.so.1 gomp
  HINTS ${TORCH_ROOT} ENV TORCH_ROOT PATH_SUFFIXES lib)
mark_as_advanced(Torch_gomp_LIBRARY Torch_INCLUDE_DIR Torch_torch_cpu_LIBRARY Torch_c10_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Torch
  REQUIRED_VARS Torch_torch_cpu_LIBRARY Torch_c10_LIBRARY Torch_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "Set TORCH_ROOT, or let `make deps` fetch LibTorch.")

if(Torch_FOUND AND NOT TARGET Torch::Torch)
  add_library(Torch::Torch INTERFACE IMPORTED)
  target_link_libraries(Torch::Torch INTERFACE ${Torch_torch_cpu_LIBRARY} ${Torch_c10_LIBRARY})
  if(Torch_gomp_LIBRARY)
    target_link_libraries(Torch::Torch INTERFACE ${Torch_gomp_LIBRARY})
  endif()
  # LibTorch's include folder also holds fmt and parts of protobuf, of other versions than the
  # system's libraries. Searched last (and as system headers), it cannot hide the system's own.
  target_compile_options(Torch::Torch INTERFACE
    "SHELL:-idirafter ${Torch_INCLUDE_DIR}"
    "SHELL:-idirafter ${Torch_INCLUDE_DIR}/torch/csrc/api/include")
endif()
