"""From a checkpoint to one ONNX file and one schema per policy."""
