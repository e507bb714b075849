"""Policies of other libraries as ONNX files and schemas, as our own export writes them."""
