#include "quern/ops/node_view.h"
#include "quern/ops/shape_rules.h"

// Functions of one element that are no activations: unfused batch norms, activations written out,
// and chains that compute shapes are made of them.

namespace quern {

extern const OpDef kAbs{
    .op = "Abs",
    .summary = "|x|",
    .infer = infer_same,
};

extern const OpDef kCeil{
    .op = "Ceil",
    .summary = "the smallest whole number from x on",
    .infer = infer_same,
};

extern const OpDef kErf{
    .op = "Erf",
    .summary = "the error function",
    .infer = infer_same,
};

extern const OpDef kExp{
    .op = "Exp",
    .summary = "e to the power of x",
    .infer = infer_same,
};

extern const OpDef kFloor{
    .op = "Floor",
    .summary = "the largest whole number up to x",
    .infer = infer_same,
};

extern const OpDef kLog{
    .op = "Log",
    .summary = "natural logarithm",
    .infer = infer_same,
};

extern const OpDef kNeg{
    .op = "Neg",
    .summary = "−x",
    .infer = infer_same,
};

extern const OpDef kReciprocal{
    .op = "Reciprocal",
    .summary = "1 / x",
    .infer = infer_same,
};

extern const OpDef kRound{
    .op = "Round",
    .summary = "the nearest whole number, ties to the even one",
    .infer = infer_same,
};

extern const OpDef kSqrt{
    .op = "Sqrt",
    .summary = "square root",
    .infer = infer_same,
};

}  // namespace quern
