class_name RLOnnxGraph
extends RefCounted
## What an `.onnx` file says: its operations in order, its constants, and the names of what goes in and comes out.

var nodes: Array[RLOnnxNode] = []
var constants: Dictionary[String, RLTensor] = {}
## By name the shapes of the inputs; a size that the file leaves open is -1.
var inputs: Dictionary[String, PackedInt32Array] = {}
## By name the element types of the inputs, as numbered in ONNX.
var input_types: Dictionary[String, int] = {}
var outputs := PackedStringArray()
## By name the shapes of the outputs; a size that the file leaves open is -1.
var output_shapes: Dictionary[String, PackedInt32Array] = {}
var opset := 0
