// usage: synthetic_photos FOLDER COUNT
//
// Writes labelled photos of ten shapes, for scripts that need pictures: FOLDER/list.txt.
#include <cstdlib>

#include "quern/data/synthetic.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  quern::write_synthetic_photos(argv[1], std::atoi(argv[2]), /*seed=*/1);
}
