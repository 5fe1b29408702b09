#!/usr/bin/env bash
# Installs what quern needs on Debian 12; what is already there costs nothing and needs no network.
#
#   scripts/install_deps.sh build    compiler, libraries, LibTorch: what `make build` needs
#   scripts/install_deps.sh peers    the Python packages that tests compare quern with
#   scripts/install_deps.sh tensorflow  the same for TensorFlow's files (1.6 GB, in half a minute)
#   scripts/install_deps.sh browser  Chromium, in which a test opens the report of a run
#   scripts/install_deps.sh microcontroller  a Cortex-M4 in software, on which tests run generated C
#   scripts/install_deps.sh check    tools that judge the sources: clang, its formatter, its linter
#   scripts/install_deps.sh interop  PyTorch's exporters, several GB: what `make interop` needs
#
# This file is the one list of dependencies. Debian's packages go to the system; the rest is
# unpacked into .deps/ of the source tree.
set -euo pipefail
cd "$(dirname "$0")/.."

build_packages=(
  cmake ninja-build g++        # the build
  mold ccache                  # links and rebuilds in seconds
  libprotobuf-dev              # ONNX and TensorFlow files
  protobuf-compiler            #   … and their readers, generated from the schema
  libflatbuffers-dev           # TFLite files
  flatbuffers-compiler         #   … and their reader, generated from the schema
  libfmt-dev libspdlog-dev     # messages, log
  libcli11-dev                 # flags of the command
  libtomlplusplus-dev          # recipes
  nlohmann-json3-dev           # --json, manifests
  libjpeg62-turbo-dev          # JPEG
  libspng-dev zlib1g-dev       # PNG
  libtiff-dev                  # TIFF: the satellite pictures of FASDD
  libzip-dev                   # .npz archives
  libjs-chart.js               # charts of the report, built into the library
  libssl-dev                   # SHA-256 of inputs and results in a run's manifest
  libgtest-dev libgmock-dev    # unit tests
  python3-venv unzip           # fetch and unpack the wheels below
)

check_packages=(
  clang libclang-rt-14-dev     # fuzzers: libFuzzer and the sanitizers, which clang only recommends
  clang-format clang-tidy      # `make format`, `make tidy`
)

browser_packages=(
  chromium                     # opens the report of a run: 125 MB, in half a minute
)

microcontroller_packages=(
  gcc-arm-none-eabi            # compiles generated C for Cortex-M4; needs no C library there
  qemu-system-arm              #   … and runs it
)

torch_version=2.15.0           # tensors with gradients, float convolutions
cuda_version=13.2.86           # libcudart and libcupti: libtorch_cpu.so does not load without them
onnx_version=1.23.0            # onnx.proto, the schema of ONNX files; Debian's lacks INT4

peers=(
  numpy==2.4.6                 # arrays between the peers and quern's .npz files
  pillow==13.0.0               # the reference for decoding and resizing
  onnx=="$onnx_version"        # checks the structure of written files
  onnxruntime==1.31.1          # the reference for ONNX operators
  qonnx==1.0.0                 # the reference for QONNX's Quant
  ai-edge-litert==2.3.0        # the reference for TFLite's operators and integers
)

tensorflow=(
  tensorflow-cpu==2.21.0       # writes frozen graphs and is the reference for what they compute
  keras==3.15.1                # Keras models, frozen by it
  tf2onnx==1.17.0              # the same networks as ONNX files
  onnx=="$onnx_version"        #   … which it writes with this
  numpy==2.4.6                 # arrays between TensorFlow and quern's .npz files
)

interop=(
  numpy==2.4.6 onnx=="$onnx_version" onnxruntime==1.31.1  # as among the peers
  torch=="$torch_version"      # the exporters whose files quern reads
  torchvision==0.29.2          # networks to export
  onnxscript==0.7.2            # torch's newer exporter needs it
)

# Installs the Debian packages that are missing.
debian() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
      missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local root=()
  [ "$(id -u)" -eq 0 ] || root=(sudo)
  "${root[@]}" apt-get update
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends "${missing[@]}"
}

# unpacked NAME VERSION FUNCTION: fills .deps/NAME once per version. FUNCTION unpacks into the
# current folder, which takes its final name only when complete.
unpacked() {
  local name=$1 version=$2 fill=$3
  local target=$PWD/.deps/$name partial=$PWD/.deps/$name.partial
  [ "$(cat "$target/version" 2>/dev/null)" = "$version" ] && return
  rm -rf "$partial"
  mkdir -p "$partial"
  (cd "$partial" && "$fill" && echo "$version" >version)
  rm -rf "$target"
  mv "$partial" "$target"
}

# Puts wheels into ./wheels, without what they depend on.
download() {
  python3 -m venv pip
  pip/bin/pip download --quiet --no-deps --only-binary :all: --dest wheels "$@"
  rm -r pip
}

# libtorch_cpu.so looks for the CUDA libraries at ../../nvidia/cu13/lib, so both lie in one folder.
unpack_torch() {
  download "torch==$torch_version" "nvidia-cuda-runtime==$cuda_version" \
    "nvidia-cuda-cupti==$cuda_version"
  unzip -q 'wheels/torch-*.whl' 'torch/include/*' \
    torch/lib/libtorch_cpu.so torch/lib/libc10.so torch/lib/libgomp.so.1
  unzip -q 'wheels/nvidia_cuda_runtime-*.whl' nvidia/cu13/lib/libcudart.so.13
  unzip -q 'wheels/nvidia_cuda_cupti-*.whl' nvidia/cu13/lib/libcupti.so.13
  rm -r wheels
}

unpack_onnx() {
  download "onnx==$onnx_version"
  unzip -q 'wheels/onnx-*.whl' onnx/onnx.proto
  rm -r wheels
}

# A virtual environment holds absolute paths, so it is made in place and stamped last.
install_venv() {
  local venv=.deps/$1 wanted="${*:2}"
  [ "$(cat "$venv/version" 2>/dev/null)" = "$wanted" ] && return
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet "${@:2}"
  echo "$wanted" >"$venv/version"
}

for group in "$@"; do
  case $group in
    build)
      debian "${build_packages[@]}"
      [ -n "${TORCH_ROOT:-}" ] || unpacked torch "$torch_version $cuda_version" unpack_torch
      unpacked onnx "$onnx_version" unpack_onnx
      ;;
    peers)
      debian python3-venv
      install_venv peers "${peers[@]}"
      ;;
    tensorflow)
      debian python3-venv
      install_venv tensorflow "${tensorflow[@]}"
      ;;
    interop)
      debian python3-venv
      install_venv interop "${interop[@]}"
      ;;
    browser) debian "${browser_packages[@]}" ;;
    microcontroller) debian "${microcontroller_packages[@]}" ;;
    check) debian "${check_packages[@]}" ;;
    *)
      echo "unknown group '$group' (build, peers, tensorflow, browser, microcontroller," \
        "check, interop)" >&2
      exit 2
      ;;
  esac
done
