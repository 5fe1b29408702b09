"""Networks of the kinds that people bring, built as TensorFlow 1 graphs with random weights."""

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
v1.logging.set_verbosity(v1.logging.ERROR)


class Layers:
    """Layers whose variables are called as in the files of TensorFlow 1."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def variable(self, name, shape, low=None, high=None, fan_in=None):
        if low is None:
            value = self.random.normal(size=shape) * np.sqrt(2 / (fan_in or np.prod(shape[:-1])))
        else:
            value = self.random.uniform(low, high, size=shape)
        return v1.get_variable(name, initializer=value.astype(np.float32))

    def conv(self, x, channels, kernel, stride=1, name="weights", padding="SAME", **how):
        w = self.variable(name, [kernel, kernel, x.shape[-1], channels])
        return v1.nn.conv2d(x, w, strides=[1, stride, stride, 1], padding=padding, **how)

    def depthwise(self, x, kernel, stride=1, name="depthwise_weights", multiplier=1):
        w = self.variable(name, [kernel, kernel, x.shape[-1], multiplier], fan_in=kernel**2)
        return v1.nn.depthwise_conv2d(x, w, [1, stride, stride, 1], "SAME")

    def bias(self, x, name="biases"):
        return v1.nn.bias_add(x, self.variable(name, [x.shape[-1]], -0.5, 0.5))

    def batch_norm(self, x, fused=True):
        channels = x.shape[-1]
        gamma = self.variable("gamma", [channels], 0.5, 1.5)
        beta = self.variable("beta", [channels], -0.5, 0.5)
        mean = self.variable("moving_mean", [channels], -0.5, 0.5)
        variance = self.variable("moving_variance", [channels], 0.5, 1.5)
        if not fused:
            return tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-3)
        return v1.nn.fused_batch_norm(x, gamma, beta, mean, variance, epsilon=1e-3,
                                      is_training=False)[0]

    def dense(self, x, units, kernel="weights", bias="biases"):
        return self.bias(tf.matmul(x, self.variable(kernel, [x.shape[-1], units])), bias)


def slim_mobilenet(x, layers, norms):
    """TF-slim's MobileNetV1 at width 0.25, with or without batch norms."""
    def finish(y):
        if not norms:
            return tf.nn.relu6(layers.bias(y))
        with v1.variable_scope("BatchNorm"):
            return tf.nn.relu6(layers.batch_norm(y))

    strides = [1, 2, 1, 2, 1, 2] + 5 * [1] + [2, 1]
    channels = [16, 32, 32, 64, 64] + 6 * [128] + [256, 256]
    with v1.variable_scope("MobilenetV1"):
        with v1.variable_scope("Conv2d_0"):
            x = finish(layers.conv(x, 8, 3, 2))
        for i, (stride, width) in enumerate(zip(strides, channels), start=1):
            with v1.variable_scope(f"Conv2d_{i}_depthwise"):
                x = finish(layers.depthwise(x, 3, stride))
            with v1.variable_scope(f"Conv2d_{i}_pointwise"):
                x = finish(layers.conv(x, width, 1))
        with v1.variable_scope("Logits"):
            x = v1.nn.avg_pool(x, [1, 2, 2, 1], [1, 1, 1, 1], "VALID")
            with v1.variable_scope("Conv2d_1c_1x1"):
                x = layers.bias(layers.conv(x, 1001, 1))
        x = tf.squeeze(x, [1, 2], name="SpatialSqueeze")
        return tf.nn.softmax(x, name="Predictions")


MNASNET = [(3, 3, 24), (3, 5, 40), (6, 5, 80), (6, 3, 96), (6, 5, 192), (6, 3, 320)]
MNASNET_REPEATS = [3, 3, 3, 2, 4, 1]
MNASNET_STRIDES = [2, 2, 2, 1, 2, 1]


def width_of(channels, width):
    scaled = max(8, int(channels * width + 4) // 8 * 8)
    return scaled + 8 if scaled < 0.9 * channels * width else scaled


def mnasnet(x, layers, width=0.5):
    """The hosted MNasNet, with its names."""
    def norm(y, name):
        with v1.variable_scope(name):
            return layers.batch_norm(y)

    with v1.variable_scope("mnasnet"):
        with v1.variable_scope("stem"):
            with v1.variable_scope("conv/tf_layer"):
                x = layers.conv(x, width_of(32, width), 3, 2, "kernel")
            x = norm(x, "bn/tf_layer")
        with v1.variable_scope("lead_cell_0/op_0"):
            with v1.variable_scope("depthwise_0"):
                x = layers.depthwise(x, 3, 1, "depthwise_kernel")
            x = tf.nn.relu(norm(x, "bn1_0"))
            with v1.variable_scope("project_0"):
                x = layers.conv(x, width_of(16, width), 1, 1, "kernel")
            x = norm(x, "bn2_0")
        cell = 0
        for (expansion, kernel, channels), repeats, stride in zip(MNASNET, MNASNET_REPEATS,
                                                                  MNASNET_STRIDES):
            for i in range(repeats):
                cell += 1
                with v1.variable_scope(f"{'cell' if i else 'lead_cell'}_{cell}/op_0"):
                    y = x
                    with v1.variable_scope("expand_0"):
                        y = layers.conv(y, y.shape[-1] * expansion, 1, 1, "kernel")
                    y = tf.nn.relu(norm(y, "bn0_0"))
                    with v1.variable_scope("depthwise_0"):
                        y = layers.depthwise(y, kernel, 1 if i else stride, "depthwise_kernel")
                    y = tf.nn.relu(norm(y, "bn1_0"))
                    with v1.variable_scope("project_0"):
                        y = layers.conv(y, width_of(channels, width), 1, 1, "kernel")
                    y = norm(y, "bn2_0")
                    x = x + y if i else y
        with v1.variable_scope("lead_cell_17/op_0"):
            with v1.variable_scope("conv2d_0"):
                x = layers.conv(x, 1280, 1, 1, "kernel")
            x = tf.nn.relu(norm(x, "bn_0"))
        x = tf.reduce_mean(x, [1, 2])
        with v1.variable_scope("output/fc/tf_layer"):
            return layers.dense(x, 1001, "kernel", "bias")


def fake_quant(x, layers):
    """Fake-quantized weights and activations, as FAT's scripts write them for TOCO."""
    def activation(y, low, high):
        return tf.quantization.fake_quant_with_min_max_args(y, low, high)

    x = activation(x, -1, 1)
    for i, channels in enumerate([8, 12]):
        with v1.variable_scope(f"conv_{i}"):
            w = layers.variable("weights", [3, 3, x.shape[-1], channels])
            if i == 0:
                w = tf.quantization.fake_quant_with_min_max_vars(w, -0.6, 0.8)
            else:
                w = tf.quantization.fake_quant_with_min_max_vars_per_channel(
                    w, np.linspace(-0.9, -0.5, channels, dtype=np.float32),
                    np.linspace(0.4, 0.8, channels, dtype=np.float32), narrow_range=True)
            x = tf.nn.relu(layers.bias(v1.nn.conv2d(x, w, [1, 2, 2, 1], "SAME")))
            x = activation(x, 0, 4)
    x = tf.reduce_mean(x, [1, 2])
    w = layers.variable("fc/weights", [x.shape[-1], 5])
    return layers.bias(tf.matmul(x, tf.quantization.fake_quant_with_min_max_vars(w, -1, 1)))


def darknet(x, layers):
    """Explicit pads, unfused batch norms, leaky rectifiers of two ops, max pools."""
    for i, channels in enumerate([8, 16, 24]):
        with v1.variable_scope(f"conv_{i}"):
            if i:
                x = tf.pad(x, [[0, 0], [1, 0], [1, 0], [0, 0]])
            x = layers.batch_norm(layers.conv(x, channels, 3, 2 if i else 1, padding="VALID"),
                                  fused=False)
            x = tf.maximum(0.1 * x, x)
        if i == 0:
            x = v1.nn.max_pool(x, [1, 3, 3, 1], [1, 2, 2, 1], "SAME")
    return layers.conv(x, 10, 1)


def pieces(x, layers):
    """Splits, groups, slices, dilations, reductions, and a flatten that computes its shape."""
    x = tf.nn.leaky_relu(layers.bias(layers.conv(x, 8, 3, 2)), 0.2)
    a, b = tf.split(x, 2, axis=3)
    c, d, e = tf.split(x, [2, 5, 1], axis=-1)
    x = tf.concat([b, a, tf.nn.elu(d), c, e], -1)
    with v1.variable_scope("dilated"):
        w = layers.variable("weights", [3, 3, 16, 8])
        x = tf.nn.convolution(x, w, padding="SAME", dilations=[2, 2])
        w = layers.variable("depthwise_weights", [3, 3, 8, 2])
        x = v1.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME", rate=[2, 2])
    with v1.variable_scope("groups"):
        w = layers.variable("weights", [3, 3, 4, 12])
        x = tf.minimum(tf.nn.relu(v1.nn.conv2d(x, w, [1, 1, 1, 1], "SAME")), 3.0)
    x = tf.pad(x, [[0, 0], [1, 2], [2, 1], [0, 0]], "REFLECT")
    x = tf.pad(x, [[0, 0], [1, 0], [0, 1], [0, 0]], constant_values=0.5)
    x = x[:, 1:-2, ::2, 2:] * tf.sigmoid(tf.reduce_mean(x, [1, 2], keepdims=True))[..., 2:]
    x = v1.nn.avg_pool(x, [1, 3, 3, 1], [1, 2, 2, 1], "SAME")
    largest = tf.reduce_max(x, [1, 2])
    shape = tf.shape(x)
    flat = tf.reshape(x, tf.stack([shape[0], tf.reduce_prod(shape[1:])]))
    flat.set_shape([None, int(np.prod(x.shape[1:]))])
    with v1.variable_scope("fc"):
        return layers.dense(tf.concat([tf.tanh(flat), largest], 1), 7)


def dropout(x, layers):
    """A file frozen with its dropout, whose rate is 0 unless it is fed."""
    x = tf.nn.relu(layers.bias(layers.conv(x, 8, 3, 2)))
    x = v1.nn.dropout(tf.reduce_mean(x, [1, 2]), rate=v1.placeholder_with_default(0.0, []))
    with v1.variable_scope("fc"):
        return layers.dense(x, 5)


def resized(x, op, sizes):
    """In every way in which TensorFlow finds a pixel."""
    ways = [{}, {"half_pixel_centers": True}, {"align_corners": True}]
    return [op(images=x, size=size, **way) for size in sizes for way in ways]


def resizes(x, layers):
    x = layers.conv(x, 4, 3, 4)
    sizes = [(16, 16), (11, 19), (5, 7)]
    results = resized(x, tf.raw_ops.ResizeBilinear, sizes)
    results += resized(x, tf.raw_ops.ResizeNearestNeighbor, sizes)
    results.append(v1.image.resize_nearest_neighbor(x, tf.shape(x)[1:3] * 2))
    return [tf.identity(y) for y in results]


def far_resizes(x, layers):
    """Among them extents where ONNX's formula finds another nearest pixel than TensorFlow's."""
    x = layers.conv(x, 4, 3, 1)
    sizes = [(24, 41), (41, 47), (6, 23), (45, 2), (32, 15)]
    return resized(x, tf.raw_ops.ResizeNearestNeighbor, sizes)


def frozen(build, pictures, seed):
    """Builds `build(x, layers)` and freezes it. @return graph, input, output names, numbers."""
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, *pictures.shape[1:]], name="input_node")
        outputs = build(x, Layers(seed))
        outputs = outputs if isinstance(outputs, list) else [outputs]
        outputs = [tf.identity(y, name=f"output_{i}") for i, y in enumerate(outputs)]
        session.run(v1.global_variables_initializer())
        names = [y.op.name for y in outputs]
        graph = v1.graph_util.convert_variables_to_constants(session, session.graph_def, names)
    with tf.Graph().as_default(), v1.Session() as session:
        tf.import_graph_def(graph, name="")
        numbers = session.run([f"{name}:0" for name in names], {"input_node:0": pictures})
    return graph, "input_node", names, numbers


# Name → how it is built, and the extent of its input.
NETWORKS = {
    "mobilenet_with_norms": (lambda x, layers: slim_mobilenet(x, layers, True), 64),
    "mobilenet_folded": (lambda x, layers: slim_mobilenet(x, layers, False), 64),
    "mnasnet": (mnasnet, 64),
    "fake_quant": (fake_quant, 24),
    "darknet": (darknet, 37),
    "pieces": (pieces, 30),
    "dropout": (dropout, 16),
    "resizes": (resizes, 32),
    "far_resizes": (far_resizes, 14),
}
