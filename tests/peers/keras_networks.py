"""Networks of the kinds that people bring, built with Keras with random weights."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2


def keras_resnet(x):
    x = layers.Conv2D(16, 3, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for channels, stride in [(16, 1), (32, 2)]:
        y = layers.Conv2D(channels, 3, strides=stride, padding="same")(x)
        y = layers.ReLU()(layers.BatchNormalization()(y))
        y = layers.BatchNormalization()(layers.Conv2D(channels, 3, padding="same")(y))
        if stride > 1:
            x = layers.Conv2D(channels, 1, strides=stride, padding="same")(x)
        x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.AveragePooling2D(8)(x)
    return layers.Dense(10, activation="softmax")(layers.Flatten()(x))


def keras_excited(x):
    """Squeeze-and-excitation with hard activations, as in MobileNetV3."""
    x = layers.Rescaling(0.5, 0.1)(x)
    x = layers.Activation("hard_silu")(layers.Conv2D(16, 3, strides=2, padding="same")(x))
    x = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
    x = layers.DepthwiseConv2D(3, strides=2, use_bias=False)(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    s = layers.GlobalAveragePooling2D(keepdims=True)(x)
    s = layers.Conv2D(8, 1, activation="relu")(s)
    s = layers.Conv2D(16, 1, activation="hard_sigmoid")(s)
    x = layers.SeparableConv2D(24, 3, padding="same")(layers.Multiply()([x, s]))
    x = layers.Dropout(0.3)(layers.PReLU(shared_axes=[1, 2])(x))
    return layers.Dense(10)(layers.GlobalMaxPooling2D()(x))


def keras_unet(x):
    first = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    second = layers.Conv2D(16, 3, padding="same", activation="relu")(layers.MaxPool2D()(first))
    third = layers.Conv2D(16, 3, padding="same", dilation_rate=2)(layers.MaxPool2D()(second))
    x = layers.UpSampling2D(2)(layers.LeakyReLU()(third))
    x = layers.Concatenate()([x, second])
    x = layers.SeparableConv2D(12, 3, padding="same", dilation_rate=2)(x)
    x = layers.Conv2DTranspose(8, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.Concatenate()([x, layers.Cropping2D(1)(layers.ZeroPadding2D(1)(first))])
    x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    x = layers.Conv2DTranspose(4, 2, strides=3, padding="valid")(x)
    return layers.Conv2D(2, 1, activation="sigmoid")(x)


def keras_upsampling(x):
    y = layers.Conv2D(6, 3, strides=2, padding="same", activation="relu")(x)
    y = layers.UpSampling2D((2, 3))(y)
    return layers.Conv2D(2, 3, padding="same")(layers.UpSampling2D((1, 2))(y))


def frozen(build, pictures, seed):
    """Builds `build(x)` and freezes it. @return graph, input, output names, numbers."""
    keras.utils.set_random_seed(seed)
    keras.backend.clear_session()
    image = keras.Input(pictures.shape[1:], name="image")
    model = keras.Model(image, build(image))
    random = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([random.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    call = tf.function(lambda image: model(image, training=False))
    spec = tf.TensorSpec([None, *pictures.shape[1:]], tf.float32, name="image")
    function = convert_variables_to_constants_v2(call.get_concrete_function(spec))
    numbers = [y.numpy() for y in function(tf.constant(pictures))]
    names = [y.op.name for y in function.outputs]
    return function.graph.as_graph_def(), "image", names, numbers


# Name → how it is built, and the extent of its input.
NETWORKS = {
    "keras_resnet": (keras_resnet, 32),
    "keras_excited": (keras_excited, 32),
    "keras_unet": (keras_unet, 32),
    "keras_upsampling": (keras_upsampling, 12),
}
