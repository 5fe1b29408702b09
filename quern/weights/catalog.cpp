#include <vector>

#include "quern/weights/name_scheme.h"
#include "quern/weights/schemes.h"

namespace quern {

const std::vector<NameScheme>& name_schemes() {
  static const std::vector<NameScheme> kSchemes = [] {
    std::vector<NameScheme> all;
    for (const auto list :
         {torchvision_names, timm_names, keras_names, tf_slim_names, hosted_mnasnet_names}) {
      const std::vector<NameScheme> schemes = list();
      all.insert(all.end(), schemes.begin(), schemes.end());
    }
    return all;
  }();
  return kSchemes;
}

}  // namespace quern
