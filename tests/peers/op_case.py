"""A model of one op whose attributes and shapes are drawn by chance."""

import random

import numpy as np
from onnx import TensorProto, helper, numpy_helper


class Case:
    """A model of one node that grows its inputs and constants as they are chosen."""

    def __init__(self, seed, opset):
        self.chance = random.Random(seed)
        self.generator = np.random.default_rng(seed)
        self.opset = opset
        self.feeds, self.constants, self.names = {}, {}, []
        self.attributes = {}
        self.outputs = 1

    def floats(self, shape):
        return self.generator.normal(size=shape).astype(np.float32)

    def input(self, shape=None, values=None):
        name = f"x{len(self.feeds)}"
        self.feeds[name] = self.floats(shape) if values is None else values
        self.names.append(name)
        return self.feeds[name]

    def constant(self, values):
        name = f"c{len(self.constants)}"
        self.constants[name] = np.asarray(values)
        self.names.append(name)

    def omit(self):
        self.names.append("")

    def setting(self, attribute, values, since=7):
        """An attribute, or an input of integers where the opset has it as one."""
        if self.opset >= since:
            self.constant(np.array(values, np.int64))
        else:
            self.attributes[attribute] = values

    def maybe(self, share=0.5):
        return self.chance.random() < share

    def shape(self, rank=None, most=6):
        rank = rank or self.chance.randint(1, 4)
        return [self.chance.randint(1, most) for _ in range(rank)]

    def image(self, least=1, most=12):
        return [self.chance.randint(1, 3), self.chance.randint(1, 6),
                self.chance.randint(least, most), self.chance.randint(least, most)]

    def axis(self, rank):
        return self.chance.randint(-rank, rank - 1)

    def axes(self, rank, least=1):
        chosen = self.chance.sample(range(rank), self.chance.randint(least, rank))
        return [axis - rank if self.maybe(0.3) else axis for axis in chosen]

    def pair(self, low, high):
        return [self.chance.randint(low, high), self.chance.randint(low, high)]

    def model(self, op):
        values = {name: list(array.shape) for name, array in self.feeds.items()}
        names = [f"y{i}" for i in range(self.outputs)]
        node = helper.make_node(op, self.names, names, **self.attributes)
        graph = helper.make_graph(
            [node], "case",
            [helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(self.feeds[name].dtype), shape)
             for name, shape in values.items()],
            [helper.make_tensor_value_info(name, self.attributes.get("to", TensorProto.FLOAT), None)
             for name in names],
            [numpy_helper.from_array(array, name) for name, array in self.constants.items()])
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)
