class_name RLOnnxNode
extends RefCounted
## One operation of an ONNX model: an operator with its inputs, outputs and attributes.

var operator := ""
var domain := ""
var label := ""
## Names of what it reads. An optional input that is left out has an empty name.
var inputs := PackedStringArray()
var outputs := PackedStringArray()
## float, int, String, RLTensor, PackedFloat32Array, PackedInt64Array or RLOnnxGraph, by name.
var attributes: Dictionary[String, Variant] = {}
## The version of the operators that the file was written for.
var opset := 0
## Where its inputs and outputs are among the values of the model; -1 for those that are left out.
var input_slots := PackedInt32Array()
var output_slots := PackedInt32Array()
## What computes it: `func(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]`.
var compute: Callable
## For the operator: what it has worked out, kept for the next run.
var prepared: Dictionary[String, Variant] = {}
## What was wrong in the last run.
var problem := ""


## An attribute, or `default` where the file has none.
func attribute(name: String, default: Variant = null) -> Variant:
	return attributes.get(name, default)


## An attribute that is a whole number.
func whole(name: String, default: int) -> int:
	return attributes.get(name, default)


## An attribute that is a number.
func real(name: String, default: float) -> float:
	return attributes.get(name, default)


## An attribute that is a list of whole numbers.
func wholes(name: String, default: PackedInt64Array = []) -> PackedInt64Array:
	return attributes.get(name, default)


## For the operator: these weights, packed for products; packed once, unless the weights are new in every run.
func matrix(name: String, weights: RLTensor, is_turned: bool, alpha := 1.0) -> RLMatrix:
	if not prepared.has(name) or (prepared[name] as RLMatrix).source != weights:
		prepared[name] = RLMatrix.new(weights, is_turned, alpha)
	return prepared[name]


## For the operator: a tensor with its axes in another order, by default the reverse. Where the elements go is worked
## out once for each shape.
func transposed(tensor: RLTensor, order: PackedInt64Array = []) -> RLTensor:
	var step: RLOnnxNode = prepared.get_or_add("transposed", RLOnnxNode.new())
	if not order.is_empty():
		step.attributes["perm"] = order
	var alone: Array[RLTensor] = [tensor]
	return RLOnnxShaping.transpose(step, alone)[0]


## For the operator: note what is wrong; the result stands for no outputs.
func fail(what: String) -> Array[RLTensor]:
	problem = what
	return []


## Its operator and name, for messages.
func title() -> String:
	return "%s '%s'" % [operator, label] if not label.is_empty() else operator
