# FAMILY: values
# LINE: 25
# CAUSE: feat
# TEACHER: conv_bn(64) only returns a function; it was never applied to feat, so feat is a
#   function, not a tensor.

from keras import Input, Model, layers


def conv_bn(filters, stride=1):
    """Curried block: first the settings, then the tensor."""

    def apply(t):
        t = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(t)
        t = layers.BatchNormalization()(t)
        return layers.ReLU()(t)

    return apply


image = Input((48, 48, 3))
feat = conv_bn(16)(image)
feat = conv_bn(32, stride=2)(feat)
feat = conv_bn(64, stride=2)
pooled = layers.GlobalAveragePooling2D()(feat)
logits = layers.Dense(7)(pooled)
net = Model(image, logits)
net.summary()
