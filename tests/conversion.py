"""Models converted to TFLite, and what they then compute."""
import keras


def by_tflite(model, inputs, folder):
    """Returns the output of a model of one input and output for a batch."""
    import tensorflow as tf
    model.export(folder, verbose=False, input_signature=[
        keras.InputSpec(shape=inputs.shape, dtype="float32")])
    content = tf.lite.TFLiteConverter.from_saved_model(str(folder)).convert()
    interpreter = tf.lite.Interpreter(model_content=content)
    interpreter.allocate_tensors()
    given, = interpreter.get_input_details()
    returned, = interpreter.get_output_details()
    interpreter.set_tensor(given["index"], inputs)
    interpreter.invoke()
    return interpreter.get_tensor(returned["index"])
