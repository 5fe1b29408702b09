# tensorflow_proto: the C++ classes of quern/importers/tensorflow.proto, as
# #include "quern/importers/tensorflow.pb.h".
set(generated ${PROJECT_BINARY_DIR}/proto)
set(schema ${PROJECT_SOURCE_DIR}/quern/importers/tensorflow.proto)
set(output ${generated}/quern/importers/tensorflow.pb)
file(MAKE_DIRECTORY ${generated})

add_custom_command(
  OUTPUT ${output}.cc ${output}.h
  COMMAND protobuf::protoc --proto_path=${PROJECT_SOURCE_DIR} --cpp_out=${generated} ${schema}
  DEPENDS ${schema}
  VERBATIM)
add_library(tensorflow_proto STATIC ${output}.cc)
target_include_directories(tensorflow_proto SYSTEM PUBLIC ${generated})
target_link_libraries(tensorflow_proto PUBLIC protobuf::libprotobuf-lite)
