"""Export a checkpoint as one ONNX file and one schema per policy."""
