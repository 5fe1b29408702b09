# tflite_schema: the C++ classes of TFLite's tables, as #include "tflite_generated.h".
find_program(QUERN_FLATC flatc REQUIRED)
find_path(QUERN_FLATBUFFERS_INCLUDE_DIR flatbuffers/flatbuffers.h REQUIRED)
mark_as_advanced(QUERN_FLATC QUERN_FLATBUFFERS_INCLUDE_DIR)
set(schema ${PROJECT_SOURCE_DIR}/quern/importers/tflite.fbs)
set(generated ${PROJECT_BINARY_DIR}/schema)

add_custom_command(
  OUTPUT ${generated}/tflite_generated.h
  COMMAND ${QUERN_FLATC} --cpp --scoped-enums --gen-object-api -o ${generated} ${schema}
  DEPENDS ${schema}
  VERBATIM)
add_custom_target(tflite_schema_header DEPENDS ${generated}/tflite_generated.h)
add_library(tflite_schema INTERFACE)
add_dependencies(tflite_schema tflite_schema_header)
target_include_directories(tflite_schema SYSTEM INTERFACE ${generated}
                                                          ${QUERN_FLATBUFFERS_INCLUDE_DIR})
