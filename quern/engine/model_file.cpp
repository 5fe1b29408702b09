#include "quern/engine/model_file.h"

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/engine/check.h"
#include "quern/engine/internal/archive.h"
#include "quern/engine/internal/envelope.h"

namespace quern {

std::vector<std::byte> to_bytes(const IntModel& model) {
  check(model);
  std::vector<std::byte> payload;
  internal::Writer writer(payload);
  writer(model);
  return internal::seal(payload);
}

IntModel from_bytes(std::span<const std::byte> bytes, const std::string& source) {
  return with_context(source, [&] {
    internal::Reader reader(internal::unseal(bytes));
    IntModel model;
    reader(model);
    internal::demand(reader.rest() == 0, "{} bytes follow the last field", reader.rest());
    check(model);
    return model;
  });
}

void write_model(const IntModel& model, const std::filesystem::path& path) {
  write_file(path, to_bytes(model));
}

IntModel read_model(const std::filesystem::path& path) {
  return from_bytes(read_file(path), path.string());
}

}  // namespace quern
