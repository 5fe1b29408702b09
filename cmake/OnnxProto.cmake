# onnx_proto: the C++ classes of onnx.proto, as #include "onnx/onnx.pb.h".
set(QUERN_ONNX_PROTO_ROOT ${PROJECT_SOURCE_DIR}/.deps/onnx
    CACHE PATH "Folder that holds onnx/onnx.proto")
set(generated ${PROJECT_BINARY_DIR}/proto)
file(MAKE_DIRECTORY ${generated})

add_custom_command(
  OUTPUT ${generated}/onnx/onnx.pb.cc ${generated}/onnx/onnx.pb.h
  COMMAND protobuf::protoc --proto_path=${QUERN_ONNX_PROTO_ROOT} --cpp_out=${generated}
          onnx/onnx.proto
  DEPENDS ${QUERN_ONNX_PROTO_ROOT}/onnx/onnx.proto
  VERBATIM)
add_library(onnx_proto STATIC ${generated}/onnx/onnx.pb.cc)
target_include_directories(onnx_proto SYSTEM PUBLIC ${generated})
target_link_libraries(onnx_proto PUBLIC protobuf::libprotobuf-lite)
